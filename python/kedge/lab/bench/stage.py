"""What stands around a measurement: a folder that goes away, and all measurements in a row."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kedge.lab.bench.apart import Told
from kedge.lab.bench.prover import measure_prover
from kedge.lab.bench.results import write_results
from kedge.lab.bench.river import measure_river
from kedge.lab.bench.rows import BenchRow
from kedge.lab.bench.sequencer import measure_sequencer

Measure = Callable[[Path, Told], list[BenchRow]]
"""Takes a working folder and who hears of progress."""


def measure_all(out: Path, runs: int, run: Callable[[str, Measure], list[BenchRow]]) -> Path:
    """Prover, sequencer and river, each through `run`, and one page of them all in `out`; the page's path."""
    measures: dict[str, Measure] = {
        "prover": lambda folder, told: measure_prover(folder, runs, told),
        "sequencer": lambda folder, told: measure_sequencer(folder, runs, told),
        "river": lambda folder, told: measure_river(folder, 1, told),
    }
    results = {name: run(name, measure) for name, measure in measures.items()}
    write_results(results, out / "results.md", f"kedge bench all --out {os.path.relpath(out)}")
    return out / "results.md"


@contextmanager
def working_folder(data: Path, name: str) -> Iterator[Path]:
    """A folder below `data` that goes away with all that is in it."""
    data.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=data))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

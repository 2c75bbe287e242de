"""kedge bench: what proving, sequencing and settling cost on this machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.app import app
from kedge.cli.options import JsonOut
from kedge.cli.output import Screen, progress, say

if TYPE_CHECKING:
    from kedge.lab import BenchRow, Told

bench = typer.Typer(no_args_is_help=True, help="Measure this machine; every figure says where it comes from.")
app.add_typer(bench, name="bench")

Runs = Annotated[int, typer.Option(min=1, help="How often each figure is measured.")]
Data = Annotated[
    Path, typer.Option("--data", file_okay=False, help="Where working files go: the disk that is measured.")
]
WORK = Path("data/bench")
TABLE_WIDTH = 150


@contextmanager
def _stage(data: Path, name: str) -> Iterator[tuple[Path, Told]]:
    """A working folder that goes away, and a progress line."""
    data.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=data))
    try:
        with progress(name) as told:
            yield folder, lambda text, part: told(f"{name}: {text}", part)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _show(rows: list[BenchRow], json_out: Path | None) -> None:
    from kedge.lab import rows_table, write_rows

    if json_out is not None:
        write_rows(rows, json_out)
    Screen(least=TABLE_WIDTH).print(rows_table(rows))


@bench.command()
def prover(runs: Runs = 3, data: Data = WORK, json_out: JsonOut = None) -> None:
    """Prove chunks of 250, 1,000 and 4,000 orders, resting only and mixed: time_to_proof by stage, orders and cells
    per second, cells per order, memory.
    """
    from kedge.lab import measure_prover

    with _stage(data, "prover") as (folder, told):
        rows = measure_prover(folder, runs, told)
    _show(rows, json_out)


@bench.command()
def sequencer(runs: Runs = 3, data: Data = WORK, json_out: JsonOut = None) -> None:
    """Make orders durable on one core: orders per second, then acknowledgement p50 and p99 at half of that rate."""
    from kedge.lab import measure_sequencer

    with _stage(data, "sequencer") as (folder, told):
        rows = measure_sequencer(folder, runs, told)
    _show(rows, json_out)


@bench.command()
def river(
    runs: Runs = 1,
    seconds: Annotated[float, typer.Option(min=10.0, help="Seconds of each feed.")] = 60.0,
    data: Data = WORK,
    json_out: JsonOut = None,
) -> None:
    """Run a whole node with a development chain: settlement_throughput by tier, anchoring interval, gas, settlement
    window, bust_rate, memory.
    """
    from kedge.lab import measure_river

    with _stage(data, "river") as (folder, told):
        rows = measure_river(folder, runs, told, seconds)
    _show(rows, json_out)


@bench.command(name="all")
def everything(
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for prover.json, sequencer.json, river.json, results.md.")
    ],
    runs: Runs = 3,
    data: Data = WORK,
) -> None:
    """All three, one after the other, written as JSON and as one Markdown page."""
    from kedge.lab import measure_prover, measure_river, measure_sequencer, write_results

    measures: dict[str, Callable[[Path, Told], list[BenchRow]]] = {
        "prover": lambda folder, told: measure_prover(folder, runs, told),
        "sequencer": lambda folder, told: measure_sequencer(folder, runs, told),
        "river": lambda folder, told: measure_river(folder, 1, told),
    }
    results: dict[str, list[BenchRow]] = {}
    out.mkdir(parents=True, exist_ok=True)
    for name, measure in measures.items():
        with _stage(data, name) as (folder, told):
            results[name] = measure(folder, told)
        _show(results[name], out / f"{name}.json")
    write_results(results, out / "results.md", f"kedge bench all --out {os.path.relpath(out)}")
    say(f"written: {out / 'results.md'}")

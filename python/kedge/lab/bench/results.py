"""All rows as one Markdown page: the targets first, then every figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from kedge.lab.bench.rows import BenchRow, rows_markdown
from kedge.show import format_figure, write_file


class Target(NamedTuple):
    """A figure that has to be reached: which row it is, and the least and the best that is hoped for."""

    text: str
    bench: str
    case: str
    figure: str
    least: float
    aim: float
    is_cost: bool = False


_THOUSAND: Final = "1,000 orders, mixed flow"
_MOST: Final = "4,000 orders, mixed flow"
_BUSY: Final = "1,000 orders, mixed flow, 50,000 accounts, 50,000 resting orders"
_SINGLE: Final = "mixed flow, one order per submission"
TARGETS: Final = (
    Target("orders proved per second, 50,000 accounts", "prover", _BUSY, "orders proved", 500, 1_000),
    Target("cells per mixed order, 50,000 accounts", "prover", _BUSY, "cells per order, used rows", 5_500, 3_500, True),
    Target("orders proved per second, 200 accounts, chunks of 1,000", "prover", _THOUSAND, "orders proved", 600, 2_500),
    Target("orders proved per second, 200 accounts, chunks of 4,000", "prover", _MOST, "orders proved", 600, 2_500),
    Target("time_to_proof of 1,000 orders, 200 accounts (s)", "prover", _THOUSAND, "time_to_proof", 4, 1, True),
    Target(
        "cells per resting order without hashing",
        "prover", "1,000 resting orders", "cells per order, no hashing, used rows", 1_500, 900, True,
    ),
    Target(
        "cells per resting order with hashing",
        "prover", "1,000 resting orders", "cells per order, used rows", 5_000, 2_500, True,
    ),
    Target("orders durable per second, one core", "sequencer", _SINGLE, "orders durable", 5_000, 30_000),
    Target(
        "acknowledgement p99 at half that load (ms)",
        "sequencer", f"{_SINGLE}, at half the rate", "acknowledgement p99", 20, 5, True,
    ),
    Target("peak memory of the node (MiB)", "river", "", "peak memory of the node", 3 * 1024, 1.5 * 1024, True),
)  # fmt: skip


def write_results(results: Mapping[str, Sequence[BenchRow]], path: Path, command: str) -> None:
    """Write the page; `Fault` if the disk refuses."""
    rows = [row for part in results.values() for row in part]
    tables = [f"## {name}\n\n{rows_markdown(part)}" for name, part in results.items()]
    page = "\n".join([f"<!-- Written by `{command}`; do not edit. -->", "# Results", "", targets_table(rows), *tables])
    write_file(path, page)


def targets_table(rows: Sequence[BenchRow]) -> str:
    """The targets beside what was measured, as Markdown; those that nobody measured are left out."""
    lines = ["| target | at least | aim | measured (median) | |", "| --- | --- | --- | --- | --- |"]
    for target in TARGETS:
        row = next((row for row in rows if _is_of(row, target)), None)
        if row is not None:
            figures = [format_figure(value) for value in (target.least, target.aim, row.middle)]
            lines.append(f"| {target.text} | {' | '.join(figures)} | {_verdict(target, row.middle)} |")
    return "\n".join(lines) + "\n"


def _is_of(row: BenchRow, target: Target) -> bool:
    return (row.bench, row.figure) == (target.bench, target.figure) and target.case in ("", row.case)


def _verdict(target: Target, value: float) -> str:
    def reaches(bound: float) -> bool:
        return value <= bound if target.is_cost else value >= bound

    return "aim reached" if reaches(target.aim) else "reached" if reaches(target.least) else "**missed**"

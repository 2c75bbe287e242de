"""What every benchmark states beside its figures: where it ran, from which source, how often, and with what spread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from kedge.lab.report import Spread
from kedge.show import Provenance, format_figure, middle, write_file
from kedge.units.errors import Fault


class BenchRow(msgspec.Struct, frozen=True, kw_only=True):
    """One figure with its provenance; `case` says what was measured, `note` what the figure leaves out."""

    bench: str
    case: str
    figure: str
    unit: str
    low: float
    middle: float
    high: float
    runs: int
    commit: str
    machine: str
    program: str
    note: str = ""


class BenchReport(msgspec.Struct, frozen=True):
    """All rows of one `kedge bench`."""

    rows: list[BenchRow]


def measure(work: Callable[[], object], runs: int = 3, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each of `runs` runs."""
    seconds = []
    for _ in range(runs):
        begin = clock()
        work()
        seconds.append(clock() - begin)
    return seconds


def summarise(name: str, unit: str, values: Sequence[float]) -> Spread:
    """Lowest, median and highest of the runs; Fault if there was none."""
    if not values:
        raise Fault(f"{name} was not measured: at least one run is needed")
    return Spread(name, unit, min(values), middle(values), max(values), len(values))


def build_row(bench: str, case: str, spread: Spread, provenance: Provenance, note: str = "") -> BenchRow:
    """A row from a spread."""
    return BenchRow(
        bench=bench, case=case, figure=spread.name, unit=spread.unit, low=spread.low, middle=spread.middle,
        high=spread.high, runs=spread.runs, commit=provenance.commit, machine=provenance.machine,
        program=provenance.program, note=note,
    )  # fmt: skip


def write_rows(rows: Sequence[BenchRow], path: Path) -> None:
    """Write rows as JSON; Fault if the disk refuses."""
    write_file(path, msgspec.json.format(msgspec.json.encode(BenchReport(list(rows))), indent=1))


def rows_table(rows: Sequence[BenchRow]) -> Table:
    """Rows as a terminal table, a section for each case, provenance in the caption."""
    sources = sorted({f"commit {row.commit}, program {row.program[:16]}, {row.machine}" for row in rows})
    table = Table(caption="\n".join(sources), caption_justify="left")
    for name in ("figure", "unit"):
        table.add_column(name, no_wrap=True)
    for name in ("lowest", "median", "highest", "runs"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("note", style="dim")
    section = ("", "")
    for row in rows:
        if (row.bench, row.case) != section:
            section = (row.bench, row.case)
            table.add_section()
            table.add_row(Text(f"{row.bench}: {row.case}", style="bold"))
        figures = (format_figure(row.low), format_figure(row.middle), format_figure(row.high))
        table.add_row(row.figure, row.unit, *figures, str(row.runs), row.note)
    return table


def rows_markdown(rows: Sequence[BenchRow]) -> str:
    """Rows as a Markdown table, for documents."""
    figures = ("lowest", "median", "highest", "runs")
    names = ("bench", "case", "figure", "unit", *figures, "commit", "program", "machine", "note")
    lines = ["| " + " | ".join(names) + " |", "| " + " | ".join("---" for _ in names) + " |"]
    for r in rows:
        cells = (
            r.bench,
            r.case,
            r.figure,
            r.unit,
            format_figure(r.low),
            format_figure(r.middle),
            format_figure(r.high),
        )
        lines.append("| " + " | ".join((*cells, str(r.runs), r.commit, r.program[:16], r.machine, r.note)) + " |")
    return "\n".join(lines) + "\n"

"""What every benchmark states beside its figures: where it ran, from which source, how often, and with what spread."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from rich.table import Table
from rich.text import Text

from kedge.lab.panels import middle
from kedge.lab.report import Spread
from kedge.units.errors import Fault

UNKNOWN: Final = "unknown"
_GIT: Final = shutil.which("git") or "git"


class Provenance(msgspec.Struct, frozen=True):
    """Where figures come from: `commit` ends in `+` if the tree was changed; `program` is the rules' digest in hex."""

    commit: str
    machine: str
    program: str


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


def read_machine(folder: Path = Path("/proc")) -> str:
    """CPU model, usable cores and memory as one line; falls back on what Python knows where there is no /proc."""
    model = _field(folder / "cpuinfo", "model name") or platform.processor() or platform.machine() or UNKNOWN
    memory = _field(folder / "meminfo", "MemTotal")
    size = f"{int(memory.split()[0]) / 2**20:.1f} GiB" if memory and memory.split()[0].isdigit() else "memory unknown"
    return f"{' '.join(model.split())}, {usable_cores()} cores, {size}, {platform.system()} {platform.machine()}"


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_commit(folder: Path) -> str:
    """Commit of the repository around a folder, 12 digits, with `+` if files were changed; `unknown` outside of one."""
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return UNKNOWN
    return commit + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def read_provenance(program: str, folder: Path | None = None) -> Provenance:
    """Provenance of figures measured here with a program digest (hex); `folder` defaults to this package's."""
    return Provenance(read_commit(folder or Path(__file__).resolve().parent), read_machine(), program)


def peak_memory(process: int | str = "self") -> int:
    """Largest resident size so far, in bytes, of this process or, where there is /proc, of another one by number.

    The kernel's own mark comes first: `getrusage` of a fresh child still counts the parent that it was forked from.
    """
    mark = _field(Path(f"/proc/{process}/status"), "VmHWM").split()
    if mark and mark[0].isdigit():
        return int(mark[0]) * 1024
    if process != "self":
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(work: Callable[[], object], runs: int = 3, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each of `runs` runs."""
    seconds = []
    for _ in range(runs):
        begin = clock()
        work()
        seconds.append(clock() - begin)
    return seconds


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of the values do not exceed (nearest rank); 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1_000_000) * len(ordered) // 1_000_000) - 1))]


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
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(BenchReport(list(rows))), indent=1))
    except OSError as failure:
        raise Fault(f"the figures cannot be written to {path}: {failure.strerror}; name another file") from failure


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


def format_figure(value: float) -> str:
    """A figure with about four digits that carry meaning."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _field(path: Path, name: str) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            [_GIT, "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""

"""The report of a run as one page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from kedge.lab.panels import PANELS
from kedge.lab.report import Report, encode_report, gas_per_settlement
from kedge.show import UNFOLD, format_figure, frame_page, frame_table, frame_tiles, middle, write_file

CAVEAT: Final = (
    "Proofs are checked off-chain in this version (kedge verify): no contract checks them yet. The tier is therefore "
    "called “proved off-chain”; on L1 a batch becomes final when its challenge window has passed."
)
_MOST_ROWS: Final = 200


def render_report(report: Report) -> str:
    """The page as text; its only input is the tree."""
    run = report.run
    charts = "".join(panel(report) for panel in PANELS)
    sections = [
        f"<h1>{escape(run.title)}</h1>",
        f'<p class="sub">{escape(run.started)} · commit <code>{escape(run.commit)}</code></p>',
        f'<p class="caveat">{CAVEAT}</p>',
        _tiles(report),
        f'<section class="charts" aria-label="Charts">{charts}</section>',
        "<h2>Summary</h2>",
        frame_table(("figure", "value"), [(key, _value(value)) for key, value in report.summary.items()]),
        _details(report),
        "<h2>Provenance</h2>",
        _provenance(report),
    ]
    return frame_page(run.title, sections)


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write `report.html` and `report.json` into a folder and return their paths; Fault if the disk refuses."""
    page, data = folder / "report.html", folder / "report.json"
    write_file(page, render_report(report))
    write_file(data, encode_report(report))
    return page, data


def _tiles(report: Report) -> str:
    tiles: list[tuple[str, str]] = []
    if report.heights:
        last = report.heights[-1]
        tiles.append((f"{last.sequenced:,}", "transactions sequenced"))
        tiles.append((f"{last.anchored:,}", "of them anchored on L1"))
    if report.chunks:
        tiles.append(
            (
                f"{format_figure(middle(sum(c.seconds.values()) for c in report.chunks), 3)} s",
                "median time to proof of a chunk",
            )
        )
    if report.windows:
        longest = format_figure(max(w.age for w in report.windows), 3)
        tiles.append((f"{longest} s", "longest settlement window sampled"))
    if report.margins:
        rates = [sample.rate / 10_000 for sample in report.margins]
        ends = dict.fromkeys((format_figure(min(rates), 3), format_figure(max(rates), 3)))
        tiles.append((f"{' to '.join(ends)}\N{NO-BREAK SPACE}%", "initial margin rate, low to high"))
    settled = sum(batch.transactions for batch in report.batches)
    if settled:
        tiles.append(
            (
                format_figure(gas_per_settlement(report.batches)),
                "L1 gas per settlement (state transition): submitting, blobs, finalising",
            )
        )
    return frame_tiles(tiles)


def _details(report: Report) -> str:
    chunks = [
        (str(c.number), f"{c.transactions:,}", f"{c.steps:,}", f"{c.cells:,}", _stages(c.seconds), f"{c.bytes:,}")
        for c in report.chunks
    ]
    batches = [
        (*map(_value, (b.number, b.gas, b.blob_gas, b.final_gas, b.bytes, b.chunks, b.transactions)),
         _moment(b.sent), _moment(b.included), _moment(b.final))
        for b in report.batches
    ]  # fmt: skip
    tables = [
        (t.name, f"{t.columns:,}", f"{t.rows:,}", f"{t.cells:,}") for t in sorted(report.tables, key=lambda t: -t.cells)
    ]
    chunk_names = ("chunk", "transactions", "steps", "cells", "seconds by stage", "proof bytes")
    unfold = UNFOLD if chunks or batches or tables else ""
    batch_names = (
        "batch",
        "gas",
        "blob gas",
        "finalising gas",
        "bytes",
        "chunks",
        "transactions",
        "sent",
        "included",
        "final",
    )
    return (
        _folded("Chunks", chunk_names, chunks) + _folded("Batches", batch_names, batches)
        + _folded("Tables of the proofs", ("table", "columns", "used rows", "cells with padding"), tables) + unfold
    )  # fmt: skip


def _folded(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    more = f"<p>The first {_MOST_ROWS:,} of {len(rows):,}; report.json has all.</p>" if len(rows) > _MOST_ROWS else ""
    count = f"{len(rows):,}"
    return (
        f"<details><summary>{escape(title)} ({count})</summary>{frame_table(names, rows[:_MOST_ROWS])}{more}</details>"
    )


def _provenance(report: Report) -> str:
    run = report.run
    facts = [
        ("commit", run.commit),
        ("machine", run.machine),
        ("program digest", run.program),
        ("command", run.command or "not recorded"),
        ("measured", "once" if run.runs == 1 else f"{run.runs:,} times"),
    ]
    if run.seed is not None:
        facts.insert(-1, ("seed", str(run.seed)))
    spreads = [(s.name, s.unit, *map(format_figure, (s.low, s.middle, s.high)), str(s.runs)) for s in run.spreads]
    names = ("figure", "unit", "lowest", "median", "highest", "runs")
    return frame_table(("what", "value"), facts) + (frame_table(names, spreads) if spreads else "")


def _stages(seconds: dict[str, float]) -> str:
    return ", ".join(f"{stage} {value:,.3f}" for stage, value in seconds.items()) or "-"


def _moment(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f} s"


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else format_figure(value)

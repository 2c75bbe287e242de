"""The charts of the report: which series of a run go into which picture, and what the picture says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from kedge.lab.lags import compute_lags
from kedge.lab.report import BatchRow, ChunkRow, MarginSample, Report, gas_per_settlement
from kedge.show import (
    TIERS,
    Axes,
    Band,
    Series,
    bar_chart,
    column_chart,
    format_figure,
    format_short,
    line_chart,
    middle,
    small_charts,
)

STAGE_COLOURS: Final = ("s3", "s2", "s1", "s4", "s5", "s6")
MARKET_COLOURS: Final = ("s1", "s2", "s4", "s3", "s5", "s6")
TIER_COLOURS: Final = {"published": "s3", "proved": "s1", "anchored": "s2", "final": "s4"}
TIER_NAMES: Final = {"proved": "proved off-chain"}
_MOST_BARS: Final = 14


def window_panel(report: Report) -> str:
    """Settlement window over time, with the stretches in which anchoring was paused."""
    points = [(sample.time, sample.age) for sample in report.windows]
    unit = "seconds on the tape" if report.run.clock == "tape" else "seconds"
    title = f"Settlement window: age of the last anchored state ({unit})"
    return line_chart(title, [Series("settlement window", points, "s1")], _over_time(report, "s"), _bands(report))


def margin_panel(report: Report) -> str:
    """Initial margin rate by market over time, and the rate that it ramps towards: the part above the floor."""
    samples: dict[str, list[MarginSample]] = {}
    for sample in report.margins:
        samples.setdefault(sample.market, []).append(sample)
    if not samples:
        return line_chart("Initial margin rate follows the window (%)", [], _over_time(report, "%"))
    markets = sorted(samples, key=lambda market: -max(sample.rate for sample in samples[market]))[: len(MARKET_COLOURS)]
    few = f", the {len(markets)} highest of {len(samples)} markets" if len(markets) < len(samples) else ""
    low, begins = _lowest(report, [sample for market in markets for sample in samples[market]], markets)
    series = []
    for market, colour in zip([name for name in samples if name in markets], MARKET_COLOURS, strict=False):
        rates = [(sample.time, sample.rate / 10_000) for sample in samples[market]]
        targets = [(sample.time, sample.target / 10_000) for sample in samples[market]]
        series.append(Series(market, rates, colour))
        series.append(Series(f"{market} target", targets, colour, dashed=True, stepped=True))
    axes = replace(_over_time(report, "%"), y_text=_percent, y_low=low / 10_000)
    title = f"Initial margin rate follows the window (%{few}); the axis begins at the {begins}"
    return line_chart(title, series, axes, _bands(report))


def lag_panel(report: Report) -> str:
    """Age of the oldest transaction that lacks a tier, over time: a small chart for each tier."""
    charts = []
    for tier in TIERS[1:]:
        name, lags = TIER_NAMES.get(tier, tier), compute_lags(report.heights, tier)
        seconds = [lag for _, lag in lags]
        low, high = (format_figure(value, 3) for value in (middle(seconds), max(seconds, default=0.0)))
        words = f"{name}: median {low} s, at most {high} s"
        charts.append((words, Series(name, lags, TIER_COLOURS[tier])))
    clock = ", by this machine's clock" if report.run.clock == "tape" else ""
    title = f"Lag of each tier: age of the oldest transaction without it (seconds{clock}; each with its own scale)"
    return small_charts(title, charts, _over_time(report, "s"))


def stages_panel(report: Report) -> str:
    """Seconds from sealed to proof on disk, by stage, for each chunk."""
    stages = list(dict.fromkeys(stage for chunk in report.chunks for stage in chunk.seconds))
    parts = [
        (stage, colour, [chunk.seconds.get(stage, 0.0) for chunk in report.chunks])
        for stage, colour in zip(stages, STAGE_COLOURS, strict=False)
    ]
    labels = [str(chunk.number) for chunk in report.chunks]
    axes = Axes("chunk", "s", format_figure, format_figure)
    return column_chart(
        "Time to proof by stage (seconds)", labels, parts, axes, [_chunk_note(c) for c in report.chunks]
    )


def gas_panel(report: Report) -> str:
    """L1 gas of each batch: submitting it, its data, its share of what made it final."""
    parts = [
        ("execution gas", "s1", [float(batch.gas) for batch in report.batches]),
        ("blob gas (data)", "s3", [float(batch.blob_gas) for batch in report.batches]),
        ("finalising gas", "s4", [float(batch.final_gas) for batch in report.batches]),
    ]
    labels = [str(batch.number) for batch in report.batches]
    notes = [_batch_note(batch) for batch in report.batches]
    return column_chart("L1 gas of each batch", labels, parts, Axes("batch", "gas", format_figure, format_short), notes)


def cells_panel(report: Report) -> str:
    """Cells of the proofs by table, the largest; the details have all."""
    total = sum(table.cells for table in report.tables) or 1
    tables = sorted(report.tables, key=lambda table: -table.cells)
    shown = f", the {_MOST_BARS} largest of {len(tables)}" if len(tables) > _MOST_BARS else ""
    bars = [
        (t.name, float(t.cells), f"{t.cells / total:.1%} of all, {t.rows:,} rows of {t.columns} columns")
        for t in tables[:_MOST_BARS]
    ]
    return bar_chart(f"Cells by table, all chunks{shown}", bars, format_short)


def _lowest(report: Report, samples: Sequence[MarginSample], markets: Sequence[str]) -> tuple[int, str]:
    """Where the margin axis begins, in ppm, and what that is: the lowest floor of the markets shown, if known."""
    shown = min(min(sample.rate, sample.target) for sample in samples)
    floors = {report.floors[market] for market in markets if market in report.floors}
    if not floors or min(floors) > shown:
        return shown, f"lowest rate shown, {format_figure(shown / 10_000)} %"
    low = min(floors)
    return low, f"{'lowest floor' if len(floors) > 1 else 'floor'}, {format_figure(low / 10_000)} %"


def _percent(value: float) -> str:
    """A rate with its last ppm: neighbouring ticks above a floor differ in that digit."""
    return format_figure(value, 6)


def _over_time(report: Report, unit: str) -> Axes:
    return Axes("seconds since the start", unit, format_figure, format_short, _end(report))


def _end(report: Report) -> float | None:
    moments: list[float] = [sample.time for sample in report.heights]
    moments += [sample.time for sample in report.windows]
    moments += [sample.time for sample in report.margins]
    return max(moments, default=None)


def _bands(report: Report) -> list[Band]:
    return [Band(pause.begin, pause.end, "anchoring paused") for pause in report.pauses]


def _chunk_note(chunk: ChunkRow) -> str:
    return f"{chunk.transactions:,} transactions, {chunk.steps:,} steps, {chunk.cells:,} cells, {chunk.bytes:,} bytes"


def _batch_note(batch: BatchRow) -> str:
    each = gas_per_settlement([batch]) if batch.transactions else 0.0
    share = f"{batch.transactions:,} transactions ({format_figure(each)} each)"
    return f"{share}, {batch.bytes:,} bytes, {batch.chunks} chunks"


PANELS: Final[tuple[Callable[[Report], str], ...]] = (
    window_panel,
    margin_panel,
    lag_panel,
    stages_panel,
    gas_panel,
    cells_panel,
)

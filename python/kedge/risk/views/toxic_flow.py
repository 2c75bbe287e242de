"""Toxic flow (A6): what makers lose between two blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kedge.risk import toxic, units
from kedge.risk.constants import YEAR_DAYS
from kedge.risk.result import Column, Figure, Result, Series, Table

_CURVE = 60


def show_toxic_flow(fee: float, sigma: float, intervals: Sequence[float], turnover: float, said: str) -> Result:
    """Loss to arbitrage by interval (seconds, rising) at a fee (fraction), a volatility and a turnover (per year).

    `said`: fee and volatility in the words of whoever asks, for the title.
    """
    tables = (_rates(fee, sigma, intervals, turnover),)
    figures = (_curves(fee, sigma, intervals), _shares(fee, sigma, intervals))
    return Result(f"Toxic flow at {said}", tables, _notes(fee, sigma), figures)


def _rates(fee: float, sigma: float, intervals: Sequence[float], turnover: float) -> Table:
    rows = tuple(
        (
            units.show_time(interval),
            toxic.compute_share(fee, sigma, interval, "poisson") * 100,
            toxic.compute_share(fee, sigma, interval) * 100,
            toxic.compute_arbitrage_loss(fee, sigma, interval, "poisson") * 1e4 / YEAR_DAYS,
            toxic.compute_arbitrage_loss(fee, sigma, interval) * 1e4 / YEAR_DAYS,
            toxic.compute_stale_loss(fee, sigma, interval) * 1e4,
            toxic.compute_break_even_fee(sigma, interval, turnover) * 1e4,
        )
        for interval in intervals
    )
    columns = (
        Column("interval"),
        Column("P(trade) Poisson", "%", ".1f"),
        Column("toxic share fixed", "%", ".1f"),
        Column("pool loss Poisson", "bp/day"),
        Column("pool loss fixed", "bp/day"),
        Column("stale quote loss", "bp/quote", ".3g"),
        Column("break-even fee", "bp", ".3g"),
    )
    return Table(columns, rows)


def _notes(fee: float, sigma: float) -> tuple[str, ...]:
    slow, fast = toxic.MEASURED_INTERVALS
    low, high = toxic.MEASURED_CUT
    cut = toxic.compute_cut(fee, sigma, slow, fast)
    verdict = "inside" if toxic.is_cut_measured(cut) else "OUTSIDE"
    return (
        f"loss without a fee (LVR): {toxic.compute_lvr(sigma) * 1e4 / YEAR_DAYS:.4g} bp/day of the pool's value",
        f"12 s -> 100 ms cuts the pool's loss by {cut:.0%}: {verdict} the {low:.0%}-{high:.0%} measured on chain "
        "(Fritsch and Canidio): theory knows no gas per trade, no competition between venues, no jumps",
        "toxic share = b / (b + fee / (s sqrt(D))): b = 0.5826 for fixed intervals, 0.7071 for exponential ones; "
        "fixed spacing is the best of all laws",
    )


def _grid(intervals: Sequence[float]) -> list[float]:
    low, high = min(0.05, intervals[0]), max(3600.0, intervals[-1])
    return [float(x) for x in np.geomspace(low, high, _CURVE)]


def _curves(fee: float, sigma: float, intervals: Sequence[float]) -> Figure:
    grid = _grid(intervals)
    scale = 1e4 / YEAR_DAYS
    laws = tuple(
        Series(law, tuple(grid), tuple(toxic.compute_arbitrage_loss(fee, sigma, x, law) * scale for x in grid))
        for law in toxic.OVERSHOOT
    )
    slow, fast = toxic.MEASURED_INTERVALS
    low, high = toxic.MEASURED_CUT
    base = toxic.compute_arbitrage_loss(fee, sigma, slow) * scale
    band = Series(
        "measured fall, 12 s to 100 ms", (fast, slow), (base * (1 - low), base), "band", (base * (1 - high), base)
    )
    return Figure("Loss of a pool to arbitrage", "interval [s]", "loss [bp/day]", (*laws, band), True, True)


def _shares(fee: float, sigma: float, intervals: Sequence[float]) -> Figure:
    grid = _grid(intervals)
    points = [(x, toxic.compute_stale_loss(fee, sigma, x) * 1e4) for x in grid]
    seen = [(x, y) for x, y in points if y > 1e-4]
    line = Series("stale quote", tuple(x for x, _ in seen), tuple(y for _, y in seen))
    flat = Series("fee earned on it", tuple(x for x, _ in seen), tuple(fee * 1e4 for _ in seen))
    return Figure("Loss of a quote that stands still", "latency [s]", "bp per quote", (line, flat), True, True)

"""kedge risk toxic-flow: what makers lose between two blocks (A6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from kedge.risk import Figure, Table

_CURVE = 60


@risk.command("toxic-flow")
def toxic_flow(
    fee: Annotated[str, typer.Option(help="One-sided fee or half spread [bp, %].")] = "5bp",
    volatility: Annotated[str, typer.Option(help="Volatility of the price [%/yr, %/day].")] = "5%/day",
    intervals: Annotated[
        str, typer.Option(help="Intervals between blocks or anchors, separated by commas [ms, s, min, h].")
    ] = "100ms,2s,12s,1min,1h",
    turnover: Annotated[
        str, typer.Option(help="Uninformed volume per unit quoted, for the break-even fee [per day, /yr].")
    ] = "10/day",
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Toxic flow: probability of an arbitrage, loss rate and break-even fee, by interval.

    Minutely beside hourly: a quote that stands still for an hour loses more per trade than any fee brings.
    """
    from kedge.risk import Result, units

    cost, sigma = units.fraction(fee, "fee"), units.volatility(volatility)
    seconds, volume = sorted(units.times(intervals, "intervals")), units.rate(turnover, "turnover")
    present(
        Result(
            f"Toxic flow at a fee of {fee} and volatility {volatility}",
            (_rates(cost, sigma, seconds, volume),),
            _notes(cost, sigma),
            (_curves(cost, sigma, seconds), _shares(cost, sigma, seconds)),
        ),
        json_out,
        plot,
    )


def _rates(fee: float, sigma: float, seconds: list[float], turnover: float) -> Table:
    from kedge.risk import YEAR_DAYS, Column, Table, toxic, units

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
        for interval in seconds
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
    from kedge.risk import YEAR_DAYS, toxic

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


def _grid(seconds: list[float]) -> list[float]:
    import numpy as np

    low, high = min(0.05, seconds[0]), max(3600.0, seconds[-1])
    return [float(x) for x in np.geomspace(low, high, _CURVE)]


def _curves(fee: float, sigma: float, seconds: list[float]) -> Figure:
    from kedge.risk import YEAR_DAYS, Figure, Series, toxic

    grid = _grid(seconds)
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


def _shares(fee: float, sigma: float, seconds: list[float]) -> Figure:
    from kedge.risk import Figure, Series, toxic

    grid = _grid(seconds)
    points = [(x, toxic.compute_stale_loss(fee, sigma, x) * 1e4) for x in grid]
    seen = [(x, y) for x, y in points if y > 1e-4]
    line = Series("stale quote", tuple(x for x, _ in seen), tuple(y for _, y in seen))
    flat = Series("fee earned on it", tuple(x for x, _ in seen), tuple(fee * 1e4 for _ in seen))
    return Figure("Loss of a quote that stands still", "latency [s]", "bp per quote", (line, flat), True, True)

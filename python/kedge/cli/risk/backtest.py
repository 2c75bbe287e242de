"""kedge risk backtest: did the margin hold, and how hard did it move (A9)?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, Seed, present


@risk.command()
def backtest(
    prices: Annotated[
        list[Path] | None, typer.Option(help="Recorded prices (CSV, .gz too); repeat it. Without: a simulated record.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol, where a file holds several.")] = None,
    windows: Annotated[str, typer.Option(help="Settlement windows, separated by commas [min, h].")] = "5min,1h",
    models: Annotated[
        str, typer.Option(help="ewma, historical, filtered, floored.")
    ] = "ewma,historical,filtered,floored",
    coverage: Annotated[str, typer.Option(help="Promised coverage [%].")] = "99%",
    lookback: Annotated[str, typer.Option(help="History behind each margin [h, d].")] = "7d",
    half_life: Annotated[str, typer.Option(help="Half-life of the volatility estimate [h, d].")] = "6h",
    side: Annotated[str, typer.Option(help="Whose losses: long or short.")] = "long",
    gaps: Annotated[
        str, typer.Option(help="Windows that end in a gap of the record: count (to the first price after it) or skip.")
    ] = "count",
    calendar: Annotated[
        str, typer.Option(help="Days of a year: business (252), continuous (365.25), or auto by the record's spacing.")
    ] = "auto",
    seed: Seed = 1,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Backtest of margins and their procyclicality: Kupiec, Christoffersen, Basel's zones, Eurex's five figures.

    A loss runs to the first price at or after the end of its window, over any gap. Windows that overlap are thinned to
    every n-th before the tests; the breach rate over all of them is shown beside.
    """
    from kedge.risk import units
    from kedge.risk.trial import Terms
    from kedge.risk.views.backtest import show_backtest

    terms = Terms(
        tuple(units.times(windows, "windows")),
        tuple(name.strip() for name in models.split(",")),
        units.fraction(coverage, "coverage"),
        units.time(lookback, "lookback"),
        units.time(half_life, "half-life"),
        side,
        gaps,
        calendar,
        seed,
    )
    present(show_backtest(prices or (), symbol, terms), json_out, plot)

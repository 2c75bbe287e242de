"""kedge risk toxic-flow: what makers lose between two blocks (A6)."""

from __future__ import annotations

from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present


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
    from kedge.risk import units
    from kedge.risk.views.toxic_flow import show_toxic_flow

    cost, sigma = units.fraction(fee, "fee"), units.volatility(volatility)
    seconds, volume = sorted(units.times(intervals, "intervals")), units.rate(turnover, "turnover")
    said = f"a fee of {fee} and volatility {volatility}"
    present(show_toxic_flow(cost, sigma, seconds, volume, said), json_out, plot)

"""kedge risk incidents: rollbacks and downtime replayed (A8)."""

from __future__ import annotations

from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present


@risk.command()
def incidents(
    margin: Annotated[str, typer.Option(help="Maintenance margin that accounts hold [%, bp].")] = "1.25%",
    volatility: Annotated[str, typer.Option(help="Volatility of the price [%/yr, %/day].")] = "60%/yr",
    open_interest: Annotated[str, typer.Option(help="Notional held at that margin [$].")] = "$100M",
    fund: Annotated[str, typer.Option(help="Insurance fund [$].")] = "$250k",
    recovery: Annotated[str, typer.Option(help="Time to come back after an incident [min, h].")] = "8h",
    hazard: Annotated[str, typer.Option(help="Incidents per year; an assumption, never estimated [/yr].")] = "1/yr",
    intervals: Annotated[
        str, typer.Option(help="Anchoring intervals, separated by commas [s, min, h].")
    ] = "1min,1h,4h",
    coverage: Annotated[str, typer.Option(help="Coverage of the margin that would have held [%].")] = "99%",
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Incident replay: loss, who pays, and the margin that would have held; hourly beside minutely anchoring.

    Every incident of record is a rollback or downtime: recovery sets the tail, the anchoring interval hardly does.
    """
    from kedge.risk import units
    from kedge.risk.views.incidents import Scenario, show_incidents

    case = Scenario(
        margin=units.fraction(margin, "margin"),
        sigma=units.volatility(volatility),
        notional=units.amount(open_interest, "open-interest").to("USD"),
        fund=units.amount(fund, "fund").to("USD"),
        recovery=units.time(recovery, "recovery"),
        hazard=units.rate(hazard, "hazard"),
        coverage=units.fraction(coverage, "coverage"),
    )
    said = f"{open_interest} at a margin of {margin}, volatility {volatility}"
    present(show_incidents(case, units.times(intervals, "intervals"), said), json_out, plot)

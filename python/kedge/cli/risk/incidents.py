"""kedge risk incidents: rollbacks and downtime replayed (A8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from kedge.risk import Figure, Table


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
    from kedge.risk import Result, units

    held, sigma = units.fraction(margin, "margin"), units.volatility(volatility)
    notional, insurance = units.amount(open_interest, "open-interest").to("USD"), units.amount(fund, "fund").to("USD")
    back, rate = units.time(recovery, "recovery"), units.rate(hazard, "hazard")
    seconds, level = units.times(intervals, "intervals"), units.fraction(coverage, "coverage")
    present(
        Result(
            f"Incidents on {open_interest} at a margin of {margin}, volatility {volatility}",
            (
                _replay(held, sigma, notional, insurance, level),
                _yearly(held, sigma, notional, seconds, back, rate),
                _facts(),
            ),
            (
                "mode A: the engine liquidates continuously, a rollback undoes it; the move over what was undone and "
                "the time away is then unhedged. Driftless normal moves: no jumps, so a lower bound in a crash",
                "every account sits at its margin and all are on the losing side: the worst book of this size",
                "figures of record are scenario inputs with their source; volatility and hazard are yours",
                *_moves(held, notional),
            ),
            (_picture(held, sigma, seconds),),
        ),
        json_out,
        plot,
    )


def _replay(margin: float, sigma: float, notional: float, fund: float, coverage: float) -> Table:
    from kedge.risk import TIME, Column, Table
    from kedge.risk import incidents as replay

    rows = []
    for key, incident in replay.INCIDENTS.items():
        window = replay.get_window(key)
        found = replay.compute_shortfall(margin, sigma, window)
        paid = replay.compute_waterfall(found.mean * notional, fund, notional * margin)
        against = None if incident.move is None else incident.move * 100
        held = replay.compute_margin_held(sigma, window, coverage) * 100
        rows.append((key, window, found.insolvency * 100, found.mean * notional / 1e3))
        rows[-1] += (paid.fund / 1e3, paid.winners / 1e3, paid.uncovered / 1e3, held, against)  # type: ignore[assignment]
    columns = (
        Column("incident"),
        Column("unwatched", "s", TIME),
        Column("insolvent", "%", ".2f"),
        Column("loss", "k$", ",.1f"),
        Column("fund", "k$", ",.1f"),
        Column("winners", "k$", ",.1f"),
        Column("unpaid", "k$", ",.1f"),
        Column("held by", "%", ".2f"),
        Column("moved", "%", ".1f"),
    )
    return Table(columns, tuple(rows), "The same book through each incident of record")


def _moves(margin: float, notional: float) -> tuple[str, ...]:
    """What the move of record would have cost the same book, for incidents that have one."""
    from kedge.risk import incidents as replay

    return tuple(
        f"{key}: at the move of record, {incident.move:.1%}, this book is short of "
        f"${max(incident.move - margin, 0.0) * notional / 1e6:,.1f}M"
        for key, incident in replay.INCIDENTS.items()
        if incident.move is not None
    )


def _yearly(
    margin: float, sigma: float, notional: float, seconds: list[float], recovery: float, hazard: float
) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk import incidents as replay

    rows = tuple(
        (
            units.show_time(interval),
            replay.compute_rollback_loss(margin, sigma, interval, 60.0) * 1e4,
            replay.compute_rollback_loss(margin, sigma, interval, recovery) * 1e4,
            replay.compute_yearly_loss([notional], [margin], sigma, interval, recovery, hazard) / 1e3,
        )
        for interval in seconds
    )
    columns = (
        Column("anchoring"),
        Column("loss, back in 1 min", "bp", ".4f"),
        Column(f"loss, back in {units.show_time(recovery)}", "bp", ".2f"),
        Column("bad debt", "k$/yr", ",.1f"),
    )
    return Table(columns, rows, "Expected loss by anchoring interval")


def _facts() -> Table:
    from kedge.risk import Column, Table
    from kedge.risk import incidents as replay

    rows = tuple(
        (key, incident.date, fact.name, fact.value, fact.unit)
        for key, incident in replay.INCIDENTS.items()
        for fact in incident.facts
    )
    columns = (
        Column("incident"),
        Column("date"),
        Column("figure of record"),
        Column("value", "", ",.7g"),
        Column("unit"),
    )
    return Table(columns, rows, "What was published")


def _picture(margin: float, sigma: float, seconds: list[float]) -> Figure:
    import numpy as np

    from kedge.risk import Figure, Series, units
    from kedge.risk import incidents as replay

    grid = [float(x) for x in np.geomspace(60.0, 86_400.0, 40)]
    lines = tuple(
        Series(
            f"anchored every {units.show_time(interval)}",
            tuple(x / 3600 for x in grid),
            tuple(max(replay.compute_rollback_loss(margin, sigma, interval, x) * 1e4, 1e-9) for x in grid),
        )
        for interval in seconds
    )
    return Figure("Recovery sets the loss", "time to recover [h]", "mean loss [bp of notional]", lines, True, True)

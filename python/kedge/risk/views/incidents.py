"""Incidents replayed (A8): the same book through each incident of record, and what anchoring changes about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kedge.risk import incidents as replay
from kedge.risk import units
from kedge.risk.result import TIME, Column, Figure, Result, Series, Table

_NOTES = (
    "mode A: the engine liquidates continuously, a rollback undoes it; the move over what was undone and "
    "the time away is then unhedged. Driftless normal moves: no jumps, so a lower bound in a crash",
    "every account sits at its margin and all are on the losing side: the worst book of this size",
    "figures of record are scenario inputs with their source; volatility and hazard are yours",
)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A book at one margin (fraction) and volatility (per year); notional and fund in dollars, recovery in seconds.

    `hazard`: incidents per year; `coverage`: probability with which the margin that is looked for holds.
    """

    margin: float
    sigma: float
    notional: float
    fund: float
    recovery: float
    hazard: float
    coverage: float


def show_incidents(case: Scenario, intervals: Sequence[float], said: str) -> Result:
    """The replay, the expected loss by anchoring interval (seconds), and the figures of record.

    `said`: the book in the words of whoever asks, for the title.
    """
    return Result(
        f"Incidents on {said}",
        (_replay(case), _yearly(case, intervals), _facts()),
        (*_NOTES, *_moves(case.margin, case.notional)),
        (_picture(case.margin, case.sigma, intervals),),
    )


def _replay(case: Scenario) -> Table:
    margin, notional, rows = case.margin, case.notional, []
    for key, incident in replay.INCIDENTS.items():
        window = replay.get_window(key)
        found = replay.compute_shortfall(margin, case.sigma, window)
        paid = replay.compute_waterfall(found.mean * notional, case.fund, notional * margin)
        against = None if incident.move is None else incident.move * 100
        held = replay.compute_margin_held(case.sigma, window, case.coverage) * 100
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
    return tuple(
        f"{key}: at the move of record, {incident.move:.1%}, this book is short of "
        f"${max(incident.move - margin, 0.0) * notional / 1e6:,.1f}M"
        for key, incident in replay.INCIDENTS.items()
        if incident.move is not None
    )


def _yearly(case: Scenario, intervals: Sequence[float]) -> Table:
    margin, sigma, recovery = case.margin, case.sigma, case.recovery
    rows = tuple(
        (
            units.show_time(interval),
            replay.compute_rollback_loss(margin, sigma, interval, 60.0) * 1e4,
            replay.compute_rollback_loss(margin, sigma, interval, recovery) * 1e4,
            replay.compute_yearly_loss([case.notional], [margin], sigma, interval, recovery, case.hazard) / 1e3,
        )
        for interval in intervals
    )
    columns = (
        Column("anchoring"),
        Column("loss, back in 1 min", "bp", ".4f"),
        Column(f"loss, back in {units.show_time(recovery)}", "bp", ".2f"),
        Column("bad debt", "k$/yr", ",.1f"),
    )
    return Table(columns, rows, "Expected loss by anchoring interval")


def _facts() -> Table:
    rows = tuple(
        (key, incident.date, fact.name, fact.value, fact.unit)
        for key, incident in replay.INCIDENTS.items()
        for fact in incident.facts
    )
    columns = (
        Column("incident"),
        Column("date"),
        Column("figure of record"),
        Column("value", "", ",.12g"),
        Column("unit"),
    )
    return Table(columns, rows, "What was published")


def _picture(margin: float, sigma: float, intervals: Sequence[float]) -> Figure:
    grid = [float(x) for x in np.geomspace(60.0, 86_400.0, 40)]
    lines = tuple(
        Series(
            f"anchored every {units.show_time(interval)}",
            tuple(x / 3600 for x in grid),
            tuple(max(replay.compute_rollback_loss(margin, sigma, interval, x) * 1e4, 1e-9) for x in grid),
        )
        for interval in intervals
    )
    return Figure("Recovery sets the loss", "time to recover [h]", "mean loss [bp of notional]", lines, True, True)

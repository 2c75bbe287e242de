"""Liquidation overshoot (A5): how far past its trigger a position is when an anchor detects it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kedge.risk import overshoot as laws
from kedge.risk import units
from kedge.risk.constants import POISSON_OVERSHOOT
from kedge.risk.laws import Fixed, Gamma
from kedge.risk.montecarlo import compute_mean, compute_quantile
from kedge.risk.result import Cell, Column, Figure, Result, Series, Table

_QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Volatility per year, seconds to execute a liquidation, its fee (fraction of notional), and the simulation's size.

    `poisson`: anchors at random times instead of by the clock.
    """

    poisson: bool
    vol: float
    execution: float
    fee: float
    paths: int
    seed: int


def show_overshoot(case: Case, intervals: Sequence[float], said: tuple[str, str, str]) -> Result:
    """One row and one histogram for each anchoring interval (seconds).

    `said`: how anchors come, time to execute and fee in the words of whoever asks.
    """
    poisson, found = case.poisson, [(interval, *_simulate(case, interval)) for interval in intervals]
    rows = tuple(_row(units.show_time(interval), seen, poisson, needed) for interval, seen, needed in found)
    columns = (
        Column("anchoring"), Column("unit s sqrt(D)", "%", ".4f"), Column("mean", "%", ".4f"),
        Column("mean simulated", "%", ".4f"), Column("deviation", "%", ".4f"), Column("q50", "%", ".4f"),
        Column("q95", "%", ".4f"), Column("q99", "%", ".4f"), Column("q99 simulated", "%", ".4f"),
        Column("maintenance margin needed", "%", ".3f"),
    )  # fmt: skip
    anchors, execution, fee = said
    law = "Exp with mean 0.7071" if poisson else "mean 0.5826, deviation 0.5, q99 2.183"
    notes = (
        f"In units of s sqrt(D) the law does not depend on anything else: {law}. ± is one standard error.",
        f"Margin needed: q99 of the overshoot + q99 of the move during execution ({execution}) + fee ({fee}).",
        "Diffusion only: a jump past the trigger comes on top (`kedge risk insolvency`).",
    )
    figures = tuple(_histogram(units.show_time(interval), seen, poisson) for interval, seen, _ in found)
    return Result(f"Liquidation overshoot, {anchors} anchors", (Table(columns, rows),), notes, figures)


def _simulate(case: Case, interval: float) -> tuple[laws.Slippage, float]:
    """What accounts lost, and the maintenance margin that this needs."""
    law = Gamma(interval) if case.poisson else Fixed(interval)
    seen = laws.simulate(law, case.vol, case.paths, case.seed)
    return seen, laws.required_maintenance(case.vol, interval, case.execution, case.fee, poisson=case.poisson)


def _row(name: str, found: laws.Slippage, poisson: bool, needed: float) -> tuple[Cell, ...]:
    percent = 100.0 * found.unit
    at = [laws.poisson_quantile(q) if poisson else laws.clock_quantile(q) for q in _QUANTILES]
    mean, deviation = (POISSON_OVERSHOOT, POISSON_OVERSHOOT) if poisson else (laws.MEAN, laws.DEVIATION)
    seen, high = compute_mean(found.values), compute_quantile(found.values, 0.99)
    return (
        name,
        percent,
        mean * percent,
        seen * 100.0,
        deviation * percent,
        *(x * percent for x in at),
        high * 100.0,
        100.0 * needed,
    )


def _histogram(name: str, found: laws.Slippage, poisson: bool) -> Figure:
    density, edges = np.histogram(found.values / found.unit, bins=40, range=(0.0, 4.0), density=True)
    points, tail = laws.clock_law()
    rate = 2.0**0.5
    exact = rate * np.exp(-rate * points) if poisson else -np.gradient(tail, points)
    shown = points <= 4.0
    middle = ((edges[1:] + edges[:-1]) / 2.0).tolist()
    return Figure(
        f"Overshoot, anchored every {name}",
        "units of s sqrt(D)",
        "density",
        (
            Series("simulated", tuple(middle), tuple(density.tolist()), "points"),
            Series("exact law", tuple(points[shown].tolist()), tuple(exact[shown].tolist())),
        ),
    )

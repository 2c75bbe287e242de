"""One margin across rollups (A13): what it saves while collateral takes its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kedge.risk import units
from kedge.risk.cross_rollup import Netting, compute_break_even, compute_excursion_quantile, compute_netting
from kedge.risk.result import Column, Figure, Result, Series, Table

_CURVE = 60
_SOON = 1.0
"""The curve begins here where a message takes no time at all."""


@dataclass(frozen=True)
class Legs:
    """Signed exposures in one currency, their volatilities (per year) and the matrix of their correlations."""

    exposures: Sequence[float]
    currency: str
    volatilities: Sequence[float]
    matrix: Sequence[Sequence[float]]


def show_cross_rollup(
    legs: Legs, window: float, delays: Sequence[float], level: float, two_sided: bool, said: str
) -> Result:
    """What is left of netting for each message time of `delays` (seconds, rising), over a window (seconds).

    `said`: the window in the words of whoever asks, for the title.
    """
    case = (legs.exposures, legs.volatilities, legs.matrix, window)

    def at(delay: float) -> Netting:
        return compute_netting(*case, [delay] * len(legs.exposures), level, two_sided)

    reach = compute_excursion_quantile(level, two_sided)
    even = compute_break_even(*case, level, two_sided)
    notes = (
        f"Netting saves nothing once collateral takes {units.show_time(even)} or longer; with the window that grows.",
        f"Buffer of a leg: its largest excursion in transit at {level:.4g}, {reach:.4f} s sqrt(t) x exposure.",
        "Diffusive part only: a jump in transit meets the leg with its buffer and nothing else.",
    )
    title = f"One margin across {len(legs.volatilities)} rollups, window {said}"
    return Result(title, (_table(at, delays, legs.currency),), notes, (_figure(at, delays),))


def _table(at: Callable[[float], Netting], delays: Sequence[float], currency: str) -> Table:
    rows = []
    for delay in delays:
        found = at(delay)
        saved = found.benefit / found.isolated * 100.0
        rows.append((units.show_time(delay), found.isolated, found.netted, sum(found.buffers), found.net, saved))
    names = ("isolated margin", "netted margin", "buffers", "what is left")
    columns = (Column("message time"), *(Column(name, currency, ",.0f") for name in names), Column("saved", "%", ".1f"))
    return Table(columns, tuple(rows))


def _figure(at: Callable[[float], Netting], delays: Sequence[float]) -> Figure:
    low, high = max(delays[0], _SOON), max(delays[-1], 2.0 * _SOON)
    times = [low * (high / low) ** (i / _CURVE) for i in range(_CURVE + 1)]
    found = [at(delay) for delay in times]
    saved = Series("saved", tuple(t / 60.0 for t in times), tuple(n.benefit / n.isolated * 100.0 for n in found))
    return Figure("Margin saved", "message time [min]", "% of isolated margin", (saved,), True)

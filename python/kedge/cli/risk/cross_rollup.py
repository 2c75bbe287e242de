"""kedge risk cross-rollup: what one margin across rollups saves while collateral takes its time (A13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from kedge.risk import Figure, Table
    from kedge.risk.cross_rollup import Netting

_CURVE = 60
_SOON = 1.0
"""The curve begins here where a message takes no time at all."""


@risk.command("cross-rollup")
def cross_rollup(
    legs: Annotated[
        str, typer.Option(help="Signed exposures, one per rollup, separated by commas [amounts of one currency].")
    ] = "$10M,$-8M",
    volatilities: Annotated[
        str, typer.Option(help="Volatility of each leg, separated by commas [%/yr].")
    ] = "60%/yr,70%/yr",
    correlation: Annotated[
        str, typer.Option(help="Correlations above the diagonal, row by row, separated by commas [number].")
    ] = "0.85",
    window: Annotated[str, typer.Option(help="Settlement window [s, min, h].")] = "1h",
    latencies: Annotated[
        str, typer.Option(help="Times for collateral to reach a leg, one row each, separated by commas [s, min, h].")
    ] = "12s,1min,5min,15min,1h,4h",
    level: Annotated[str, typer.Option(help="Confidence level [%].")] = "99%",
    one_sided: Annotated[bool, typer.Option(help="Buffer against moves to one side only.")] = False,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Unified margin across rollups: netting benefit less the buffers for collateral in transit.

    Seconds beside hours of message time: netting pays only while collateral arrives sooner than the window is long.
    """
    from kedge.risk import Result, units
    from kedge.risk import cross_rollup as room

    amounts = [units.amount(text, "legs") for text in legs.split(",")]
    currency = amounts[0].currency
    exposures = [amount.to(currency) for amount in amounts]
    vols = [units.volatility(text, "volatilities") for text in volatilities.split(",")]
    above = [units.fraction(text, "correlation") for text in correlation.split(",") if text.strip()]
    case = (exposures, vols, _matrix(above, len(vols)), units.time(window, "window"))
    certain, delays = units.fraction(level, "level"), sorted(units.times(latencies, "latencies"))

    def at(delay: float) -> Netting:
        return room.compute_netting(*case, [delay] * len(exposures), certain, not one_sided)

    reach = room.compute_excursion_quantile(certain, not one_sided)
    even = room.compute_break_even(*case, certain, not one_sided)
    notes = (
        f"Netting saves nothing once collateral takes {units.show_time(even)} or longer; with the window that grows.",
        f"Buffer of a leg: its largest excursion in transit at {certain:.4g}, {reach:.4f} s sqrt(t) x exposure.",
        "Diffusive part only: a jump in transit meets the leg with its buffer and nothing else.",
    )
    title = f"One margin across {len(vols)} rollups, window {window}"
    present(Result(title, (_table(at, delays, currency),), notes, (_figure(at, delays),)), json_out, plot)


def _table(at: Callable[[float], Netting], delays: list[float], currency: str) -> Table:
    from kedge.risk import Column, Table, units

    rows = []
    for delay in delays:
        found = at(delay)
        saved = found.benefit / found.isolated * 100.0
        rows.append((units.show_time(delay), found.isolated, found.netted, sum(found.buffers), found.net, saved))
    names = ("isolated margin", "netted margin", "buffers", "what is left")
    columns = (Column("message time"), *(Column(name, currency, ",.0f") for name in names), Column("saved", "%", ".1f"))
    return Table(columns, tuple(rows))


def _figure(at: Callable[[float], Netting], delays: list[float]) -> Figure:
    from kedge.risk import Figure, Series

    low, high = max(delays[0], _SOON), max(delays[-1], 2.0 * _SOON)
    times = [low * (high / low) ** (i / _CURVE) for i in range(_CURVE + 1)]
    found = [at(delay) for delay in times]
    saved = Series("saved", tuple(t / 60.0 for t in times), tuple(n.benefit / n.isolated * 100.0 for n in found))
    return Figure("Margin saved", "message time [min]", "% of isolated margin", (saved,), True)


def _matrix(above: list[float], size: int) -> list[list[float]]:
    from kedge.risk import DIFFERENT_LENGTHS
    from kedge.risk.checks import inside

    if len(above) != size * (size - 1) // 2:
        raise DIFFERENT_LENGTHS.reject(f"{len(above)} correlations; {size} legs need {size * (size - 1) // 2}")
    found = [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]
    values = iter([inside(value, -1.0, 1.0, "correlation") for value in above])
    for i in range(size):
        for j in range(i + 1, size):
            found[i][j] = found[j][i] = next(values)
    return found

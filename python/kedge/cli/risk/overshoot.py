"""kedge risk overshoot: how far past its trigger a position is when an anchor detects it (A5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, Seed, present

if TYPE_CHECKING:
    from kedge.risk import Cell, Figure
    from kedge.risk.overshoot import Slippage

_QUANTILES = (0.5, 0.95, 0.99)


@risk.command()
def overshoot(
    anchoring: Annotated[str, typer.Option(help="Anchoring intervals to compare. [times, comma]")] = "1h,1min",
    anchors: Annotated[str, typer.Option(help="How anchors come: clock or poisson.")] = "clock",
    vol: Annotated[str, typer.Option(help="Volatility. [%/yr or %/day]")] = "60%/yr",
    execution: Annotated[str, typer.Option(help="Time to execute a liquidation. [time]")] = "2min",
    fee: Annotated[str, typer.Option(help="Liquidation fee. [% or bp of notional]")] = "50bp",
    paths: Annotated[int, typer.Option(help="Simulated accounts per interval. [count]")] = 40_000,
    seed: Seed = 1,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Slippage past the trigger when liquidation acts on anchored state only, and the margin it needs."""
    from kedge.risk import Column, Result, Table, units
    from kedge.risk import overshoot as lib
    from kedge.risk.checks import one_of
    from kedge.risk.laws import Fixed, Gamma

    poisson = one_of(anchors, ("clock", "poisson"), "anchors") == "poisson"
    s, wait, cost = units.volatility(vol), units.time(execution, "execution"), units.fraction(fee, "fee")
    rows, figures = [], []
    for interval in units.times(anchoring, "anchoring"):
        found = lib.simulate(Gamma(interval) if poisson else Fixed(interval), s, paths, seed)
        needed = lib.required_maintenance(s, interval, wait, cost, poisson=poisson)
        rows.append(_row(units.show_time(interval), found, poisson, needed))
        figures.append(_histogram(units.show_time(interval), found, poisson))
    columns = (
        Column("anchoring"), Column("unit s sqrt(D)", "%", ".4f"), Column("mean", "%", ".4f"),
        Column("mean simulated", "%", ".4f"), Column("deviation", "%", ".4f"), Column("q50", "%", ".4f"),
        Column("q95", "%", ".4f"), Column("q99", "%", ".4f"), Column("q99 simulated", "%", ".4f"),
        Column("maintenance margin needed", "%", ".3f"),
    )  # fmt: skip
    law = "Exp with mean 0.7071" if poisson else "mean 0.5826, deviation 0.5, q99 2.183"
    notes = (
        f"In units of s sqrt(D) the law does not depend on anything else: {law}. ± is one standard error.",
        f"Margin needed: q99 of the overshoot + q99 of the move during execution ({execution}) + fee ({fee}).",
        "Diffusion only: a jump past the trigger comes on top (`kedge risk insolvency`).",
    )
    present(
        Result(f"Liquidation overshoot, {anchors} anchors", (Table(columns, tuple(rows)),), notes, tuple(figures)),
        json_out,
        plot,
    )


def _row(name: str, found: Slippage, poisson: bool, needed: float) -> tuple[Cell, ...]:
    from kedge.risk import overshoot as lib
    from kedge.risk.constants import POISSON_OVERSHOOT
    from kedge.risk.montecarlo import compute_mean, compute_quantile

    percent = 100.0 * found.unit
    at = [lib.poisson_quantile(q) if poisson else lib.clock_quantile(q) for q in _QUANTILES]
    mean, deviation = (POISSON_OVERSHOOT, POISSON_OVERSHOOT) if poisson else (lib.MEAN, lib.DEVIATION)
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


def _histogram(name: str, found: Slippage, poisson: bool) -> Figure:
    import numpy as np

    from kedge.risk import Figure, Series
    from kedge.risk.overshoot import clock_law

    density, edges = np.histogram(found.values / found.unit, bins=40, range=(0.0, 4.0), density=True)
    points, tail = clock_law()
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

"""kedge risk overshoot: how far past its trigger a position is when an anchor detects it (A5)."""

from __future__ import annotations

from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, Seed, present


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
    from kedge.risk import units
    from kedge.risk.checks import one_of
    from kedge.risk.views.overshoot import Case, show_overshoot

    case = Case(
        poisson=one_of(anchors, ("clock", "poisson"), "anchors") == "poisson",
        vol=units.volatility(vol),
        execution=units.time(execution, "execution"),
        fee=units.fraction(fee, "fee"),
        paths=paths,
        seed=seed,
    )
    said = (anchors, execution, fee)
    present(show_overshoot(case, units.times(anchoring, "anchoring"), said), json_out, plot)

"""kedge risk window: the law of the settlement window, its margin, and which stage it comes from (A1)."""

from __future__ import annotations

from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, Seed, present

_LAW = "[a time such as 5min, uniform(a, b), exp(mean), gamma(mean, cv%), file:PATH with seconds]"


@risk.command()
def window(
    anchoring: Annotated[str, typer.Option(help="Anchoring intervals to compare. [times, comma]")] = "1h,1min",
    anchors: Annotated[str, typer.Option(help="How anchors come: clock or poisson.")] = "clock",
    detect: Annotated[str, typer.Option(help=f"Detecting the trigger. {_LAW}")] = "2s",
    proof: Annotated[str, typer.Option(help=f"Proving. {_LAW}")] = "5min",
    inclusion: Annotated[str, typer.Option(help="Inclusion on L1: slots(chance per slot), or a law.")] = "slots(100%)",
    finality: Annotated[str, typer.Option(help="L1 finality: `finality` is 64 to 95 slots, or a law.")] = "finality",
    challenge: Annotated[str, typer.Option(help=f"Challenge period of tier challenged. {_LAW}")] = "7d",
    execution: Annotated[str, typer.Option(help=f"Executing the liquidation. {_LAW}")] = "2min",
    tier: Annotated[str, typer.Option(help="sequenced, published, proved, final or challenged.")] = "final",
    mode: Annotated[str, typer.Option(help="Who liquidates: anchored (state on L1) or engine (at once).")] = "anchored",
    vol: Annotated[str, typer.Option(help="Volatility. [%/yr or %/day]")] = "60%/yr",
    level: Annotated[str, typer.Option(help="Confidence per window. [%]")] = "99%",
    paths: Annotated[int, typer.Option(help="Simulated windows. [count]")] = 1_000_000,
    seed: Seed = 1,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """How long settlement takes, the margin that this time costs, and which stage to shorten."""
    from kedge.risk import units
    from kedge.risk.law_text import parse_law
    from kedge.risk.views.window import Settings, show_window

    texts = {
        "detect": detect, "proof": proof, "inclusion": inclusion, "finality": finality, "challenge": challenge,
        "execution": execution,
    }  # fmt: skip
    settings = Settings(
        units.times(anchoring, "anchoring"),
        anchors,
        {name: parse_law(text, name) for name, text in texts.items()},
        tier,
        mode,
        units.volatility(vol),
        units.fraction(level, "level"),
        paths,
        seed,
    )
    present(show_window(settings), json_out, plot)

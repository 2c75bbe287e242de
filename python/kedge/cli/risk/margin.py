"""kedge risk margin: the margin that a settlement window needs for a budget of breaches per year (A2)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.output import say
from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, Seed, get_inputs, present


@risk.command()
def margin(
    anchoring: Annotated[str, typer.Option(help="Anchoring intervals to compare. [times, comma]")] = "1h,1min",
    latency: Annotated[str, typer.Option(help="Proof, inclusion and finality together. [time or law]")] = "5min",
    execution: Annotated[str, typer.Option(help="Detecting and executing a liquidation. [time or law]")] = "2min",
    reaction: Annotated[str, typer.Option(help="Time an owner has to add collateral. [time]")] = "1h",
    budget: Annotated[float, typer.Option(help="Breaches of an account at its margin. [per year]")] = 1.0,
    vol: Annotated[str, typer.Option(help="Diffusive volatility. [%/yr or %/day]")] = "50%/yr",
    jumps: Annotated[str, typer.Option(help="Jumps. [per year, such as 50/yr]")] = "50/yr",
    jump_size: Annotated[str, typer.Option(help="Deviation of a jump. [%]")] = "3%",
    prices: Annotated[
        Path | None, typer.Option(help="Recorded prices (CSV): volatility and jumps not given are fitted to them.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol in a file that holds several.")] = None,
    calendar: Annotated[
        str, typer.Option(help="Days of a year: business (252), continuous (365.25), or auto by the record's spacing.")
    ] = "auto",
    toml: Annotated[
        bool, typer.Option("--toml", help="Print the lines of a market file instead, with their derivation.")
    ] = False,
    paths: Annotated[int, typer.Option(help="Paths of the filtered historical simulation. [count]")] = 200_000,
    seed: Seed = 1,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Initial, maintenance and close-out margin by model, the jump floor, and margins from recorded prices."""
    from kedge.risk import units
    from kedge.risk.law_text import parse_law
    from kedge.risk.views import margin as view

    case = view.Case(
        tuple(units.times(anchoring, "anchoring")),
        parse_law(latency, "latency"),
        parse_law(execution, "execution"),
        units.time(reaction, "reaction"),
        budget,
        units.volatility(vol),
        units.rate(jumps, "jumps"),
        units.fraction(jump_size, "jump size"),
        [name for name, (_, origin) in get_inputs().items() if origin != "example"],
        view.read_record(prices, symbol, calendar),
        paths,
        seed,
    )
    if toml:
        say(view.show_terms(case).to_toml().rstrip("\n"))
    present(view.show_margin(case), json_out, plot, quiet=toml)

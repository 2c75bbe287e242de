"""kedge risk venues: what published margin rules require of a position, and the window they tolerate (A3)."""

from __future__ import annotations

from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present


@risk.command()
def venues(
    venue: Annotated[str, typer.Option(help="Presets to compare, or `all`. [names, comma]")] = "all",
    size: Annotated[float, typer.Option(help="Position, long above zero. [coins]")] = 25.0,
    price: Annotated[str, typer.Option(help="Entry price. [amount, such as $100k]")] = "$100k",
    equity: Annotated[str, typer.Option(help="Equity of the account at the entry price. [amount]")] = "$250k",
    vol: Annotated[str, typer.Option(help="Volatility for the implied window. [%/yr or %/day]")] = "60%/yr",
    level: Annotated[str, typer.Option(help="Confidence for the implied window. [%]")] = "99%",
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Requirement, liquidation ladder, and the settlement window that each venue's margin tolerates."""
    from kedge.risk import units
    from kedge.risk.venues import VENUES, get_venue
    from kedge.risk.views.venues import Said, Stake, show_venues

    entry, worth = units.amount(price, "price"), units.amount(equity, "equity")
    stake = Stake(size, entry.value, worth.to(entry.currency), entry.currency)
    s, q = units.volatility(vol), units.fraction(level, "level")
    chosen = [get_venue(name.strip()) for name in (VENUES if venue == "all" else venue.split(","))]
    present(show_venues(chosen, stake, s, q, Said(price, equity, vol, level)), json_out, plot)

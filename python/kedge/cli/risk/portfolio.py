"""kedge risk portfolio: portfolio margin of an options book, cell by cell (A11)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

EXAMPLE = "call:-10:70000:14day:65%/yr,put:-10:50000:14day:70%/yr,future:2"


@risk.command()
def portfolio(
    positions: Annotated[
        str,
        typer.Option(
            help="Positions, separated by commas: (call|put):SIZE:STRIKE:EXPIRY:VOLATILITY or future:SIZE "
            "[size in units, strike in the currency of the spot, expiry as time, volatility %/yr]."
        ),
    ] = EXAMPLE,
    book: Annotated[
        Path | None,
        typer.Option(help="TOML file with [[position]] tables instead: kind, size, strike, expiry, volatility."),
    ] = None,
    spot: Annotated[str, typer.Option(help="Price of the underlying [amount].")] = "$60000",
    grids: Annotated[
        str, typer.Option(help="Grids of the venues, separated by commas: deribit, paradex.")
    ] = "deribit,paradex",
    inverse: Annotated[bool, typer.Option(help="Settled in the coin (Deribit) instead of the quote currency.")] = False,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Portfolio margin: P&L of an options book in every cell of a venue's grid, initial and maintenance margin.

    A short strangle with a hedge: the worst cell is not the largest move but the one whose weight has not faded yet.
    """
    from kedge.risk import units
    from kedge.risk.books import parse_positions, read_positions
    from kedge.risk.checks import one_of
    from kedge.risk.portfolio import GRIDS
    from kedge.risk.views.portfolio import show_portfolio

    price = units.amount(spot, "spot")
    held = read_positions(book) if book is not None else parse_positions(positions)
    chosen = [GRIDS[one_of(name.strip(), GRIDS, "grid")] for name in grids.split(",")]
    present(show_portfolio(held, price.value, price.currency, chosen, inverse), json_out, plot)

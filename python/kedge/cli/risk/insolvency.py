"""kedge risk insolvency: what a book of accounts costs the insurance fund between anchors (A4)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present


@risk.command()
def insolvency(
    book: Annotated[
        Path | None, typer.Option(help="CSV of accounts: account, notional (short below zero), equity; amounts.")
    ] = None,
    anchoring: Annotated[str, typer.Option(help="Anchoring intervals to compare. [times, comma]")] = "1h,1min",
    vol: Annotated[str, typer.Option(help="Diffusive volatility. [%/yr or %/day]")] = "50%/yr",
    jumps: Annotated[str, typer.Option(help="Jumps. [per year]")] = "50/yr",
    jump_size: Annotated[str, typer.Option(help="Deviation of a jump. [%]")] = "3%",
    level: Annotated[str, typer.Option(help="Share of years that the fund must last. [%]")] = "99.9%",
    maintenance: Annotated[str, typer.Option(help="Maintenance margin, for mode engine. [%]")] = "2%",
    hazard: Annotated[str, typer.Option(help="Rollbacks, for mode engine. [per year]")] = "1/yr",
    recovery: Annotated[str, typer.Option(help="Downtime after a rollback. [time]")] = "8h",
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Probability of insolvency and bad debt by account, the insurance fund, and the bill of a rollback."""
    from kedge.risk import units
    from kedge.risk.books import read_accounts
    from kedge.risk.models import Merton
    from kedge.risk.views.insolvency import Terms, show_insolvency

    model = Merton(units.volatility(vol), units.rate(jumps, "jumps"), units.fraction(jump_size, "jump size"))
    accounts, intervals = read_accounts(book), units.times(anchoring, "anchoring")
    terms = Terms(
        level=units.fraction(level, "level"),
        maintenance=units.fraction(maintenance, "maintenance"),
        hazard=units.rate(hazard, "hazard"),
        recovery=units.time(recovery, "recovery"),
    )
    present(show_insolvency(accounts, model, intervals, terms, (hazard, recovery)), json_out, plot)

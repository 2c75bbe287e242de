"""kedge risk report: one page about the settlement window of this node and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.options import check_target
from kedge.cli.output import say
from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, get_inputs


@risk.command()
def report(
    data: Annotated[
        Path, typer.Option("--data", file_okay=False, help="Data directory of a node, demo, replay or bench.")
    ] = Path("data/demo"),
    out: Annotated[
        Path | None, typer.Option(callback=check_target, help="Where to write the page; DATA/risk.html by default.")
    ] = None,
    open_interest: Annotated[str, typer.Option(help="Open interest [amount].")] = "$100M",
    at_margin: Annotated[str, typer.Option(help="Share of it that sits exactly at its margin [%].")] = "10%",
    fixed_margin: Annotated[str, typer.Option(help="A margin that does not follow the window [%].")] = "2.5%",
    budget: Annotated[str, typer.Option(help="Breaches allowed to an account at its margin [/yr].")] = "1/yr",
    volatility: Annotated[str, typer.Option(help="Volatility of the diffusion [%/yr].")] = "50%/yr",
    jumps: Annotated[str, typer.Option(help="Jumps of the price [/yr].")] = "50/yr",
    jump_deviation: Annotated[str, typer.Option(help="Deviation of the logarithm of a jump [%].")] = "3%",
    capital: Annotated[str, typer.Option(help="Cost of capital [%/yr].")] = "5%/yr",
    detect: Annotated[str, typer.Option(help="Time to detect a breach [s].")] = "2s",
    execution: Annotated[str, typer.Option(help="Time to close a position [s, min].")] = "2min",
    intervals: Annotated[str, typer.Option(help="Anchoring intervals, separated by commas [s, min, h].")] = (
        "12s,1min,15min,1h,4h"
    ),
    gas_price: Annotated[
        float | None, typer.Option(help="Price of execution gas today [gwei]; what the node paid by default.")
    ] = None,
    blob_price: Annotated[
        float, typer.Option(help="Price of blob gas today [gwei]; at least 1/16 of gas price.")
    ] = 0.0,
    ether: Annotated[str, typer.Option(help="Price of ether [amount, same currency].")] = "$3000",
    config: Config = None,
) -> None:
    """Write one self-contained page: this node's settlement window, the margin it implies beside a fixed one, capital
    released by anchoring more often, expected bad debt per year, and the best interval at today's gas.
    """
    from kedge.cli.risk.evidence import read_evidence
    from kedge.risk import units
    from kedge.risk.capital import Exposure
    from kedge.risk.findings import Stakes, compute_findings, price_anchor
    from kedge.risk.models import Merton
    from kedge.risk.views.report import render_page, summarise
    from kedge.show import write_file

    stake = units.amount(open_interest, "open-interest")
    share, fixed = units.fraction(at_margin, "at-margin"), units.fraction(fixed_margin, "fixed-margin")
    exposure = Exposure(stake.value, share, fixed, units.rate(budget, "budget"), units.rate(capital, "capital"))
    deviation = units.fraction(jump_deviation, "jump-deviation")
    model = Merton(units.volatility(volatility), units.rate(jumps, "jumps"), deviation)
    lengths, seen = sorted(units.times(intervals, "intervals")), units.time(detect, "detect")
    evidence = read_evidence(data)
    cost = price_anchor(evidence, gas_price, blob_price, units.amount(ether, "ether").to(stake.currency))
    stakes = Stakes(exposure, model, lengths, seen, units.time(execution, "execution"))
    found = compute_findings(evidence, stakes, cost)
    given = {
        name: ("what the node paid", "its receipts") if value is None else (_write(name, value), origin)
        for name, (value, origin) in get_inputs().items()
        if name not in ("data", "out")
    }
    page = out or data / "risk.html"
    write_file(page, render_page(found, stake.currency, given))
    for name, text in (*summarise(found, stake.currency), ("page", str(page))):
        say(f"{name:<20}{text}")


def _write(name: str, value: object) -> str:
    return f"{value:g} gwei" if name in ("gas_price", "blob_price") else str(value)

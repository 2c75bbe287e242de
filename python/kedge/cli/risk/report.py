"""kedge risk report: one page about the settlement window of this node and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.options import check_target
from kedge.cli.output import say
from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, get_inputs

if TYPE_CHECKING:
    from kedge.cli.risk.evidence import Evidence
    from kedge.cli.risk.report_page import Findings
    from kedge.risk.capital import Exposure
    from kedge.risk.laws import Law
    from kedge.risk.models import Merton


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
    from kedge.cli.risk.report_page import render_page
    from kedge.risk import units
    from kedge.risk.capital import Exposure
    from kedge.risk.models import Merton
    from kedge.show import write_file

    stake = units.amount(open_interest, "open-interest")
    exposure = Exposure(
        stake.value,
        units.fraction(at_margin, "at-margin"),
        units.fraction(fixed_margin, "fixed-margin"),
        units.rate(budget, "budget"),
        units.rate(capital, "capital"),
    )
    model = Merton(
        units.volatility(volatility), units.rate(jumps, "jumps"), units.fraction(jump_deviation, "jump-deviation")
    )
    evidence = read_evidence(data)
    lengths = sorted(units.times(intervals, "intervals"))
    price = units.amount(ether, "ether").to(stake.currency)
    gas = _gas_cost(evidence, gas_price, blob_price, price)
    delays = units.time(detect, "detect"), units.time(execution, "execution")
    found = _find(evidence, exposure, model, lengths, delays, gas)
    given = {
        name: ("what the node paid", "its receipts") if value is None else (str(value), origin)
        for name, (value, origin) in get_inputs().items()
        if name not in ("data", "out")
    }
    page = out or data / "risk.html"
    write_file(page, render_page(found, stake.currency, given))
    _tell(found, stake.currency, page)


def _gas_cost(evidence: Evidence, gas_price: float | None, blob_price: float, ether: float) -> float:
    """Money per anchor: median gas and blobs of this node at the given prices, or at what it paid."""
    from kedge.risk.checks import non_negative, positive
    from kedge.risk.gas import compute_anchor_cost

    if gas_price is None:
        return positive(evidence.gas * evidence.gas_price * 1e-18 * ether, "gas cost per anchor")
    fees = positive(gas_price, "gas-price") * 1e9, non_negative(blob_price, "blob-price") * 1e9
    return compute_anchor_cost(evidence.gas, round(evidence.blobs), *fees, ether)


def _find(
    evidence: Evidence,
    exposure: Exposure,
    model: Merton,
    intervals: list[float],
    delays: tuple[float, float],
    gas: float,
) -> Findings:
    """Everything that the page says, as numbers."""
    from kedge.cli.risk.report_page import Findings
    from kedge.risk.anchoring import compute_capital_cost, compute_optimum_with_latency
    from kedge.risk.capital import compute_rows, judge_window
    from kedge.risk.laws import Fixed, Samples
    from kedge.risk.margin import implied_mpor
    from kedge.risk.models import fixed_window
    from kedge.risk.window import compute_mixture

    acting: dict[str, Law] = {"detect": Fixed(delays[0]), "execution": Fixed(delays[1])}
    ages, longest = sorted(evidence.sample_ages()), max(age for _, age in evidence.compute_saw())
    own = compute_mixture({**acting, "anchor": Samples(ages)})
    stages: dict[str, Law] = {**acting, "proof": Samples(evidence.lags)}
    fixed = sum(law.mean for law in stages.values())
    cost = compute_capital_cost(exposure.open_interest, exposure.capital_rate, model.total_volatility)
    return Findings(
        evidence=evidence,
        exposure=exposure,
        model=model,
        ages=ages,
        longest_age=longest,
        own=judge_window(model, own, exposure),
        own_window=own.mean,
        longest=judge_window(model, fixed_window(longest + sum(delays)), exposure),
        rows=compute_rows(model, stages, exposure, intervals, gas),
        covered=implied_mpor(exposure.fixed_margin, model.total_volatility),
        gas_cost=gas,
        latency=fixed,
        optimum=compute_optimum_with_latency(gas, cost, fixed),
        optimum_bare=compute_optimum_with_latency(gas, cost, 0.0),
    )


def _tell(found: Findings, currency: str, page: Path) -> None:
    from kedge.risk.units import show_time

    middle, last = found.ages[len(found.ages) // 2], found.longest_age
    say(f"settlement window   median {show_time(middle)}, longest {show_time(last)}")
    say(
        f"margin it implies   {found.own.margin:.2%} with jumps, {found.own.diffusive:.2%} without; "
        f"fixed margin {found.exposure.fixed_margin:.2%}"
    )
    say(f"expected bad debt   {found.own.bad_debt_jumps:,.0f} {currency} a year at the fixed margin")
    say(f"best interval       {show_time(found.optimum.interval)} at {found.gas_cost:,.4g} {currency} per anchor")
    say(f"page                {page}")

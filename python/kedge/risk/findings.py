"""What a node's own settlement window costs: margin, bad debt and the best interval, from evidence and exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kedge.risk.anchoring import Optimum, compute_capital_cost, compute_optimum_with_latency
from kedge.risk.capital import Exposure, Row, Verdict, compute_rows, judge_window
from kedge.risk.checks import non_negative, positive
from kedge.risk.evidence import Evidence
from kedge.risk.gas import GWEI, WEI, compute_anchor_cost
from kedge.risk.laws import Fixed, Law, Samples
from kedge.risk.margin import implied_mpor
from kedge.risk.models import Merton, fixed_window
from kedge.risk.window import compute_mixture


@dataclass(frozen=True)
class Stakes:
    """What stands beside the evidence: exposure, law of the price, intervals to compare and delays, both in seconds."""

    exposure: Exposure
    model: Merton
    intervals: Sequence[float]
    detect: float
    execution: float


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Numbers of a report; times in seconds, money in one currency. `ages` is sorted."""

    evidence: Evidence
    exposure: Exposure
    model: Merton
    ages: list[float]
    longest_age: float
    own: Verdict
    own_window: float
    longest: Verdict
    rows: list[Row]
    covered: float
    gas_cost: float
    latency: float
    optimum: Optimum
    optimum_bare: Optimum


def price_anchor(evidence: Evidence, gas_price: float | None, blob_price: float, ether: float) -> float:
    """Money per anchor: median gas and blobs of the node at these prices (gwei), or at what it paid (None).

    `ether` in the money that is asked for.
    """
    if gas_price is None:
        return positive(evidence.gas * evidence.gas_price * WEI * ether, "gas cost per anchor")
    fees = positive(gas_price, "gas-price") * GWEI, non_negative(blob_price, "blob-price") * GWEI
    return compute_anchor_cost(evidence.gas, round(evidence.blobs), *fees, ether)


def compute_findings(evidence: Evidence, stakes: Stakes, gas_cost: float) -> Findings:
    """Everything that a report says, as numbers; `gas_cost` in money per anchor."""
    exposure, model = stakes.exposure, stakes.model
    acting: dict[str, Law] = {"detect": Fixed(stakes.detect), "execution": Fixed(stakes.execution)}
    ages, longest = sorted(evidence.sample_ages()), max(age for _, age in evidence.compute_saw())
    own = compute_mixture({**acting, "anchor": Samples(ages)})
    stages: dict[str, Law] = {**acting, "proof": Samples(evidence.lags)}
    fixed = sum(law.mean for law in stages.values())
    cost = compute_capital_cost(exposure.open_interest, exposure.capital_rate, model.total_volatility)
    slowest = fixed_window(longest + (stakes.detect + stakes.execution))
    return Findings(
        evidence=evidence,
        exposure=exposure,
        model=model,
        ages=ages,
        longest_age=longest,
        own=judge_window(model, own, exposure),
        own_window=own.mean,
        longest=judge_window(model, slowest, exposure),
        rows=compute_rows(model, stages, exposure, stakes.intervals, gas_cost),
        covered=implied_mpor(exposure.fixed_margin, model.total_volatility),
        gas_cost=gas_cost,
        latency=fixed,
        optimum=compute_optimum_with_latency(gas_cost, cost, fixed),
        optimum_bare=compute_optimum_with_latency(gas_cost, cost, 0.0),
    )

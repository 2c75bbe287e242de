"""Policies of anchoring side by side on one record of base fees: fitted on its first part, judged on the rest."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from kedge.risk import posting
from kedge.risk.anchoring import DelayCost, compute_optimum
from kedge.risk.checks import Array, positive
from kedge.risk.constants import DAY_SECONDS, YEAR_SECONDS
from kedge.risk.errors import EMPTY_SERIES, WINDOW_TOO_LONG
from kedge.risk.gas import WEI
from kedge.risk.posting import Job, Outcome, Rule
from kedge.risk.recorded import BaseFees

LEAST_CYCLES: Final = 8
"""Anchors of the clock that the judged part must hold."""

LONGEST: Final = 4.0
"""Every policy anchors at the latest after so many clock intervals."""

HALF_LIVES: Final = (3600.0, 4 * 3600.0, 86_400.0)
"""Speeds (s) tried for the slow level of fees."""

DELAY_PRICES: Final = (0.1, 0.03, 0.01, 0.003, 0.001)
"""Price of a squared step of waiting, in gas of one step's data at the mean fee: from a tight queue to a loose one."""

_EXPONENTS: Final = (0.5, 2.0 / 3.0, 1.0, 1.5, 2.0, 3.0)
_SCALES: Final = (0.7, 0.85, 1.0, 1.2)


class Judged(NamedTuple):
    """One policy: what it cost on the judged part, and its savings against the clock."""

    name: str
    outcome: Outcome
    gas_saving: float
    saving: float


class Comparison(NamedTuple):
    """All policies on one record; `clock` and seconds per step beside."""

    record: str
    step: float
    clock_interval: float
    judged: tuple[Judged, ...]


class Queue(NamedTuple):
    """Posting saving against immediate posting at one tolerance of waiting (seconds)."""

    mean_delay: float
    longest: float
    saving: float
    bound: float


def build_job(fees: BaseFees, gas: float, ether: float, delay: DelayCost, interval: float) -> Job:
    """Costs per step of the record: gas per anchor, ether in dollars, delay as `anchoring` counts it."""
    years = fees.step / YEAR_SECONDS
    longest = max(2, math.ceil(LONGEST * interval / fees.step))
    scale = delay.scale * years ** (1.0 + delay.power)
    return Job(positive(gas, "gas") * WEI * positive(ether, "ether"), 0.0, scale, delay.power, longest)


def _fit(job: Job, train: Array, rules: dict[str, Rule]) -> Rule:
    """The rule that would have been cheapest on the earlier part."""
    best = min(rules, key=lambda name: posting.run_policy(job, train, rules[name]).total)
    return rules[best]


def _rules(job: Job, train: Array, interval: float, step: float) -> dict[str, Rule]:
    """The policies in order; every number in them comes from the earlier part."""
    reference, steps, spot = float(np.exp(np.log(train).mean())), interval / step, 1.0 / (1.0 + job.power)
    period = steps * (reference / float(train.mean())) ** spot
    lives = [life / step for life in HALF_LIVES if 2 * life < step * train.size]
    thresholds = {
        f"{scale} {power}": posting.fee_threshold(period * scale, reference, power)
        for scale in _SCALES
        for power in _EXPONENTS
    }
    speeds = {
        f"{scale} {power} {life}": posting.relative_threshold(period * scale, reference, power, life, job.power)
        for scale in _SCALES
        for power in _EXPONENTS
        for life in lives
    }
    rules = {
        "clock": posting.clock(steps),
        "today's fee for ever": posting.fee_threshold(period, reference, spot),
        "fee threshold, fitted": _fit(job, train, thresholds),
    }
    if lives:
        rules["two-speed threshold, fitted"] = _fit(job, train, speeds)
        processes = {f"{life}": posting.decision_process(job, train, life) for life in lives}
        rules["decision process"] = _fit(job, train, processes)
    return rules


def compare(fees: BaseFees, gas: float, ether: float, delay: DelayCost, fraction: float = 0.5) -> Comparison:
    """Every policy on one record of base fees, with hindsight as the bound.

    The clock runs at the optimum of the earlier part's mean fee. Refuses (1407) a record too short to hold
    `LEAST_CYCLES` of its intervals after the split.
    """
    train, test = posting.split(fees.fees, fraction)
    interval = max(compute_optimum(gas * float(train.mean()) * WEI * ether, delay).interval, fees.step)
    if LEAST_CYCLES * interval > fees.step * min(test.size, train.size):
        raise WINDOW_TOO_LONG.reject(
            f"{fees.name}: {LEAST_CYCLES} clock intervals of {interval:.0f} s, the judged part has "
            f"{fees.step * test.size:.0f} s"
        )
    job = build_job(fees, gas, ether, delay, interval)
    outcomes = {
        name: posting.run_policy(job, test, rule) for name, rule in _rules(job, train, interval, fees.step).items()
    }
    outcomes["hindsight (bound)"] = posting.solve_hindsight(job, test)
    base = outcomes["clock"]
    judged = tuple(
        Judged(name, found, 1.0 - found.gas / base.gas, 1.0 - found.total / base.total)
        for name, found in outcomes.items()
    )
    return Comparison(fees.name, fees.step, interval, judged)


def compare_queues(fees: BaseFees, half_life: float, fraction: float = 0.5) -> tuple[Queue, ...]:
    """Like for like with the published figures: posting cost against immediate posting, by tolerance of waiting.

    No fixed gas: each step's data costs the same gas whenever it is posted; a decision process weighs the fee against
    squared waiting. At most a day of waiting, or an eighth of the judged part. Refuses (1403) records too short to fit.
    """
    train, test = posting.split(fees.fees, fraction)
    if train.size < 8 * posting.STATES:
        raise EMPTY_SERIES.reject(f"{fees.name}: {train.size} steps to fit {posting.STATES} states on")
    longest = max(2, min(round(DAY_SECONDS / fees.step), test.size // 8))
    queues = []
    for price in DELAY_PRICES:
        job = Job(0.0, 1.0, price * float(train.mean()), 1.0, longest)
        immediate = posting.run_policy(job, test, posting.clock(1.0))
        found = posting.run_policy(job, test, posting.decision_process(job, train, half_life / fees.step))
        bound = posting.solve_hindsight(job, test)
        queues.append(
            Queue(
                found.mean_delay * fees.step,
                float(found.ages.max()) * fees.step,
                1.0 - found.gas / immediate.gas,
                1.0 - bound.gas / immediate.gas,
            )
        )
    return tuple(queues)

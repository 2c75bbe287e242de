"""Anchoring on a series of base fees: what each policy would have cost, against the clock and against hindsight.

Time runs in steps of the series. An anchor at age a (steps since the last one) costs `fee * (fixed + data * a)`
dollars: gas that every anchor pays, and gas per step of what it publishes. Waiting costs `c a^(1+p)` per cycle, so
that a clock of interval D pays `c D^p` per unit of time: the law of `anchoring`. Policies are fitted on an earlier
part of the record than the one they are judged on; only `solve_hindsight` knows the future, and bounds them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from kedge.risk.checks import Array, count, non_negative, positive, positive_series, probability
from kedge.risk.errors import EMPTY_SERIES, OUT_OF_DOMAIN

PUBLISHED_SAVING: Final = (0.08, 0.29)
"""Posting saving against immediate posting with a tight and with a moderate queue: Mamageishvili and Felten."""

STATES: Final = 24
"""Levels of the relative fee in the decision process."""

_DAMPING: Final = 0.7
"""Below 1, so that value iteration settles even where the best policy is periodic."""

Rule = Callable[[Array], Array]
"""From the fees of a series: at each step the least age (steps, a float) at which to anchor; causal, no look ahead."""


@dataclass(frozen=True)
class Job:
    """What an anchor costs beside its fee: `fixed` and `data` in gas times dollars per unit of fee, delay in dollars.

    delay: `scale * age^(1 + power)` dollars per cycle of that age in steps. `longest`: age in steps at which every
    policy anchors whatever the fee (the bound on the window that margin can count on).
    """

    fixed: float
    data: float
    scale: float
    power: float
    longest: int

    def __post_init__(self) -> None:
        if non_negative(self.fixed, "fixed") + non_negative(self.data, "data") <= 0.0:
            raise OUT_OF_DOMAIN.reject("an anchor without gas costs nothing: give a fixed part, a data part or both")
        positive(self.scale, "scale")
        positive(self.power, "power")
        count(self.longest, "longest")


class Outcome(NamedTuple):
    """One policy on one record: gas and delay in dollars per step, and the ages of its anchors in steps."""

    gas: float
    delay: float
    ages: NDArray[np.int64]

    @property
    def total(self) -> float:
        """Dollars per step."""
        return self.gas + self.delay

    @property
    def mean_delay(self) -> float:
        """Mean time in steps that a transition waits: half the mean square of the ages over their mean."""
        return float((self.ages.astype(np.float64) ** 2).mean() / self.ages.mean() / 2.0)


def _add_up(job: Job, fees: Array, anchors: NDArray[np.int64]) -> Outcome:
    """Costs between the first and the last anchor."""
    if anchors.size < 3:
        raise EMPTY_SERIES.reject(f"{anchors.size} anchors on a record of {fees.size} steps: too short for this policy")
    ages = np.diff(anchors)
    gas = float((fees[anchors[1:]] * (job.fixed + job.data * ages)).sum())
    delay = float(job.scale * (ages.astype(np.float64) ** (1.0 + job.power)).sum())
    steps = float(ages.sum())
    return Outcome(gas / steps, delay / steps, ages)


def run_policy(job: Job, fees: Array, rule: Rule) -> Outcome:
    """Replay a rule: anchor at the first step whose age reaches the rule's, or `longest`."""
    series = positive_series(fees, "fees", least=3)
    least = np.minimum(np.maximum(rule(series), 1.0), job.longest).tolist()
    anchors, last = [0], 0
    for now in range(1, series.size):
        if now - last >= least[now]:
            anchors.append(now)
            last = now
    return _add_up(job, series, np.array(anchors))


def clock(interval: float) -> Rule:
    """Every so many steps."""
    period = positive(interval, "interval")
    return lambda fees: np.full(fees.size, max(1.0, round(period)))


def smooth(fees: Array, half_life: float) -> Array:
    """Exponential mean of the past, the level that a fee is compared with; starts at the first fee."""
    kept = 0.5 ** (1.0 / positive(half_life, "half_life"))
    level, _ = lfilter([1.0 - kept], [1.0, -kept], np.log(fees), zi=np.array([kept * np.log(fees[0])]))
    return np.asarray(np.exp(level))


def fee_threshold(interval: float, reference: float, exponent: float) -> Rule:
    """Least age `interval * (fee / reference)^exponent`: equally, a fee threshold that grows with what is unsettled.

    exponent 1/(1+p) acts as if today's fee lasted for ever; more waits out a peak that is expected to pass.
    """
    period, base = positive(interval, "interval"), positive(reference, "reference")
    return lambda fees: period * (fees / base) ** exponent


def relative_threshold(interval: float, reference: float, exponent: float, half_life: float, power: float) -> Rule:
    """The same with two speeds: the slow level of fees moves the age by 1/(1+p), departures from it by `exponent`."""
    period, base = positive(interval, "interval"), positive(reference, "reference")

    def rule(fees: Array) -> Array:
        level = smooth(fees, half_life)
        return period * (level / base) ** (1.0 / (1.0 + power)) * (fees / level) ** exponent

    return rule


def solve_hindsight(job: Job, fees: Array) -> Outcome:
    """The cheapest anchors of all, knowing every fee: dynamic programming over the last anchor. Steps x longest time.

    A bound on every policy with the same `longest`, and no policy: it looks ahead.
    """
    series = positive_series(fees, "fees", least=3)
    ages = np.arange(1, min(job.longest, series.size - 1) + 1)
    wait, gas = job.scale * ages.astype(np.float64) ** (1.0 + job.power), job.fixed + job.data * ages
    best, before = np.zeros(series.size), np.zeros(series.size, dtype=np.int64)
    for now in range(1, series.size):
        reach = min(now, ages.size)
        costs = best[now - reach : now][::-1] + wait[:reach] + series[now] * gas[:reach]
        before[now] = ages[int(costs.argmin())]
        best[now] = costs.min()
    anchors = [series.size - 1]
    while anchors[-1] > 0:
        anchors.append(anchors[-1] - int(before[anchors[-1]]))
    return _add_up(job, series, np.array(anchors[::-1]))


class Chain(NamedTuple):
    """Relative fees as a Markov chain: bin edges (inner), mean relative fee of each bin, transition matrix."""

    edges: Array
    values: Array
    moves: Array


def fit_chain(relative: Array, states: int = STATES) -> Chain:
    """Quantile bins of fee / level and the transitions counted between them (one count added on the diagonal)."""
    series = positive_series(relative, "relative", least=4 * states)
    edges = np.quantile(series, np.linspace(0.0, 1.0, states + 1)[1:-1])
    where = np.searchsorted(edges, series)
    moves = np.eye(states)
    np.add.at(moves, (where[:-1], where[1:]), 1.0)
    total = np.bincount(where, weights=series, minlength=states)
    number = np.bincount(where, minlength=states)
    values = np.where(number > 0, total / np.maximum(number, 1), float(series.mean()))
    return Chain(edges, values, moves / moves.sum(axis=1, keepdims=True))


def solve_chain(job: Job, chain: Chain, level: float, sweeps: int = 4000, tolerance: float = 1e-7) -> Array:
    """Least age at which to anchor in each state: average-cost decision process by relative value iteration.

    State: relative fee and age; actions: wait or anchor. Stops when a sweep changes relative values by less than
    `tolerance` of the cost per step; refuses (1408) if it does not. Shape (states,), in steps.
    """
    ages = np.arange(1, job.longest + 1, dtype=np.float64)
    gas = positive(level, "level") * chain.values[:, None] * (job.fixed + job.data * ages)
    wait = job.scale * (ages ** (1.0 + job.power) - (ages - 1.0) ** (1.0 + job.power))
    value = np.zeros((chain.values.size, job.longest))
    for _ in range(sweeps):
        onward = chain.moves @ (value + wait)  # expected cost of the step that leads to each age
        stay = np.concatenate([onward[:, 1:], np.full((onward.shape[0], 1), np.inf)], axis=1)
        anchor = gas + onward[:, :1]
        change = np.minimum(stay, anchor) - value
        value = value + _DAMPING * (change - change[0, 0])
        if np.ptp(change) <= tolerance * abs(change.mean()):
            return np.asarray(1.0 + np.argmax(anchor <= stay, axis=1), dtype=np.float64)
    raise OUT_OF_DOMAIN.reject(f"the decision process did not settle in {sweeps} sweeps")


def decision_process(job: Job, train: Array, half_life: float, states: int = STATES) -> Rule:
    """The optimal threshold policy of the fitted chain, scaled by `level^(1/(1+p))` as the level of fees moves.

    Thresholds exist because costs of waiting are convex in age. [after Mamageishvili and Felten; Bar-On and Mansour]
    """
    before = smooth(train, half_life)
    reference = float(np.exp(np.log(before).mean()))
    chain = fit_chain(train / before, states)
    least = solve_chain(job, chain, reference)
    power = 1.0 / (1.0 + job.power)

    def rule(fees: Array) -> Array:
        level = smooth(fees, half_life)
        return np.asarray(least[np.searchsorted(chain.edges, fees / level)] * (level / reference) ** power)

    return rule


def split(fees: Array, fraction: float) -> tuple[Array, Array]:
    """The earlier part of a record, to fit on, and the later, to judge on."""
    series = positive_series(fees, "fees", least=20)
    at = int(series.size * probability(fraction, "fraction"))
    return series[:at], series[at:]

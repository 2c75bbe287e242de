"""Backtests (A9): did the margin hold as often as promised, did breaches come alone, and how hard did it move?

Times are steps of one regular series unless said otherwise; losses and margins are in the same unit (fractions of
notional). Tests of independence need observations that do not share a window: see `thin`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom, chi2

from kedge.risk.checks import Array, count, positive_series, probability, same_length, series
from kedge.risk.errors import NOT_A_PROBABILITY, OUT_OF_DOMAIN, WINDOW_TOO_LONG
from kedge.risk.montecarlo import Estimate, get_stream

YELLOW, RED = 0.95, 0.9999
KPI_DAYS: Final = (1, 5, 10)


@dataclass(frozen=True)
class Verdict:
    """A likelihood ratio, its degrees of freedom and the probability of one at least as large under the hypothesis."""

    ratio: float
    freedom: int
    p_value: float


@dataclass(frozen=True)
class Transitions:
    """Counts of neighbouring pairs: `quiet_breach` is a breach that follows no breach, and so on."""

    quiet_quiet: int
    quiet_breach: int
    breach_quiet: int
    breach_breach: int


def _verdict(ratio: float, freedom: int) -> Verdict:
    ratio = max(ratio, 0.0)
    return Verdict(ratio, freedom, float(chi2.sf(ratio, freedom)))


def _log(chance: float, times: int) -> float:
    """times * log(chance), 0 where it never happened."""
    return times * math.log(chance) if times else 0.0


def compute_kupiec(breaches: int, observations: int, breach_rate: float) -> Verdict:
    """Kupiec's proportion of failures: is the breach rate the promised one?

    `LR = -2 ln[(1-p)^(n-x) p^x / ((1-x/n)^(n-x) (x/n)^x)]`, chi-squared with 1 degree of freedom. The promised rate p
    lies in (0, 1), 0 <= x <= n, n >= 1, otherwise refused (1411, 1408). [Kupiec 1995; MathWorks varbacktest pof]
    """
    rate = probability(breach_rate, "breach_rate")
    total = count(observations, "observations")
    hits = count(breaches, "breaches", 0)
    if hits > total:
        raise OUT_OF_DOMAIN.reject(f"breaches = {hits} of {total} observations")
    found = hits / total
    free = _log(1.0 - found, total - hits) + _log(found, hits)
    bound = _log(1.0 - rate, total - hits) + _log(rate, hits)
    return _verdict(2.0 * (free - bound), 1)


def count_transitions(hits: ArrayLike) -> Transitions:
    """Neighbouring pairs of a series of breaches (1 or True) in time order, at least two long; refuses other values."""
    found = series(hits, "hits", least=2)
    bad = np.flatnonzero((found != 0.0) & (found != 1.0))
    if bad.size:
        raise NOT_A_PROBABILITY.reject(f"hits[{bad[0]}] = {found[bad[0]]} is neither 0 nor 1")
    before, after = found[:-1].astype(np.int64), found[1:].astype(np.int64)
    table = np.bincount(2 * before + after, minlength=4)
    return Transitions(*(int(number) for number in table))


def compute_independence(pairs: Transitions) -> Verdict:
    """Christoffersen's test: is a breach as likely after a breach as after none?

    Likelihood of a first-order chain against independence, chi-squared with 1 degree of freedom; a row that never
    occurs contributes nothing. [Christoffersen 1998; MathWorks varbacktest cci]
    """
    n00, n01, n10, n11 = pairs.quiet_quiet, pairs.quiet_breach, pairs.breach_quiet, pairs.breach_breach
    total = n00 + n01 + n10 + n11
    if min(n00, n01, n10, n11) < 0 or total == 0:
        raise OUT_OF_DOMAIN.reject(f"transitions = {(n00, n01, n10, n11)}")
    after_quiet = n01 / (n00 + n01) if n00 + n01 else 0.0
    after_breach = n11 / (n10 + n11) if n10 + n11 else 0.0
    pooled = (n01 + n11) / total
    free = _log(1 - after_quiet, n00) + _log(after_quiet, n01) + _log(1 - after_breach, n10) + _log(after_breach, n11)
    return _verdict(2.0 * (free - _log(1 - pooled, n00 + n10) - _log(pooled, n01 + n11)), 1)


def compute_conditional(coverage: Verdict, independence: Verdict) -> Verdict:
    """Both at once: the ratios add, chi-squared with 2 degrees of freedom. [Christoffersen 1998; MathWorks cc]"""
    return _verdict(coverage.ratio + independence.ratio, 2)


def compute_acceptance(observations: int, breach_rate: float, level: float = 0.05) -> tuple[int, int]:
    """Least and greatest number of breaches that Kupiec's test does not reject at `level`."""
    total, size = count(observations, "observations"), probability(level, "level")
    limit = float(chi2.isf(size, 1))
    centre = round(probability(breach_rate, "breach_rate") * total)
    low, high = centre, centre
    while low > 0 and compute_kupiec(low - 1, total, breach_rate).ratio < limit:
        low -= 1
    while high < total and compute_kupiec(high + 1, total, breach_rate).ratio < limit:
        high += 1
    return low, high


@dataclass(frozen=True)
class Zone:
    """Basel's traffic light: its colour and the probability of at most this many breaches at the promised rate."""

    colour: str
    cumulative: float


def compute_zone(breaches: int, observations: int = 250, breach_rate: float = 0.01) -> Zone:
    """Green below a cumulative binomial probability of 95 %, red from 99.99 %, yellow between.

    At 250 observations and 1 %: green to 4, yellow 5 to 9, red from 10; the same cumulative bounds serve other lengths.
    [Basel Committee 1996, supervisory framework for backtesting]
    """
    total, hits = count(observations, "observations"), count(breaches, "breaches", 0)
    if hits > total:
        raise OUT_OF_DOMAIN.reject(f"breaches = {hits} of {total} observations")
    cumulative = float(binom.cdf(hits, total, probability(breach_rate, "breach_rate")))
    colour = "green" if cumulative < YELLOW else "yellow" if cumulative < RED else "red"
    return Zone(colour, cumulative)


def thin(values: Array, window: int, offset: int = 0) -> Array:
    """Every `window`-th value: observations over windows of that many steps that no longer overlap."""
    step, first = count(window, "window"), count(offset, "offset", 0)
    if first + step > len(values):
        raise WINDOW_TOO_LONG.reject(f"window = {step} steps from {first}, the series has {len(values)}")
    return values[first::step]


def bootstrap_rate(hits: ArrayLike, window: int, seed: int, draws: int = 2000) -> Estimate:
    """Breach rate of overlapping windows with a standard error that knows that they overlap.

    Circular block bootstrap: blocks of `window` neighbouring observations are drawn with replacement until the series
    is full. [Politis and Romano 1992]
    """
    found = series(hits, "hits", least=2)
    block = count(window, "window")
    if block > found.size:
        raise WINDOW_TOO_LONG.reject(f"window = {block} steps, the series has {found.size}")
    around = np.concatenate([found, found[: block - 1]])
    sums = np.convolve(around, np.ones(block), mode="valid")
    blocks = math.ceil(found.size / block)
    starts = get_stream(seed).integers(0, found.size, size=(count(draws, "draws", 2), blocks))
    rates = sums[starts].mean(axis=1) / block
    return Estimate(float(found.mean()), float(rates.std(ddof=1)), found.size)


class Procyclicality(NamedTuple):
    """Coverage and the five figures of Eurex's public report, as fractions."""

    coverage: float
    loss_to_margin: float
    increase_1d: float
    increase_5d: float
    increase_10d: float
    peak_to_trough: float


def _increase(margins: Array, steps: int) -> float:
    if steps >= margins.size:
        return math.nan
    return float((margins[steps:] / margins[:-steps]).max() - 1.0)


def compute_procyclicality(margins: ArrayLike, losses: ArrayLike, steps_per_day: float) -> Procyclicality:
    """Figures of Eurex's Pioneering CCP Transparency, same definitions.

    Coverage: share of losses within the margin set before them. Loss to margin: the largest loss over its margin.
    1-, 5- and 10-day increase: the largest relative rise of the margin over so many days (NaN where the series is
    shorter). Peak to trough: highest over lowest margin, less 1 (it must be an increase, for Eurex publishes 136 %
    beside a 10-day increase of 63 %). Margins positive (else refused, 1412), both series of the same length (1410).
    """
    held, lost = positive_series(margins, "margins", least=2), series(losses, "losses", least=2)
    same_length(margins=held, losses=lost)
    if not steps_per_day > 0.0:
        raise OUT_OF_DOMAIN.reject(f"steps_per_day = {steps_per_day} must be above 0")
    one, five, ten = (_increase(held, max(1, round(days * steps_per_day))) for days in KPI_DAYS)
    coverage, ratio = float((lost <= held).mean()), float((lost / held).max())
    return Procyclicality(coverage, ratio, one, five, ten, float(held.max() / held.min() - 1.0))


def find_worst_run(hits: ArrayLike, length: int = 250) -> int:
    """Most breaches in any `length` neighbouring observations: what a supervisor would have seen on the worst day."""
    found = series(hits, "hits")
    run = count(length, "length")
    if run > found.size:
        raise WINDOW_TOO_LONG.reject(f"length = {run}, the series has {found.size}")
    sums = np.concatenate([[0.0], np.cumsum(found)])
    return round(float((sums[run:] - sums[:-run]).max()))


def find_hits(margins: Array, losses: Array) -> NDArray[np.float64]:
    """1 where the loss exceeds the margin, else 0."""
    same_length(margins=margins, losses=losses)
    return np.asarray(losses > margins, dtype=np.float64)

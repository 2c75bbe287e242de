"""A5, liquidation overshoot: how far past its trigger a position is when an anchor detects it (mode "anchored").

Between anchors the log price is a Brownian motion; at anchors it is a Gaussian walk whose first value beyond a distant
trigger lies beyond it by R, in units of s sqrt(D):

- clock: E e^{-aR} = (1 - E e^{-aH}) / (a E H) with H the ladder height, log(1 - E e^{-aH}) =
  (1/pi) integral of a / (a^2 + u^2) log(1 - e^{-u^2/2}) du; mean 0.5826, deviation exactly 1/2, q99 2.183;
- Poisson anchors of mean interval D: R ~ Exp with mean sqrt(1/2), q99 3.256.

A maintenance margin must cover q99 of the overshoot, execution and fee (`required_maintenance`). Sources: Spitzer;
Siegmund 1979; Broadie, Glasserman and Kou 1997; risk memo 1.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy import integrate, special

from kedge.risk.checks import Array, count, inside, non_negative, positive, probability, volatility
from kedge.risk.constants import BGK, POISSON_OVERSHOOT, YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.laws import Law
from kedge.risk.montecarlo import run_blocks
from kedge.risk.roots import find_root

MEAN: Final = BGK
"""Mean overshoot of a clock in units of s sqrt(D)."""

DEVIATION: Final = 0.5
"""Its standard deviation, exactly."""

_LADDER_MEAN: Final = math.sqrt(0.5)
_U: Final = np.exp(np.linspace(-60.0, 3.5, 6351))
_LOG_GAP: Final = np.log(-np.expm1(-0.5 * _U**2)) * (63.5 / 6350.0 / math.pi)
_REACH: Final = 7.0
_TERMS, _SUMS = 25, 14


def _transform(a: complex) -> complex:
    """E e^{-aR} for Re a > 0: the integral of the module's docstring by the trapezoidal rule in log u."""
    return complex(np.exp(np.sum(a * _U / (a * a + _U**2) * _LOG_GAP)) / (a * _LADDER_MEAN))


def _tail(x: float) -> float:
    """P(R > x) by Euler inversion of (1 - E e^{-aR}) / a; error below 1e-8."""
    terms = []
    for k in range(_TERMS + _SUMS + 1):
        a = complex(11.0 / x, k * math.pi / x)
        terms.append((0.5 if k == 0 else (-1.0) ** k) * ((1.0 - _transform(a)) / a).real)
    weights = [math.comb(_SUMS, j) * 2.0**-_SUMS for j in range(_SUMS + 1)]
    return float(math.exp(11.0) / x * np.dot(weights, np.cumsum(terms)[_TERMS:]))


@cache
def clock_law() -> tuple[Array, Array]:
    """x and P(R > x) of a clock, in units of s sqrt(D): 281 points from 0 to 7, where 3e-12 is left."""
    points = np.linspace(0.0, _REACH, 281)
    return points, np.array([1.0, *(max(_tail(float(x)), 0.0) for x in points[1:])])


def clock_quantile(level: float) -> float:
    """Quantile of the overshoot of a clock in units of s sqrt(D); 2.183 at 99 %. Level in [0.001, 0.99999]."""
    tail = 1.0 - inside(level, 1e-3, 1.0 - 1e-5, "level")
    return find_root(lambda x: _tail(x) - tail, 1e-4, _REACH, "quantile of the overshoot", xtol=1e-10)


def clock_shortfall(level: float) -> float:
    """Mean overshoot of a clock beyond its quantile, units of s sqrt(D); 2.499 at 99 %."""
    low = clock_quantile(level)
    beyond = integrate.quad(_tail, low, _REACH, epsabs=1e-9, limit=200)[0]
    return low + float(beyond) / (1.0 - level)


def poisson_quantile(level: float) -> float:
    """Quantile of the overshoot under Poisson anchors, units of s sqrt(mean D): Exp(mean .7071); 3.256 at 99 %."""
    return -POISSON_OVERSHOOT * math.log(1.0 - probability(level, "level"))


def required_maintenance(
    vol: float, interval: float, execution: float, fee: float, level: float = 0.99, *, poisson: bool = False
) -> float:
    """Least maintenance margin (fraction): q_level(overshoot) + q_level(move during execution) + fee.

    `interval` and `execution` in seconds, `fee` a fraction of notional. Adding quantiles is on the safe side.
    """
    year = volatility(vol) / math.sqrt(YEAR_SECONDS)
    unit = clock_quantile(level) if not poisson else poisson_quantile(level)
    moved = -float(special.ndtri(1.0 - level)) * year * math.sqrt(non_negative(execution, "execution"))
    return unit * year * math.sqrt(positive(interval, "anchoring interval")) + moved + non_negative(fee, "fee")


@dataclass(frozen=True)
class Slippage:
    """Overshoots that the simulator saw, as fractions of notional, and the share of paths that never got there."""

    values: Array
    unfinished: float
    unit: float
    """s sqrt(mean interval) as a fraction: divide by it to compare with the exact law."""


def simulate(intervals: Law, vol: float, paths: int, seed: int, *, distance: float = 6.0, most: int = 800) -> Slippage:
    """Mode "anchored": accounts `distance` units from their trigger, looked at when an anchor comes.

    A path that has not passed the trigger after `most` anchors is left out: far from the trigger the overshoot does
    not depend on when it is passed. Refuses (1408) if fewer than half arrive.
    """
    positive(distance, "distance")
    count(most, "anchors per path", 2)
    mean = positive(intervals.mean, "mean interval")
    unit = volatility(vol) * math.sqrt(mean / YEAR_SECONDS)
    regular = intervals.variance == 0.0

    def kernel(generator: Generator, size: int) -> Array:
        found = np.full(size, np.nan)
        alive, at = np.arange(size), np.full(size, -distance)
        for _ in range(most):
            step = generator.standard_normal(at.size)
            if not regular:
                step *= np.sqrt(intervals.sample(generator, at.size) / mean)
            at += step
            over = at > 0.0
            if over.any():
                found[alive[over]] = at[over]
                alive, at = alive[~over], at[~over]
            if not alive.size:
                break
        return found

    drawn = np.concatenate(run_blocks(kernel, count(paths, "paths", 1000), seed, block=8192))
    values = drawn[np.isfinite(drawn)]
    if values.size < paths / 2:
        raise OUT_OF_DOMAIN.reject(f"{paths - values.size} of {paths} paths never got {distance} units far")
    return Slippage(values * unit, 1.0 - values.size / paths, unit)

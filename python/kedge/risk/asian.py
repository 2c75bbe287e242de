"""Options on arithmetic averages of marks: Asian options, and settlement on the average of the last marks (TWAP).

With L_n = X_n + ln w_n and L_k = X_k + ln(w_k + e^(L_(k+1))) the average is S (w_0 + e^(L_1)), so one backward
recursion over one-dimensional grids prices it (Carverhill and Clewlow 1990, by quadrature). Weights may differ: hence
the trapezoid rule and, extrapolated, the continuous average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from kedge.risk.checks import Array, count, inside, positive, same_length, series, times
from kedge.risk.errors import NOT_POSITIVE, OUT_OF_DOMAIN
from kedge.risk.quadrature import Grid, build_grid, build_step
from kedge.risk.underlying import Law, Underlying

_BELOW, _ABOVE = 8.5, 10.5
_COARSE: Final = 48


class _Plan(NamedTuple):
    """Grids of L_1..L_n: laws of the steps, middle and deviation of each grid."""

    laws: list[Law]
    middles: Array
    deviations: Array


def price_average(
    underlying: Underlying, strike: float, marks: ArrayLike, weights: ArrayLike, call: bool = True, start: float = 0.0
) -> float:
    """Price of a European option on start x S + sum of weights x mark prices, paid at the last mark. Jumps are allowed.

    `marks`: times in seconds, rising, above 0; `weights`: positive, same length; `start`: the weight of today's price.
    Error about 1e-9 of the spot.
    """
    moments, shares = times(marks, "marks"), series(weights, "weights")
    same_length(marks=moments, weights=shares)
    for value, name in ((float(moments[0]), "marks[0]"), (float(shares.min()), "weights")):
        positive(value, name)
    left = strike - start * underlying.spot
    mean = sum(w * underlying.forward(float(t)) for w, t in zip(shares, moments, strict=True))
    discount = underlying.discount(float(moments[-1]))
    # the recursion prices the put, which is bounded; the call follows from parity
    put = (
        0.0
        if left <= 0.0
        else discount * _recurse(underlying, left / underlying.spot, moments, shares) * underlying.spot
    )
    return put + discount * (float(mean) - left) if call else put


def _recurse(underlying: Underlying, strike: float, moments: Array, shares: Array) -> float:
    """E (strike - e^(L_1))^+."""
    plan = _plan(underlying, moments, shares)
    grid = _grid(plan, 0, [math.log(strike)])
    values = np.maximum(strike - np.exp(grid.nodes), 0.0)
    for k in range(1, len(moments)):
        here = _grid(plan, k)
        values = build_step(np.log(shares[k - 1] + np.exp(here.nodes)), grid, plan.laws[k - 1]) @ values
        grid = here
    return float((build_step(np.array([math.log(shares[-1])]), grid, plan.laws[-1]) @ values)[0])


def _grid(plan: _Plan, k: int, kinks: Sequence[float] = ()) -> Grid:
    """Nodes for L_(k+1), as fine as the finer of the steps before and after it."""
    scale = float(min(law.deviations[0] for law in plan.laws[max(k - 1, 0) : k + 1]))
    middle, deviation = float(plan.middles[k]), float(plan.deviations[k])
    return build_grid(middle - _BELOW * deviation, middle + _ABOVE * deviation, scale, kinks)


def _plan(underlying: Underlying, moments: Array, shares: Array) -> _Plan:
    """Where L_k lives: around the geometric average of what is left, within its deviation.

    Tail weights T_j = sum of w_i, i >= j: the geometric average of the rest is sum (T_j/T_k) X_j, j >= k.
    """
    gaps = np.diff(moments, prepend=0.0)
    laws = [underlying.law(float(gap)) for gap in gaps]
    means = np.array([float(law.weights @ law.means) for law in laws])
    variances = np.array([law.deviation**2 for law in laws])
    tails = np.cumsum(shares[::-1])[::-1]
    middles = np.log(tails) + np.cumsum((tails * means)[::-1])[::-1] / tails
    spread = np.sqrt(np.cumsum((tails**2 * variances)[::-1])[::-1]) / tails
    return _Plan(laws, middles, spread)


def price_asian(
    underlying: Underlying, strike: float, expiry: float, marks: int, call: bool = True, with_start: bool = False
) -> float:
    """Arithmetic average of `marks` equally spaced marks up to expiry (seconds); `with_start` counts today's."""
    later = count(marks, "marks", 2 if with_start else 1) - int(with_start)
    moments = np.arange(1, later + 1) * (positive(expiry, "expiry") / later)
    start = 1.0 / marks if with_start else 0.0
    return price_average(underlying, strike, moments, np.full(later, 1.0 / marks), call, start)


def price_continuous(
    underlying: Underlying, strike: float, expiry: float, call: bool = True, steps: int = _COARSE
) -> float:
    """Average over every instant: trapezoid averages of n, 2n and 4n steps, extrapolated (their error is in 1/n^2)."""
    prices = [_trapezoid(underlying, strike, expiry, steps * factor, call) for factor in (1, 2, 4)]
    first = [(4.0 * fine - coarse) / 3.0 for coarse, fine in pairwise(prices)]
    return (16.0 * first[1] - first[0]) / 15.0


def _trapezoid(underlying: Underlying, strike: float, expiry: float, steps: int, call: bool) -> float:
    weights = np.full(steps, 1.0 / steps)
    weights[-1] /= 2.0
    moments = np.arange(1, steps + 1) * (positive(expiry, "expiry") / steps)
    return price_average(underlying, strike, moments, weights, call, 0.5 / steps)


def price_twap(
    underlying: Underlying, strike: float, expiry: float, window: float, marks: int, call: bool = True
) -> float:
    """Option settled on the mean of `marks` marks equally spaced over the last `window` seconds, the last at expiry."""
    window = inside(window, 0.0, positive(expiry, "expiry"), "window")
    if window == 0.0:
        raise NOT_POSITIVE.reject("window = 0 must be above 0")
    moments = expiry - window + np.arange(1, count(marks, "marks") + 1) * (window / marks)
    if moments[0] <= 0.0:
        raise OUT_OF_DOMAIN.reject(f"the first mark lies at {moments[0]} s: it must lie ahead")
    return price_average(underlying, strike, moments, np.full(marks, 1.0 / marks), call)

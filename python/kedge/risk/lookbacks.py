"""Lookback options with floating strike: continuous, on marks exactly, and the correction between them.

A put pays the highest price less the last, a call the last less the lowest; `extreme` is the highest (lowest) price
seen so far. Sources: Goldman, Sosin and Gatto 1979; Spitzer 1956; Broadie, Glasserman and Kou 1999.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import ndtr

from kedge.risk.checks import Array, count, positive
from kedge.risk.constants import BGK, YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.quadrature import REACH, build_grid, build_step
from kedge.risk.underlying import Law, Underlying

_NO_CARRY: Final = 1e-7


def _check(underlying: Underlying, extreme: float | None, put: bool) -> float:
    found = underlying.spot if extreme is None else positive(extreme, "extreme")
    if (found < underlying.spot) if put else (found > underlying.spot):
        side = "above" if put else "below"
        raise OUT_OF_DOMAIN.reject(f"extreme = {found} must not lie on the wrong side: {side} spot {underlying.spot}")
    return found


def price_continuous(underlying: Underlying, expiry: float, extreme: float | None = None, put: bool = True) -> float:
    """Price when every instant counts; expiry in seconds. Diffusion only (1408 with jumps)."""
    if underlying.jumps is not None:
        raise OUT_OF_DOMAIN.reject("continuous monitoring has a closed form for a diffusion, not with jumps")
    level, years, s = _check(underlying, extreme, put), positive(expiry, "expiry") / YEAR_SECONDS, underlying.volatility
    carry, spread = underlying.rate - underlying.dividend, s * math.sqrt(years)
    sign = 1.0 if put else -1.0
    d1 = (math.log(underlying.spot / level) + (carry + s * s / 2.0) * years) / spread
    asset = underlying.spot * math.exp((carry - underlying.rate) * years)
    cash = level * underlying.discount(expiry)
    body = sign * (cash * ndtr(sign * (spread - d1)) - asset * ndtr(-sign * d1))
    power = 2.0 * carry / (s * s)
    scale = underlying.spot * underlying.discount(expiry)
    if abs(power) < _NO_CARRY:
        density = math.exp(-d1 * d1 / 2.0) / math.sqrt(2.0 * math.pi)
        return float(body + scale * spread * (density + sign * d1 * ndtr(sign * d1)))
    reach = math.exp(carry * years) * ndtr(sign * d1)
    mirrored = (underlying.spot / level) ** -power * ndtr(sign * (d1 - power * spread))
    return float(body + sign * scale / power * (reach - mirrored))


def price_corrected(
    underlying: Underlying, expiry: float, marks: int, extreme: float | None = None, put: bool = True
) -> float:
    """Continuous price with the extreme moved by exp(0.5826 s sqrt(dt)) and its value moved back (BGK 1999)."""
    level = _check(underlying, extreme, put)
    step = expiry / count(marks, "marks") / YEAR_SECONDS
    shift = math.exp((1.0 if put else -1.0) * BGK * underlying.volatility * math.sqrt(step))
    continuous = price_continuous(underlying, expiry, level * shift, put)
    rest = (1.0 / shift - 1.0) * underlying.spot * math.exp(-underlying.dividend * expiry / YEAR_SECONDS)
    return continuous / shift + (rest if put else -rest)


def compute_extreme_mean(underlying: Underlying, expiry: float, marks: int, put: bool = True) -> float:
    """E of the highest (lowest) of the spot and `marks` later marks, over the spot: Spitzer's recursion, exact.

    x_n = (1/n) sum over k < n of x_k a_(n-k), a_j = E e^(X_j^+) (for the lowest: E e^(-X_j^-)), X_j the log-return of
    j intervals. Any law with independent increments, so jumps are allowed. Work grows as marks^2.
    """
    step = positive(expiry, "expiry") / count(marks, "marks")
    means = np.array([_truncated(underlying.law(step * n), put) for n in range(1, marks + 1)])
    x = np.ones(marks + 1)
    for n in range(1, marks + 1):
        x[n] = x[:n] @ means[n - 1 :: -1] / n
    return float(x[marks])


def _truncated(law: Law, put: bool) -> float:
    """E e^max(X, 0), or E e^min(X, 0)."""
    sign = 1.0 if put else -1.0
    moved = law.tilt()
    beyond = ndtr(sign * moved.means / moved.deviations)
    within = ndtr(-sign * law.means / law.deviations)
    return float(moved.weights @ beyond + law.weights @ within)


def price_marked(
    underlying: Underlying, expiry: float, marks: int, extreme: float | None = None, put: bool = True
) -> float:
    """Exact price on `marks` equal intervals (the spot counts as a mark). Jumps are allowed.

    From the extreme at the spot by Spitzer's recursion; otherwise by quadrature on the distance from the extreme.
    """
    level = _check(underlying, extreme, put)
    if level != underlying.spot:
        return reflect_marks(underlying, expiry, marks, level, put)
    asset = underlying.forward(expiry)
    mean = underlying.spot * compute_extreme_mean(underlying, expiry, marks, put)
    return underlying.discount(expiry) * (mean - asset if put else asset - mean)


def reflect_marks(underlying: Underlying, expiry: float, marks: int, extreme: float, put: bool = True) -> float:
    """The same price by a second method: the distance y = |ln(extreme/S)| is reflected at 0 at each mark.

    With the asset as unit of account f_(k+1)(y) = E f_k(max(y - X, 0)) (call: max(y + X, 0)), f_0 = |e^(+-y) - 1|.
    """
    step = positive(expiry, "expiry") / count(marks, "marks")
    law = underlying.law(step).tilt()
    law = law.mirror() if put else law
    law = law._replace(weights=law.weights * underlying.discount(step))
    start = abs(math.log(_check(underlying, extreme, put) / underlying.spot))
    whole = underlying.law(expiry).tilt()
    far = start + REACH * whole.deviation + float(np.abs(whole.means[0]))
    grid = build_grid(0.0, far, float(law.deviations[0]))
    targets = np.concatenate(([0.0, start], grid.nodes))
    matrix, stays = build_step(targets, grid, law), law.below(-targets)
    sign = 1.0 if put else -1.0
    values: Array = sign * np.expm1(sign * targets)
    for _ in range(marks):
        values = matrix @ values[2:] + values[0] * stays
    return underlying.spot * float(values[1])


def price_fixed_strike(underlying: Underlying, strike: float, expiry: float, marks: int, call: bool = True) -> float:
    """Lookback with fixed strike on marks: the call pays (highest - K)^+, the put (K - lowest)^+; 1408 inside the spot.

    (max - K)^+ = max(max, K) - K, so a call with K >= S is a floating put whose extreme is K, plus the asset less K.
    """
    floating = price_marked(underlying, expiry, marks, strike, put=call)
    forward = underlying.discount(expiry) * (underlying.forward(expiry) - strike)
    return floating + (forward if call else -forward)

"""Barrier options: continuous monitoring in closed form, monitoring on marks exactly, and the correction between them.

Sources: Reiner and Rubinstein 1991 in Haug's notation (A to F); Broadie, Glasserman and Kou 1997 for the shift.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import ndtr

from kedge.risk.checks import Array, count, non_negative, positive
from kedge.risk.constants import BGK, YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.quadrature import REACH, build_grid, build_step
from kedge.risk.underlying import Underlying
from kedge.risk.vanilla import price_european

Payoff = Callable[[Array], Array]


@dataclass(frozen=True)
class Barrier:
    """A European option that one barrier ends (`out`) or starts (`in`).

    Expiry in seconds; the rebate of an out option is paid when it ends, of an in option at expiry if it never started.
    """

    strike: float
    level: float
    expiry: float
    call: bool = True
    up: bool = True
    kind: Literal["out", "in"] = "out"
    rebate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("strike", "level", "expiry"):
            positive(getattr(self, name), name)
        non_negative(self.rebate, "rebate")

    def check_alive(self, spot: float) -> None:
        """Refuse a spot price at or beyond the barrier (1408)."""
        if (spot >= self.level) if self.up else (spot <= self.level):
            raise OUT_OF_DOMAIN.reject(f"spot = {spot} is not on the live side of the barrier {self.level}")


def price_continuous(underlying: Underlying, option: Barrier) -> float:
    """Price when every instant counts. Diffusion only: with jumps there is no such closed form here (1408)."""
    if underlying.jumps is not None:
        raise OUT_OF_DOMAIN.reject("continuous monitoring has a closed form for a diffusion, not with jumps")
    option.check_alive(underlying.spot)
    a, b, c, d, e, f = _terms(underlying, option)
    above = option.strike > option.level
    # a call knocked out above its strike, and a put below it, can never pay; the other cases are Haug's table
    if option.call == option.up:
        out = f if above == option.call else a - b + c - d + f
        into = a + e if above == option.call else b - c + d + e
    else:
        far = above if option.call else not above
        out = a - c + f if far else b - d + f
        into = c + e if far else a - b + d + e
    return out if option.kind == "out" else into


def _terms(underlying: Underlying, option: Barrier) -> tuple[float, float, float, float, float, float]:
    """Haug's A to F."""
    years, s, carry = option.expiry / YEAR_SECONDS, underlying.volatility, underlying.rate - underlying.dividend
    spread, ratio = s * math.sqrt(years), option.level / underlying.spot
    mu = (carry - s * s / 2.0) / (s * s)
    inner = mu * mu + 2.0 * underlying.rate / (s * s)
    if inner < 0.0:
        raise OUT_OF_DOMAIN.reject(f"rate = {underlying.rate} is too negative for the rebate's closed form")
    root = math.sqrt(inner)
    phi, eta = (1.0 if option.call else -1.0), (-1.0 if option.up else 1.0)
    asset, cash = (
        underlying.spot * math.exp((carry - underlying.rate) * years),
        option.strike * underlying.discount(option.expiry),
    )

    def plain(moneyness: float) -> float:
        x = math.log(moneyness) / spread + (1.0 + mu) * spread
        return float(phi * (asset * ndtr(phi * x) - cash * ndtr(phi * (x - spread))))

    def mirrored(moneyness: float) -> float:
        y = math.log(moneyness) / spread + (1.0 + mu) * spread
        first = asset * ratio ** (2.0 * (mu + 1.0)) * ndtr(eta * y)
        return float(phi * (first - cash * ratio ** (2.0 * mu) * ndtr(eta * (y - spread))))

    x2, y2 = (math.log(m) / spread + (1.0 + mu) * spread for m in (1.0 / ratio, ratio))
    z = math.log(ratio) / spread + root * spread
    unhit = ndtr(eta * (x2 - spread)) - ratio ** (2.0 * mu) * ndtr(eta * (y2 - spread))
    hit = ratio ** (mu + root) * ndtr(eta * z) + ratio ** (mu - root) * ndtr(eta * (z - 2.0 * root * spread))
    return (
        plain(underlying.spot / option.strike),
        plain(1.0 / ratio),
        mirrored(option.level**2 / (underlying.spot * option.strike)),
        mirrored(ratio),
        option.rebate * underlying.discount(option.expiry) * float(unhit),
        option.rebate * float(hit),
    )


def shift_barrier(level: float, volatility: float, interval: float, up: bool) -> float:
    """H exp(+-0.5826 s sqrt(dt)), away from the spot: the continuous barrier for one seen every `interval` seconds.

    Covers the diffusive overshoot only; fails with few marks and near the barrier (risk memo, sections 1.5 and 4).
    """
    years = positive(interval, "interval") / YEAR_SECONDS
    return level * math.exp((1.0 if up else -1.0) * BGK * volatility * math.sqrt(years))


def price_corrected(underlying: Underlying, option: Barrier, marks: int) -> float:
    """The continuous price at the shifted barrier; `marks` equal intervals to expiry."""
    interval = option.expiry / count(marks, "marks")
    level = shift_barrier(option.level, underlying.volatility, interval, option.up)
    return price_continuous(underlying, replace(option, level=level))


def price_marked(underlying: Underlying, option: Barrier, marks: int) -> float:
    """Exact price when the barrier is looked at on `marks` equal intervals, the last at expiry. Jumps are allowed.

    Backward recursion V_(j-1)(x) = e^(-r dt) E[V_j(x + X) alive + rebate dead], by quadrature (error 1e-9 of spot).
    """
    sign = 1.0 if option.call else -1.0

    def pay(x: Array) -> Array:
        return np.maximum(sign * (np.exp(x) - option.strike), 0.0)

    if option.kind == "out":
        return run_marks(underlying, option, marks, pay)
    bare = replace(option, kind="out", rebate=0.0)
    never = run_marks(underlying, bare, marks, np.ones_like) if option.rebate else 0.0
    plain = price_european(underlying, option.strike, option.expiry, option.call)
    return plain - run_marks(underlying, bare, marks, pay) + option.rebate * never


def run_marks(underlying: Underlying, option: Barrier, marks: int, pay: Payoff, every: int | None = None) -> float:
    """Value of paying `pay(log price)` while alive: at expiry, or at every `every`-th mark (a strip of payments).

    A mark at or beyond the barrier ends the contract before it pays.
    """
    option.check_alive(underlying.spot)
    step = option.expiry / count(marks, "marks")
    law, discount = underlying.law(step), underlying.discount(step)
    start, wall = math.log(underlying.spot), math.log(option.level)
    whole = underlying.law(option.expiry)
    far = REACH * whole.deviation + float(np.abs(whole.means[0]))
    low, high = (start - far, min(wall, start + far)) if option.up else (max(wall, start - far), start + far)
    grid = build_grid(low, high, float(law.deviations[0]), [math.log(option.strike)])
    matrix = build_step(grid.nodes, grid, law)
    dead = option.rebate * _knocked(law.below(wall - grid.nodes), option.up, float(law.weights.sum()))
    leg = pay(grid.nodes)
    values = leg
    for mark in range(marks - 1, 0, -1):
        values = discount * (matrix @ values + dead)
        if every is not None and mark % every == 0:
            values = values + leg
    first = build_step(np.array([start]), grid, law)
    knocked = option.rebate * _knocked(law.below(np.array([wall - start])), option.up, 1.0)
    return discount * float((first @ values + knocked)[0])


def _knocked(below: Array, up: bool, total: float) -> Array:
    return total - below if up else below

"""Optimal anchoring (A7): how often to settle when every anchor costs gas and every second of delay costs money.

Minimise `C(D) = G/D + c D^p` over the interval D: gas per anchor G against the cost of what is not settled yet. Money
in dollars, D in seconds at the surface (years inside the formulas), costs in dollars per year. The law fails where a
jump floor makes part of the delay cost constant, where provers saturate (D below proof time / provers), below one L1
slot (12 s), and where users react to D; callers must check those. Source tags: design memo section 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from scipy.special import gammaln

from kedge.risk.checks import count, inside, non_negative, positive, volatility
from kedge.risk.constants import BGK, YEAR_SECONDS
from kedge.risk.roots import find_root

SHORTFALL_MULTIPLE: Final = 2.6652
"""Expected shortfall at 99 % of a normal law in deviations: margin = this times s sqrt(D)."""


@dataclass(frozen=True)
class DelayCost:
    """Cost of what is not settled, in dollars per year: `scale * (D in years)^power`."""

    scale: float
    power: float

    def __post_init__(self) -> None:
        positive(self.scale, "scale")
        inside(self.power, 1e-3, 4.0, "power")

    def compute_rate(self, interval: float) -> float:
        """Dollars per year at an interval of so many seconds."""
        return float(self.scale * (positive(interval, "interval") / YEAR_SECONDS) ** self.power)


def compute_capital_cost(
    open_interest: float, rate: float, sigma: float, multiple: float = SHORTFALL_MULTIPLE
) -> DelayCost:
    """Capital locked as margin over the window: `rate * open_interest * multiple * s sqrt(D)`; p = 1/2."""
    locked = positive(open_interest, "open_interest") * positive(multiple, "multiple") * volatility(sigma)
    return DelayCost(positive(rate, "rate") * locked, 0.5)


def compute_overshoot_cost(liquidated: float, sigma: float) -> DelayCost:
    """Liquidations caught only at anchors: mean overshoot `0.5826 s sqrt(D)` of so many dollars a year; p = 1/2."""
    return DelayCost(BGK * volatility(sigma) * positive(liquidated, "liquidated"), 0.5)


class Optimum(NamedTuple):
    """The best interval (seconds), its cost per year and the share of gas in it."""

    interval: float
    cost: float
    gas_share: float


def compute_optimum(gas_cost: float, delay: DelayCost) -> Optimum:
    """`D* = (G / (p c))^(1/(1+p))`; gas share `p / (1+p)`; `C* ~ G^(p/(1+p))`.

    p = 1 is the square root of stock keeping (EOQ), p = 1/2 the two-thirds law of margin, p = 1/3 that of cubic jump
    tails. OI $100M, 5 %, s 60 %, G $10: 1.62 h and $446 a day.
    """
    years = (positive(gas_cost, "gas_cost") / (delay.power * delay.scale)) ** (1.0 / (1.0 + delay.power))
    interval = years * YEAR_SECONDS
    return Optimum(interval, compute_cost(gas_cost, delay, interval), delay.power / (1.0 + delay.power))


def compute_cost(gas_cost: float, delay: DelayCost, interval: float, latency: float = 0.0) -> float:
    """Dollars per year at an interval; `latency` (seconds) is delay that comes on top of D: `G/D + c (D + L)^p`."""
    gas = positive(gas_cost, "gas_cost") * YEAR_SECONDS / positive(interval, "interval")
    return gas + delay.compute_rate(interval + non_negative(latency, "latency"))


def compute_optimum_with_latency(gas_cost: float, delay: DelayCost, latency: float) -> Optimum:
    """The best interval when proof, inclusion and finality add a fixed latency L to it: root of the derivative.

    For p <= 1. Above the law without latency; for p = 1/2 and L >> D near `sqrt(2 G sqrt(L) / c)`.
    """
    inside(delay.power, 1e-3, 1.0, "power")
    extra = non_negative(latency, "latency") / YEAR_SECONDS
    if extra == 0.0:
        return compute_optimum(gas_cost, delay)
    gas = positive(gas_cost, "gas_cost")

    def slope(years: float) -> float:
        return float(delay.scale * delay.power * (years + extra) ** (delay.power - 1.0) - gas / years**2)

    low = compute_optimum(gas_cost, delay).interval / YEAR_SECONDS
    high = 2.0 * (low + math.sqrt(gas * (low + extra) ** (1.0 - delay.power) / (delay.power * delay.scale))) + extra
    years = find_root(slope, low * (1 - 1e-12), high, "best interval", xtol=1e-18, rtol=1e-12)
    interval = years * YEAR_SECONDS
    cost = compute_cost(gas_cost, delay, interval, latency)
    return Optimum(interval, cost, gas / years / cost)


def compute_regret(power: float, factor: float) -> float:
    """Cost at `factor * D*` over the cost at D*: `(p / f + f^p) / (1 + p)`; at p = 1/2 a factor 2 costs 11 to 14 %."""
    p, f = inside(power, 1e-3, 4.0, "power"), positive(factor, "factor")
    return float((p / f + f**p) / (1.0 + p))


# Policies that do not watch the clock. X is the exposure since the last anchor, a Brownian motion of deviation s.


class Trigger(NamedTuple):
    """Anchoring when |X| reaches B: mean time between anchors and time averages of X^2 and |X| (unit s = 1)."""

    interval: float
    mean_square: float
    mean_size: float


def compute_trigger(bound: float) -> Trigger:
    """`E tau = B^2`, `E X^2 = B^2 / 6`, `E |X| = B / 3` for a standard Brownian motion; scale X by s, time by 1/s^2."""
    b = positive(bound, "bound")
    return Trigger(b * b, b * b / 6.0, b / 3.0)


def compute_clock(interval: float) -> Trigger:
    """The same averages for anchors every D: `E X^2 = D / 2`, `E |X| = (2/3) sqrt(2 D / pi)`."""
    d = positive(interval, "interval")
    return Trigger(d, d / 2.0, 2.0 / 3.0 * math.sqrt(2.0 * d / math.pi))


def compute_trigger_ratio(power: float) -> float:
    """Least cost of the value trigger over that of the clock, when the delay cost is E|X|^(2p): p = 1 or 1/2.

    `E|X|^(2p)` scales as D^p for both, so costs stand as the delay costs at equal mean interval to the power 1/(1+p):
    0.577 for squares, 0.732 for sizes. [ratio 3 of the squares: Astrom and Bernhardsson 2002]
    """
    trigger, clock = compute_trigger(1.0), compute_clock(1.0)
    if inside(power, 0.5, 1.0, "power") == 1.0:
        ratio = trigger.mean_square / clock.mean_square
    else:
        inside(power, 0.5, 0.5, "power")
        ratio = trigger.mean_size / clock.mean_size
    return float(ratio ** (1.0 / (1.0 + power)))


def compute_count_ratio(power: float, trades: int) -> float:
    """Least cost of anchoring at every n-th trade (Poisson arrivals) over that of the clock.

    Intervals are Erlang with cv^2 = 1/n; a cycle of length T costs `c T^(1+p)`, so c is multiplied by
    `Gamma(n+1+p) / (Gamma(n) n^(1+p))`. n = 1 is the Poisson clock; the ratio tends to 1 as n grows.
    """
    n, p = count(trades, "trades"), inside(power, 1e-3, 4.0, "power")
    jitter = math.exp(float(gammaln(n + 1.0 + p) - gammaln(n)) - (1.0 + p) * math.log(n))
    return float(jitter ** (1.0 / (1.0 + p)))


# Sharing one anchor between several applications.


class Bargain(NamedTuple):
    """Two rollups that post together: share of the joint cost and saving of each against posting alone."""

    larger_share: float
    larger_saving: float
    smaller_saving: float


def compute_bargain(rate_ratio: float) -> Bargain:
    """Nash bargaining under the square-root law: costs alone `sqrt(R_i)`, together `sqrt(R_1 + R_2)`, surplus halved.

    `rate_ratio` = R_1 / R_2 >= 1. At 4: the larger pays 72.4 %, less than its 80 % of the traffic, and saves 19.1 %
    against the smaller's 38.2 %. [statements of Crapis, Felten and Mamageishvili, arXiv 2310.01155]
    """
    ratio = inside(rate_ratio, 1.0, 1e12, "rate_ratio")
    larger, joint = math.sqrt(ratio), math.sqrt(ratio + 1.0)
    gain = (larger + 1.0 - joint) / 2.0
    return Bargain((larger - gain) / joint, gain / larger, gain)

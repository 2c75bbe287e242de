"""Incident replay (A8): what a rollback costs, who pays it, and which margin would have held.

Mode A: the matching engine liquidates continuously, so the anchoring interval sets only how far a rollback reaches.
From the restored state to the first price after recovery the market moves unwatched for `age + recovery`; every account
is then short a put struck at its margin. Incidents of record are rollbacks with downtime, so recovery, not the
interval, sets the tail. Margins and moves are fractions of notional, times seconds, hazards per year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from kedge.risk.checks import non_negative, one_of, positive, probability, same_length, series, share, volatility
from kedge.risk.constants import DAY_SECONDS, YEAR_SECONDS
from kedge.risk.errors import NOT_POSITIVE

_AGES: Final = 64


class Fact(NamedTuple):
    """One published figure of an incident."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Incident:
    """One incident of record: how much time was undone, how long the venue was away, and the published figures."""

    name: str
    date: str
    rolled_back: float
    """Seconds of trading undone in all (0: nothing)."""
    downtime: float
    """Seconds during which nobody could trade (0: none published)."""
    move: float | None
    """Relative price move against the losers while they could not act, where published."""
    facts: tuple[Fact, ...]
    source: str

    @property
    def window(self) -> float:
        """Seconds unwatched: what was undone and the time away."""
        return self.rolled_back + self.downtime

    def get_fact(self, name: str) -> float:
        """The value of a published figure; refuses (1413) one that this incident lacks."""
        known = {fact.name: fact.value for fact in self.facts}
        return known[one_of(name, known, "fact")]


INCIDENTS: Final = {
    "starknet-2025-09": Incident(
        "Starknet, two reorganisations inside an intermittent outage",
        "2025-09-02",
        80 * 60.0,
        11 * 3600.0,
        None,
        (Fact("first rollback", 60.0, "min"), Fact("second rollback", 20.0, "min"), Fact("outage", 11.0, "h")),
        "Starknet incident report, 2 Sep 2025",
    ),
    "starknet-2026-01": Incident(
        "Starknet, the prover rejected what the executor had accepted",
        "2026-01",
        18 * 60.0,
        0.0,
        None,
        (Fact("rollback", 18.0, "min"),),
        "press on Starknet, Jan 2026",
    ),
    "paradex-2026-01": Incident(
        "Paradex, rollback to a block before a faulty migration",
        "2026-01-19",
        0.0,
        8 * 3600.0,
        None,
        (Fact("downtime", 8.0, "h"), Fact("restored block", 1_604_710.0, "block"), Fact("refunded", 650e3, "USD")),
        "press on Paradex, 19 Jan 2026",
    ),
    "black-thursday": Incident(
        "MakerDAO, collateral auctions won at a bid of zero",
        "2020-03-12",
        0.0,
        0.0,
        0.43,
        (
            Fact("collateral sold for 0", 8.32e6, "USD"),
            Fact("share of liquidations", 0.36, ""),
            Fact("uncovered debt", 5.67e6, "DAI"),
            Fact("fall of ETH in a day", 0.43, ""),
        ),
        "write-ups of Black Thursday: gas auction and stale oracle",
    ),
    "october-2025": Incident(
        "Hyperliquid, auto-deleveraging in the fall of 10 October",
        "2025-10-10",
        0.0,
        0.0,
        0.086,
        (
            Fact("liquidated market-wide", 19e9, "USD"),
            Fact("liquidated on Hyperliquid", 7.614e9, "USD"),
            Fact("duration", 714.0, "s"),
            Fact("auto-deleveraging fills", 34_983.0, ""),
            Fact("users deleveraged", 19_337.0, ""),
            Fact("tickers", 162.0, ""),
            Fact("excess, replay authors, low", 45e6, "USD"),
            Fact("excess, replay authors, high", 52e6, "USD"),
            Fact("excess, Chitra", 650e6, "USD"),
            Fact("worst 714 s of bitcoin's mark", 0.086, ""),
        ),
        "HyperReplay; press on Chitra's paper; Binance's mark price. The figures of excess use different definitions",
    ),
}
"""Incidents of record; scenario inputs with the date and source of what was published, not a calibration."""

UNWATCHED: Final = {"black-thursday": DAY_SECONDS, "october-2025": 714.0}
"""Seconds over which the incidents without rollback or downtime ran: the day of the fall; the replayed cascade."""


def get_incident(name: str) -> Incident:
    """A recorded incident by its key; refuses (1413) an unknown one."""
    return INCIDENTS[one_of(name, INCIDENTS, "incident")]


def get_window(name: str) -> float:
    """Seconds that the market moved while the losers could not act."""
    return get_incident(name).window or UNWATCHED[name]


class Shortfall(NamedTuple):
    """One account after an unwatched window: probability of insolvency and mean shortfall per notional."""

    deviation: float
    insolvency: float
    mean: float


def compute_shortfall(margin: float, sigma: float, window: float) -> Shortfall:
    """The settlement put: `s sqrt(W) (phi(d) - d Q(d))`, `d = m / (s sqrt(W))`; insolvency `Q(d)`.

    Driftless normal move (Bachelier), so for windows of days at most: refuses (1408 through the checks) nothing else.
    s 60 %, 9 h, m 1.25 %: deviation 1.92 %, insolvent with probability 25.8 %, mean shortfall 0.299 %.
    """
    deviation = volatility(sigma) * math.sqrt(positive(window, "window") / YEAR_SECONDS)
    d = non_negative(margin, "margin") / deviation
    density, tail = math.exp(-d * d / 2.0) / math.sqrt(2.0 * math.pi), float(ndtr(-d))
    return Shortfall(deviation, tail, deviation * (density - d * tail))


def compute_margin_held(sigma: float, window: float, coverage: float) -> float:
    """Margin that covers the move of an unwatched window with this probability: `z s sqrt(W)`."""
    z = float(ndtri(probability(coverage, "coverage")))
    return z * volatility(sigma) * math.sqrt(positive(window, "window") / YEAR_SECONDS)


def compute_rollback_loss(margin: float, sigma: float, interval: float, recovery: float) -> float:
    """Mean shortfall per notional of one incident that strikes at a random time between anchors: age uniform on [0, D].

    Gauss-Legendre over the age; with recovery R >> D it no longer depends on D.
    """
    points, weights = np.polynomial.legendre.leggauss(_AGES)
    ages = positive(interval, "interval") * (points + 1.0) / 2.0
    back = non_negative(recovery, "recovery")
    losses = [compute_shortfall(margin, sigma, float(age) + back).mean for age in ages]
    return float(np.dot(weights, losses) / 2.0)


def compute_yearly_loss(
    notionals: ArrayLike, margins: ArrayLike, sigma: float, interval: float, recovery: float, hazard: float
) -> float:
    """Expected bad debt per year, in the currency of the notionals: `hazard * sum_i N_i put(m_i, s sqrt(age + R))`.

    `hazard` in incidents per year; it has no default, for no series of incidents is long enough to estimate it.
    """
    sizes, held = series(notionals, "notionals"), series(margins, "margins")
    same_length(notionals=sizes, margins=held)
    if (sizes < 0.0).any():
        raise NOT_POSITIVE.reject(f"notionals: {sizes.min()} must not be below 0")
    levels, where = np.unique(held, return_inverse=True)
    totals = np.bincount(where, weights=sizes)
    losses = [compute_rollback_loss(float(level), sigma, interval, recovery) for level in levels]
    return non_negative(hazard, "hazard") * float(np.dot(totals, losses))


class Waterfall(NamedTuple):
    """Who pays a loss, in its currency: insurance fund, then a haircut of the winners, then nobody (bad debt)."""

    fund: float
    winners: float
    uncovered: float


def compute_waterfall(loss: float, fund: float, gains: float, haircut_limit: float = 1.0) -> Waterfall:
    """The loss beyond the losers' own margin, paid in order: fund first, then up to a share of the winners' gains."""
    total, available = non_negative(loss, "loss"), non_negative(fund, "fund")
    first = min(total, available)
    second = min(total - first, non_negative(gains, "gains") * share(haircut_limit, "haircut_limit"))
    return Waterfall(first, second, total - first - second)

"""A3, venue presets: published margin rules as dated data, and what they require of a position.

Parameters drift: each preset carries its source and date, and the tests check the formulas, not today's values. A
position is linear: `size` in coins (long above zero), price and amounts in the quote currency. Margins of a venue:
initial (to open), maintenance (partial liquidation begins), close_out (taken over); None where it publishes none.
Sources: risk memo 1.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

from kedge.risk.checks import finite, non_negative, one_of, positive, probability
from kedge.risk.errors import OUT_OF_DOMAIN, RiskInputError

_Requirement = Callable[[float], float]


class Rule(Protocol):
    """Amounts in quote currency for a position of this absolute size at this price."""

    def initial(self, size: float, price: float) -> float | None:
        """To open."""

    def maintenance(self, size: float, price: float) -> float:
        """Below it liquidation begins."""

    def close_out(self, size: float, price: float) -> float | None:
        """Below it the position is taken over."""


@dataclass(frozen=True)
class SizeLinear:
    """Fractions that grow with the position: base + slope x coins (Deribit linear futures)."""

    initial_base: float
    maintenance_base: float
    slope: float

    def initial(self, size: float, price: float) -> float:
        return (self.initial_base + self.slope * size) * size * price

    def maintenance(self, size: float, price: float) -> float:
        return (self.maintenance_base + self.slope * size) * size * price

    def close_out(self, size: float, price: float) -> None:
        return None


@dataclass(frozen=True)
class Tier:
    """Notional up to `bound` at this maintenance rate; `leverage` is the highest allowed (None: not published)."""

    bound: float
    rate: float
    leverage: float | None = None


@dataclass(frozen=True)
class Tiered:
    """Tiers by notional: maintenance = N x rate - deduction, deductions such that it is continuous in N."""

    tiers: tuple[Tier, ...]
    close_out_share: float | None = None
    """Taken over below this share of the maintenance margin."""

    @property
    def deductions(self) -> tuple[float, ...]:
        """One per tier: sum of bound x (rate - rate before)."""
        found = [0.0]
        for low, high in pairwise(self.tiers):
            found.append(found[-1] + low.bound * (high.rate - low.rate))
        return tuple(found)

    def _tier(self, notional: float) -> tuple[Tier, float]:
        for tier, deduction in zip(self.tiers, self.deductions, strict=True):
            if notional <= tier.bound:
                return tier, deduction
        raise OUT_OF_DOMAIN.reject(f"notional = {notional:,.10g} is above the last tier ({self.tiers[-1].bound:,.10g})")

    def initial(self, size: float, price: float) -> float | None:
        tier, _ = self._tier(size * price)
        return None if tier.leverage is None else size * price / tier.leverage

    def maintenance(self, size: float, price: float) -> float:
        tier, deduction = self._tier(size * price)
        return size * price * tier.rate - deduction

    def close_out(self, size: float, price: float) -> float | None:
        return None if self.close_out_share is None else self.close_out_share * self.maintenance(size, price)


@dataclass(frozen=True)
class Flat:
    """Constant fractions of notional."""

    initial_rate: float
    maintenance_rate: float
    close_out_rate: float | None = None

    def initial(self, size: float, price: float) -> float:
        return self.initial_rate * size * price

    def maintenance(self, size: float, price: float) -> float:
        return self.maintenance_rate * size * price

    def close_out(self, size: float, price: float) -> float | None:
        return None if self.close_out_rate is None else self.close_out_rate * size * price


@dataclass(frozen=True)
class Venue:
    """A preset: where the numbers are from and when they were read."""

    name: str
    market: str
    rule: Rule
    source: str
    date: str
    note: str = ""


_INF: Final = float("inf")

VENUES: Final = {
    venue.name: venue
    for venue in (
        Venue(
            "deribit",
            "BTC linear perpetual",
            SizeLinear(0.02, 0.01, 0.00005),
            "Deribit support, linear perpetual",
            "2026",
        ),
        Venue(
            "hyperliquid",
            "BTC",
            Tiered((Tier(150e6, 0.0125, 40.0), Tier(_INF, 0.025, 20.0)), 2.0 / 3.0),
            "Hyperliquid docs, margin tiers and liquidations",
            "2026",
            "above $100k the first liquidation takes 20 %, then 30 s cooldown; backstop below 2/3 of maintenance",
        ),
        Venue(
            "hyperliquid-eth",
            "ETH",
            Tiered((Tier(100e6, 0.02, 25.0), Tier(_INF, 1.0 / 30.0, 15.0)), 2.0 / 3.0),
            "Hyperliquid docs, margin tiers and liquidations",
            "2026",
        ),
        Venue(
            "paradex-pm",
            "a BTC perpetual alone under portfolio margin",
            Flat(0.16, 0.08),
            "Paradex docs, portfolio margin",
            "2026",
            "worst of 24 scenarios; hedged books: `kedge risk portfolio`",
        ),
        Venue("dydx", "BTC-USD, tier 0", Flat(0.05, 0.03), "dYdX chain docs, margin", "2026", "liquidation fee 1.5 %"),
        Venue("lighter", "BTC, ETH", Flat(0.02, 0.012, 0.008), "Lighter docs, contract specifications (early)", "2025"),
        Venue(
            "lighter-sol", "SOL", Flat(0.0666, 0.0399, 0.0266), "Lighter docs, contract specifications (early)", "2025"
        ),
        Venue(
            "binance",
            "BTCUSDT perpetual",
            Tiered(
                (
                    Tier(50e3, 0.004),
                    Tier(250e3, 0.005),
                    Tier(1e6, 0.01),
                    Tier(10e6, 0.025),
                    Tier(20e6, 0.05),
                    Tier(50e6, 0.1),
                    Tier(100e6, 0.125),
                    Tier(200e6, 0.15),
                    Tier(300e6, 0.25),
                    Tier(500e6, 0.5),
                )
            ),
            "Binance notice of 18 Mar 2021",
            "2021-03-18",
            "the initial margin follows the leverage that the user sets",
        ),
    )
}


def get_venue(name: str) -> Venue:
    """A preset by name."""
    return VENUES[one_of(name, VENUES, "venue")]


def dydx_initial_fraction(base: float, open_interest: float, low: float, high: float) -> float:
    """dYdX v4: min(base + max((OI - low) / (high - low), 0) (1 - base), 1); amounts in one currency.

    Base 20 %, caps 25M and 50M, open interest 37.5M: 60 %.
    """
    if positive(high, "upper cap") <= non_negative(low, "lower cap"):
        raise OUT_OF_DOMAIN.reject(f"caps {low} and {high}: the upper one is not above")
    filled = max((non_negative(open_interest, "open interest") - low) / (high - low), 0.0)
    return min(probability(base, "base fraction") + filled * (1.0 - base), 1.0)


def deribit_option(kind: str, spot: float, strike: float, mark: float) -> tuple[float, float]:
    """Initial and maintenance margin of one short option, in coins; `mark` in coins, spot and strike in quote.

    Call: max(0.15 - OTM / S, 0.1) + mark; 0.075 + mark. Put: at least its maintenance margin, which is
    max(0.075, 0.075 mark) + mark.
    """
    out = (strike - spot) if one_of(kind, ("call", "put"), "kind") == "call" else (spot - strike)
    outside = max(out, 0.0) / positive(spot, "spot")
    initial = max(0.15 - outside, 0.1) + non_negative(mark, "mark")
    if kind == "call":
        return initial, 0.075 + mark
    maintenance = max(0.075, 0.075 * mark) + mark
    return max(initial, maintenance), maintenance


def zero_price(price: float, size: float, maintenance_rate: float, account: float, requirement: float) -> float:
    """Lighter's zero price: mark (1 -+ M AV / MMR), at which a partial fill leaves AV / MMR unchanged.

    M of this position, account value AV and requirement MMR of the whole account, in quote currency.
    """
    side = 1.0 if finite(size, "size") > 0.0 else -1.0
    health = finite(account, "account value") / positive(requirement, "maintenance requirement")
    return positive(price, "price") * (1.0 - side * positive(maintenance_rate, "maintenance rate") * health)


def liquidation_price(rule: Rule, size: float, entry: float, equity: float) -> float | None:
    """Price at which equity + size (price - entry) meets the maintenance margin; None if no price above zero does.

    `equity` at the entry price; refuses a position that is below maintenance already.
    """
    if size == 0.0:
        raise OUT_OF_DOMAIN.reject("size = 0: there is no position")
    return _meeting(lambda price: rule.maintenance(abs(size), price), size, entry, equity)


def _meeting(required: _Requirement, size: float, entry: float, equity: float) -> float | None:
    """The price at which equity meets a requirement that grows with the price, by bisection."""

    def room(price: float) -> float:
        return equity + size * (price - entry) - required(price)

    if room(positive(entry, "entry price")) < 0.0:
        raise OUT_OF_DOMAIN.reject(f"equity = {equity:,.10g} is below the requirement {required(entry):,.10g} already")
    good, bad = entry, entry * (1e-9 if size > 0.0 else 2.0)
    while size < 0.0 and room(bad) >= 0.0:
        bad *= 2.0
    if room(bad) >= 0.0:
        return None
    for _ in range(200):
        middle = (good + bad) / 2.0
        good, bad = (middle, bad) if room(middle) >= 0.0 else (good, middle)
    return good


@dataclass(frozen=True)
class Ladder:
    """Prices in the order in which a position meets them; None where the venue has no such step or it is never met."""

    initial: float | None
    maintenance: float | None
    close_out: float | None
    bankruptcy: float | None


def compute_ladder(rule: Rule, size: float, entry: float, equity: float) -> Ladder:
    """Where a position with this equity at entry stops being openable, is liquidated, taken over, worth nothing."""

    def meet(required: _Requirement) -> float | None:
        try:
            return _meeting(required, size, entry, equity)
        except RiskInputError:
            return None

    coins = abs(size)
    initial, closing = rule.initial(coins, entry), rule.close_out(coins, entry)
    return Ladder(
        None if initial is None else meet(lambda p: rule.initial(coins, p) or 0.0),
        liquidation_price(rule, size, entry, equity),
        None if closing is None else meet(lambda p: rule.close_out(coins, p) or 0.0),
        meet(lambda p: 0.0),
    )

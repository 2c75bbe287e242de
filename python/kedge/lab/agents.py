"""The traders of the demo. Each agent is asked once per step what it wants and answers with transactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from kedge.lab.desk import Desk
from kedge.units import PPM
from kedge.venue import BUY, FOK, GTC, IOC, POST_ONLY, SELL, Market, Transaction, cancel

_LEVELS: Final = (180, 450, 900)
"""Distance of a maker's quotes from the reference, in ppm."""
_STALE_PPM: Final = 150
_LIFE_MS: Final = 600_000


class Tendency(NamedTuple):
    """What the crowd of takers does: chance of buying and chance of a resting limit order, in percent."""

    buying: int
    resting: int


def scale_size(market: Market, value: int) -> int:
    """Lots worth about `value` quote at the market's opening price, at least one and at least the market's minimum."""
    return max(1, market.terms.minimum, value // market.mark)


@dataclass(slots=True)
class Maker:
    """Quotes both sides at several levels, the best one plain, the others post-only; replaces what has become stale."""

    account: int
    size: int
    bias: int

    def act(self, desk: Desk, market: Market) -> list[Transaction]:
        """Cancels of stale quotes, then the missing ones."""
        wanted = self._quotes(desk, market)
        kept: set[tuple[int, int]] = set()
        burst: list[Transaction] = []
        for order in desk.live(self.account, market.index):
            key = next((k for k in wanted if k not in kept and self._is_near(k, order.side, order.price)), None)
            if key is None:
                burst.append(cancel(self.account, order.slot))
            else:
                kept.add(key)
        for side, price in wanted:
            if (side, price) in kept:
                continue
            size = scale_size(market, self.size * desk.rng.randint(60, 140) // 100)
            best = price in (wanted[0][1], wanted[1][1])
            life = _LIFE_MS if desk.rng.randrange(20) == 0 else 0
            burst += desk.place(self.account, market.index, side, price, size, GTC if best else POST_ONLY, life=life)
        return burst

    def _quotes(self, desk: Desk, market: Market) -> list[tuple[int, int]]:
        prices: list[tuple[int, int]] = []
        for level in _LEVELS:
            prices.append((BUY, desk.around(market.index, self.bias - level)))
            prices.append((SELL, desk.around(market.index, self.bias + level)))
        return prices

    @staticmethod
    def _is_near(wanted: tuple[int, int], side: int, price: int) -> bool:
        return wanted[0] == side and abs(wanted[1] - price) * PPM <= price * _STALE_PPM


@dataclass(slots=True)
class Taker:
    """Crosses the spread most of the time, sometimes rests, sometimes closes; mostly in the market it calls home."""

    account: int
    size: int
    home: int

    def act(self, desk: Desk, market: Market, tendency: Tendency) -> list[Transaction]:
        """One order, after cancelling the oldest one if there are more than two."""
        rng = desk.rng
        live = desk.live(self.account)
        burst = [cancel(self.account, live[0].slot)] if len(live) > 2 else []
        held = desk.estimates.size(self.account, market.index)
        size = scale_size(market, self.size * rng.randint(20, 180) // 100)
        if abs(held) > max(3 * size, market.terms.minimum):
            return burst + self._reduce(desk, market, held)
        side = BUY if rng.randrange(100) < tendency.buying else SELL
        away = 1 if side == BUY else -1
        if rng.randrange(100) < tendency.resting:
            distance = -away * rng.randint(50, 700)
            return burst + desk.place(self.account, market.index, side, desk.around(market.index, distance), size)
        terms = FOK if rng.randrange(12) == 0 else IOC
        limit = desk.around(market.index, away * rng.randint(400, 3_000))
        return burst + desk.place(self.account, market.index, side, limit, size, terms)

    def _reduce(self, desk: Desk, market: Market, held: int) -> list[Transaction]:
        side, away = (SELL, -1) if held > 0 else (BUY, 1)
        return desk.place(
            self.account, market.index, side, desk.around(market.index, away * 3_000), abs(held), IOC, reduce_only=True
        )


@dataclass(slots=True)
class Gambler:
    """Buys early up to a high leverage and then holds on."""

    account: int
    market: int
    leverage: int

    def act(self, desk: Desk, market: Market) -> list[Transaction]:
        """A purchase while there is room under the leverage and the margin rate."""
        estimates, account = desk.estimates, self.account
        margin = desk.rates[market.index] * 115 // 100
        room = min(self.leverage, PPM // max(1, margin)) * estimates.equity(account) - estimates.notional(account)
        size = room // desk.reference[market.index]
        if room * 10 < self.leverage * estimates.equity(account) or size < max(1, market.terms.minimum):
            return []
        share = max(1, market.terms.minimum, size * desk.rng.randint(40, 90) // 100)
        return desk.place(account, market.index, BUY, desk.around(market.index, 2_000), share, IOC)


@dataclass(slots=True)
class Unwinder:
    """A liquidator: what it has taken over it sells on, a part at a time."""

    account: int

    def act(self, desk: Desk, market: Market) -> list[Transaction]:
        """A reduce-only sale of a third of what it holds."""
        held = desk.estimates.size(self.account, market.index)
        if held < market.terms.minimum:
            return []
        price = desk.around(market.index, -4_000)
        size = min(held, max(market.terms.minimum, held // 3))
        return desk.place(self.account, market.index, SELL, price, size, IOC, reduce_only=True)

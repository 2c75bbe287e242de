"""What the agents of the flow share: slots, live orders, positions and reference prices, learnt from outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from kedge.lab.estimates import Estimates
from kedge.lab.slots import SlotAllocator, split_address
from kedge.units import PPM
from kedge.venue import GTC, Event, Market, Outcome, Transaction, orders

REPEAT_MARK_MS: Final = 20_000
"""A mark that did not move is repeated this often: the rules trade on none that is older than a minute."""


@dataclass(frozen=True, slots=True)
class Live:
    """An order that may still be on the book."""

    slot: int
    market: int
    side: int
    price: int


class Desk:
    """Places orders for agents and keeps track of which ones are live.

    Invariant: an order is live from `place` until an outcome refuses it or an event ends it, and its slot is taken
    exactly as long.
    """

    def __init__(self, rng: Random, markets: Sequence[Market]) -> None:
        self.rng = rng
        self.markets = tuple(markets)
        self.rates = {market.index: market.terms.floor for market in markets}
        self.kept = dict(self.rates)
        self.estimates = Estimates()
        self.slots = SlotAllocator()
        self.reference = {market.index: market.mark for market in markets}
        self.clock = 0
        self._marked = {market.index: 0 for market in markets}
        self.placed = self.fills = self.refused = 0
        self._live: dict[int, dict[int, Live]] = {}

    def place(
        self,
        account: int,
        market: int,
        side: int,
        price: int,
        size: int,
        terms: int = GTC,
        *,
        reduce_only: bool = False,
        life: int = 0,
    ) -> list[Transaction]:
        """A list of one order in the lowest free slot, empty if no slot is left; `life` ms, 0 = no expiry."""
        slot = self.slots.take(account)
        if slot is None:
            return []
        price = max(1, min(price, orders.PRICE_LIMIT - 1))
        expiry = self.clock + life if life and self.clock else 0
        self._live.setdefault(account, {})[slot] = Live(slot, market, side, price)
        self.placed += 1
        return [orders.place(account, slot, market, side, price, size, terms, reduce_only=reduce_only, expiry=expiry)]

    def live(self, account: int, market: int | None = None) -> list[Live]:
        """Live orders of the account, oldest first."""
        return [order for order in self._live.get(account, {}).values() if market is None or order.market == market]

    def feedback(self, sent: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
        """Learn what became of transactions."""
        for (step, args), (code, events, _) in zip(sent, outcomes, strict=True):
            if code:
                self.refused += 1
                if step == "place":
                    self._end(args[0], args[1])
                continue
            self.slots.apply(events)
            self.estimates.apply(events)
            for event in events:
                self._learn(event)

    def is_mark_due(self, market: int) -> bool:
        """Whether the mark of a market should be repeated, so that it does not become too old to trade on."""
        return self.clock - self._marked[market] >= REPEAT_MARK_MS

    def around(self, market: int, ppm: int) -> int:
        """The reference price moved by `ppm`."""
        return max(1, self.reference[market] * (PPM + ppm) // PPM)

    def _learn(self, event: Event) -> None:
        name, fields = event
        if name == "fill":
            self.fills += 1
            if fields[9] == 0:
                self._end(*split_address(fields[6]))
        elif name in ("done", "removed"):
            self._end(*split_address(fields[1]))
        elif name == "marked":
            self._marked[fields[0]] = self.clock
        elif name == "window":
            self.clock = fields[0]
        elif name == "margin":
            self.rates[fields[0]], self.kept[fields[0]] = fields[1], fields[3]

    def _end(self, account: int, slot: int) -> None:
        self.slots.free(account, slot)
        self._live.get(account, {}).pop(slot, None)

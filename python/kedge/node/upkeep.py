"""The transactions that the node itself owes the exchange: clock and window, margin rates, funding, announced terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kedge.machine import address_of
from kedge.rules import ANNOUNCED, EXCHANGE, MOST_MARKETS, Market, Parameters
from kedge.sequencer import Transaction
from kedge.venue import Event

EVERY_MS = 1_000
EFFECTIVE: Final = list(Parameters.fields).index("effective")
HOUR_MS = 3_600_000


class Upkeep:
    """Says what is due. The clock never goes back, and the anchored claim never runs ahead of the anchor journal."""

    def __init__(self, clock: int, anchored: int, every_ms: int = EVERY_MS) -> None:
        self.clock, self.anchored = clock, anchored
        self.markets: list[int] = []
        self.announced: dict[int, int] = {}
        """When the terms announced for a market take effect, in ms."""
        self._every = every_ms
        self._funded: dict[int, int] = {}

    def resume(self, get: Callable[[int], list[int]]) -> None:
        """Take up what the state holds: open markets, and terms that are announced."""
        self.markets = [number for number in range(MOST_MARKETS) if get(address_of(Market, EXCHANGE, number))[0]]
        for number in self.markets:
            effective = get(address_of(Parameters, EXCHANGE, number + ANNOUNCED))[EFFECTIVE]
            if effective:
                self.announced[number] = effective

    def learn(self, events: Sequence[Event]) -> None:
        """What was accepted: a market whose first funding is due in an hour, terms that take effect then or later."""
        for name, fields in events:
            if name == "opened":
                self.markets.append(fields[0])
                self._funded[fields[0]] = self.clock
            elif name == "announced":
                self.announced[fields[0]] = fields[1]

    def due(self, now: int, anchored: int) -> Sequence[Transaction]:
        """What to submit at `now` ms, given the last anchored time as the anchor client knows it; often nothing."""
        if now - self.clock < self._every:
            return []
        self.clock, self.anchored = now, max(self.anchored, min(anchored, now))
        work = [Transaction("window_update", [self.clock, self.anchored])]
        for market in [market for market, effective in self.announced.items() if now >= effective]:
            del self.announced[market]
            work.append(Transaction("parameter_update", [market]))
        work += [Transaction("margin_update", [market]) for market in self.markets]
        for market in self.markets:
            if now - self._funded.setdefault(market, now) >= HOUR_MS:
                self._funded[market] = now
                work.append(Transaction("funding_tick", [market]))
        return work

"""The transactions that the node itself owes the exchange: its clock and window, margin rates, funding."""

from __future__ import annotations

from collections.abc import Sequence

from kedge.sequencer import Transaction

EVERY_MS = 1_000
HOUR_MS = 3_600_000


class Upkeep:
    """Says what is due. The clock never goes back, and the anchored claim never runs ahead of the anchor journal."""

    def __init__(self, clock: int, anchored: int, every_ms: int = EVERY_MS) -> None:
        self.clock, self.anchored = clock, anchored
        self.markets: list[int] = []
        self._every = every_ms
        self._funded: dict[int, int] = {}

    def open(self, market: int) -> None:
        """A market was opened: its first funding is due an hour after the clock of that moment."""
        self.markets.append(market)
        self._funded[market] = self.clock

    def due(self, now: int, anchored: int) -> Sequence[Transaction]:
        """What to submit at `now` ms, given the last anchored time as the anchor client knows it; often nothing."""
        if now - self.clock < self._every:
            return []
        self.clock, self.anchored = now, max(self.anchored, min(anchored, now))
        work = [Transaction("window_update", [self.clock, self.anchored])]
        work += [Transaction("margin_update", [market]) for market in self.markets]
        for market in self.markets:
            if now - self._funded.setdefault(market, now) >= HOUR_MS:
                self._funded[market] = now
                work.append(Transaction("funding_tick", [market]))
        return work

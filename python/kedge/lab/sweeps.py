"""From recorded trades to the orders that must have made them.

An exchange prints one trade per resting order hit, so one aggressive order that swept several shows as a run of
trades with one time, one side and never a better price. A sweep is such a run: it becomes one taker order, and one
maker order for each trade.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kedge.lab.tape import Trade
from kedge.venue import BUY, Converter, Market

LONGEST_SWEEP: Final = 32
"""Trades in one taker order at most, far below the steps that one transaction may take."""


@dataclass(slots=True)
class Sweep:
    """One aggressive order: taker `side`, `time` ms, `row` of its first trade, and (ticks, lots) of each trade."""

    market: int
    side: int
    time: int
    row: int
    parts: list[tuple[int, int]]

    @property
    def size(self) -> int:
        """Lots of the whole order."""
        return sum(size for _, size in self.parts)

    @property
    def worst(self) -> int:
        """Price of the last trade: the limit that the taker must have accepted."""
        return self.parts[-1][0]

    def continues(self, market: int, side: int, time: int, price: int) -> bool:
        """Whether a next trade belongs to the same aggressive order."""
        if (market, side, time) != (self.market, self.side, self.time) or len(self.parts) >= LONGEST_SWEEP:
            return False
        return price >= self.worst if side == BUY else price <= self.worst


class Sweeper:
    """Cuts trades into sweeps, in ticks and lots of their markets; counts what had to be rounded."""

    def __init__(self, markets: Iterable[Market]) -> None:
        known = tuple(markets)
        self._index = {market.name: market.index for market in known}
        self._converters = [Converter(market.tick_places) for market in known]

    @property
    def rounded(self) -> tuple[int, int]:
        """Number of prices and of sizes that were rounded so far."""
        return sum(c.rounded_prices for c in self._converters), sum(c.rounded_sizes for c in self._converters)

    def cut(self, trades: Iterable[Trade], first_row: int) -> Iterator[Sweep]:
        """Sweeps in the order of the trades; `first_row` is the file's row of the first trade."""
        sweep: Sweep | None = None
        for row, trade in enumerate(trades, first_row):
            market = self._index[trade.market]
            converter = self._converters[market]
            part = (converter.price(trade.price), converter.size(trade.size))
            if sweep and sweep.continues(market, trade.side, trade.time, part[0]):
                sweep.parts.append(part)
                continue
            if sweep:
                yield sweep
            sweep = Sweep(market, trade.side, trade.time, row, [part])
        if sweep:
            yield sweep

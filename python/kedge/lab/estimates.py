"""An estimate of every account's position and equity, kept from events alone.

The rules hold the truth; this is what a trader outside the exchange would know. It leaves funding out, so an equity
may be a little off: whoever acts on it must expect a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kedge.venue import BUY, Event, Fill, Liquidated


@dataclass(slots=True)
class Holding:
    """One position: `size` signed lots, `cost` quote paid for them (what was realised stays in `cost`)."""

    size: int = 0
    cost: int = 0


@dataclass(slots=True)
class Book:
    """One account: `cash` quote and its holdings by market."""

    cash: int = 0
    holdings: dict[int, Holding] = field(default_factory=dict)


class Estimates:
    """Positions and marks as the events tell them."""

    def __init__(self) -> None:
        self._books: dict[int, Book] = {}
        self.marks: dict[int, int] = {}

    def deposit(self, account: int, amount: int) -> None:
        """Add `amount` quote to the account's cash."""
        self._book(account).cash += amount

    def size(self, account: int, market: int) -> int:
        """Signed lots held."""
        book = self._books.get(account)
        holding = book.holdings.get(market) if book else None
        return holding.size if holding else 0

    def equity(self, account: int) -> int:
        """Cash plus profit at the marks, in quote."""
        book = self._book(account)
        return book.cash + sum(held.size * self.marks[market] - held.cost for market, held in book.holdings.items())

    def notional(self, account: int) -> int:
        """Sum of position values at the marks, in quote."""
        return sum(abs(held.size) * self.marks[market] for market, held in self._book(account).holdings.items())

    def trade(self, account: int, market: int, size: int, price: int, fee: int = 0) -> None:
        """Add `size` signed lots at `price` ticks and take the fee."""
        book = self._book(account)
        holding = book.holdings.setdefault(market, Holding())
        holding.size += size
        holding.cost += size * price
        book.cash -= fee
        self.marks.setdefault(market, price)

    def apply(self, events: Iterable[Event]) -> None:
        """Follow the events of accepted transactions."""
        for name, fields in events:
            if name == "fill":
                self._fill(Fill.read(fields))
            elif name == "liquidated":
                self._liquidated(Liquidated.read(fields))
            elif name == "deleveraged":
                self._deleveraged(*fields)
            elif name == "adjusted":
                account, market, size, price = fields
                self.trade(account, market, size, price)
            elif name == "marked":
                self.marks[fields[0]] = fields[1]
            else:
                self._cash(name, fields)

    def _fill(self, fill: Fill) -> None:
        size = fill.size if fill.side == BUY else -fill.size
        self.trade(fill.taker, fill.market, size, fill.price, fill.taker_fee)
        self.trade(fill.maker, fill.market, -size, fill.price, fill.maker_fee)

    def _liquidated(self, event: Liquidated) -> None:
        size = abs(event.size) if self.size(event.account, event.market) > 0 else -abs(event.size)
        self.trade(event.account, event.market, -size, event.price)
        self.trade(event.liquidator, event.market, size, event.price)

    def _deleveraged(self, account: int, market: int, size: int, _price: int, paid: int, shared: int) -> None:
        """It closes at the mark and is paid what it owed; the price is that of the other side, which `adjusted`
        tells."""
        self.trade(account, market, size, self.marks[market])
        self.deposit(account, paid + shared)

    def _cash(self, name: str, fields: Sequence[int]) -> None:
        # deposits are planned by whoever keeps the estimates, so their events would count them twice
        if name == "withdrawn":
            self.deposit(fields[1], -fields[2])
        elif name == "covered":
            self.deposit(fields[0], fields[1])

    def _book(self, account: int) -> Book:
        return self._books.setdefault(account, Book())

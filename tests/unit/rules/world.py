"""A whole state in plain records; margin and funding computed once more, from the specification and not the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from kedge.machine import Record, address_of, kind_of
from kedge.rules import BOND, EXCHANGE, RECORDS, Account, Book, Market, Order, Pool, Position

PPM = 1_000_000
NO_ASK = 2**28
KINDS: dict[int, type[Record]] = {record.kind: record for record in RECORDS}


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


@dataclass(frozen=True)
class World:
    """Records by class, then by (account, slot)."""

    records: dict[type[Record], dict[tuple[int, int], Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[tuple[int, list[int]]]) -> World:
        """Decode `Engine.entries()`. Fails if some record lies outside of its declared bounds."""
        world = cls({record: {} for record in RECORDS})
        for address, words in entries:
            record = KINDS[kind_of(address)]
            assert not any(words[len(record.fields) :]), f"a {record.__name__} has words beyond its fields"
            for word, (name, bounds) in zip(words, record.fields.items(), strict=False):
                assert bounds.lo <= word <= bounds.hi, f"{record.__name__}.{name} is {word}"
            fields = dict(zip(record.fields, words, strict=False))
            world.records[record][address >> 13, address & 1023] = SimpleNamespace(address=address, **fields)
        return world

    def get(self, record: type[Record], account: int, slot: int = 0) -> Any:
        """A record; all zeros where there is none."""
        empty = SimpleNamespace(address=address_of(record, account, slot), **dict.fromkeys(record.fields, 0))
        return self.records[record].get((account, slot), empty)

    def market(self, number: int) -> Any:
        return self.get(Market, EXCHANGE, number)

    def pool(self, number: int) -> Any:
        """What the fund's book holds of a market."""
        return self.get(Pool, EXCHANGE, number)

    def positions(self, account: int) -> dict[int, Any]:
        """An account's positions by market, listed or not."""
        return {slot: p for (owner, slot), p in self.records[Position].items() if owner == account}

    def order_at(self, address: int) -> Any:
        return self.get(Order, address >> 13, address & 1023)

    # ---- the specification's arithmetic ------------------------------------------------------------------------------

    def margin(self, lots: int, number: int, kept: bool = False) -> int:
        """Margin of some lots, initial or what must be kept: notional x (rate + add-on), rounded up."""
        market = self.market(number)
        rate = (market.kept if kept else market.rate) + ceil_div(abs(lots) * market.slope, 2**20)
        return ceil_div(abs(lots) * market.mark * rate, PPM)

    def required(self, account: int, kept: bool = False) -> int:
        return sum(self.margin(p.size, number, kept) for number, p in self.positions(account).items())

    def bonds(self, account: int) -> int:
        """What the account's orders hold while they rest, counted order by order."""
        return BOND * len([o for (owner, _), o in self.records[Order].items() if owner == account and o.remaining])

    def held(self) -> int:
        """All collateral and all bonds."""
        resting = len([order for order in self.records[Order].values() if order.remaining])
        return int(sum(a.collateral for a in self.records[Account].values())) + BOND * resting

    def equity(self, account: int) -> int:
        """Collateral, bonds, and what every position would bring at the mark, less the funding it owes, rounded up."""
        total = self.get(Account, account).collateral + self.bonds(account)
        for number, p in self.positions(account).items():
            total += p.size * self.market(number).mark - p.cost - self.due(p, number)
        return int(total)

    def due(self, holder: Any, number: int) -> int:
        """Funding that a position or the fund's book owes, rounded up."""
        return ceil_div(holder.size * (self.market(number).funding - holder.funding), 2**16)

    # ---- what must hold in every state -------------------------------------------------------------------------------

    def check(self) -> None:
        """Books, position lists, bonds and the sums over all accounts."""
        for _, number in self.records[Market]:
            for side in (0, 1):
                self._check_book(number, side)
            held = [p.size for (_, slot), p in self.records[Position].items() if slot == number]
            pool, cuts = self.pool(number), self.market(number).cuts
            assert sum(held) + pool.size == 0, f"positions of market {number} add up to {sum(held)}"
            assert cuts or self.get(Book, EXCHANGE, number).interest == sum(abs(size) for size in held)
            assert cuts or not (pool.size or pool.cost), "the fund's book holds what deleveraging left alone"
        for (account, _), record in self.records[Account].items():
            assert record.resting * BOND == self.bonds(account), f"account {account} has another number of orders"
        for account in {owner for owner, _ in self.records[Position]}:
            self._check_list(account)

    def book(self, number: int, side: int) -> list[Any]:
        """The orders of one side, best first, as the links have it."""
        book, found = self.get(Book, EXCHANGE, number), []
        address = book.ask if side else book.bid
        while address:
            found.append(self.order_at(address))
            assert len(found) <= len(self.records[Order]), "the list is a circle"
            address = found[-1].next
        return found

    def _check_book(self, number: int, side: int) -> None:
        book, found, before = self.get(Book, EXCHANGE, number), self.book(number, side), 0
        best = found[0].price if found else side * NO_ASK
        assert (book.ask_price if side else book.bid_price) == best
        for order in found:
            assert (order.book, order.account, order.previous) == (number * 2 + side, order.address >> 13, before)
            assert order.remaining > 0
            before = order.address
        prices = [order.price for order in found]
        assert prices == sorted(prices, reverse=not side)
        live = [o.address for o in self.records[Order].values() if o.remaining and o.book == number * 2 + side]
        assert sorted(live) == sorted(order.address for order in found), "a live order is not in its book"

    def _check_list(self, account: int) -> None:
        owner, listed = self.get(Account, account), []
        number = owner.head
        while number:
            assert number - 1 not in listed, "the list is a circle"
            listed.append(number - 1)
            number = self.get(Position, account, number - 1).next
        assert len(listed) == owner.positions <= 8
        for number, position in self.positions(account).items():
            assert position.listed == (number in listed)
            assert position.listed or not position.size, "an open position is not listed"
            assert position.size or not position.cost, "a flat position has a cost"

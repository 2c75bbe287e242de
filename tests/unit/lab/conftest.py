"""A tiny exchange for the lab's tests: price-time matching without margin, in the words of the rules."""

from __future__ import annotations

import pytest

from kedge.lab.slots import order_address, split_address
from kedge.venue.orders import BUY, FOK, GTC, IOC, POST_ONLY, Event, Outcome, Transaction

REFUSED = 99
Resting = list[int]
"""account, slot, market, side, price, remaining, arrival"""


class FakeExchange:
    """Matches by price and time; `refuses` maps a step to a code; liquidations always succeed at the mark."""

    def __init__(self) -> None:
        self.book: list[Resting] = []
        self.marks: dict[int, int] = {}
        self.held: dict[tuple[int, int], int] = {}
        self.refuses: dict[str, int] = {}
        self.sent: list[Transaction] = []
        self.events: list[Event] = []
        self._arrival = 0

    def submit_many(self, txs: list[Transaction], /) -> list[Outcome]:
        outcomes = [self._run(step, args) for step, args in txs]
        self.sent += txs
        for code, events, _ in outcomes:
            assert not (code and events)
            self.events += events
        return outcomes

    def _run(self, step: str, args: list[int]) -> Outcome:
        if step in self.refuses:
            return self.refuses[step], [], 0
        if step == "place":
            return self._place(args)
        if step == "cancel":
            return self._cancel(args)
        if step == "oracle_price":
            self.marks[args[0]] = args[1]
            return 0, [("marked", args)], 1
        if step == "liquidate":
            return self._liquidate(args)
        return 0, [], 1

    def _place(self, args: list[int]) -> Outcome:
        account, slot, market, side, price, size, terms, _, _ = args
        if any(order[:2] == [account, slot] for order in self.book):
            return 23, [], 0
        sign = 1 if side == BUY else -1
        opposite = [o for o in self.book if o[2] == market and o[3] != side and (price - o[4]) * sign >= 0]
        opposite.sort(key=lambda o: (o[4] * sign, o[6]))
        reach = sum(order[5] for order in opposite)
        if (terms == POST_ONLY and opposite) or (terms == FOK and reach < size):
            return 24, [], 0
        events: list[Event] = [("placed", [account, order_address(account, slot), market, side, price, size, terms])]
        for order in opposite:
            if not size:
                break
            size -= self._fill(order, account, side, size, events)
        address = order_address(account, slot)
        if size and terms not in (IOC, FOK):
            assert terms in (GTC, POST_ONLY)
            self._arrival += 1
            self.book.append([account, slot, market, side, price, size, self._arrival])
            events.append(("rested", [account, address, market, side, price, size]))
        else:
            events.append(("done", [account, address, size]))
        return 0, events, len(events)

    def _fill(self, order: Resting, taker: int, side: int, size: int, events: list[Event]) -> int:
        traded = min(size, order[5])
        order[5] -= traded
        signed = traded if side == BUY else -traded
        self._move(taker, order[2], signed)
        self._move(order[0], order[2], -signed)
        address = order_address(order[0], order[1])
        events.append(("fill", [order[0], taker, order[2], side, order[4], traded, address, 0, 0, order[5]]))
        if not order[5]:
            self.book.remove(order)
        return traded

    def _cancel(self, args: list[int]) -> Outcome:
        for order in self.book:
            if order[:2] == args:
                self.book.remove(order)
                return 0, [("removed", [args[0], order_address(*args), order[5], 1])], 1
        return 32, [], 0

    def _liquidate(self, args: list[int]) -> Outcome:
        account, market, liquidator, size = args
        held = self.held.get((account, market), 0)
        if abs(held) < size:
            return 46, [], 0
        signed = size if held > 0 else -size
        self._move(account, market, -signed)
        self._move(liquidator, market, signed)
        return 0, [("liquidated", [account, liquidator, market, size, self.marks[market]])], 1

    def _move(self, account: int, market: int, size: int) -> None:
        self.held[account, market] = self.held.get((account, market), 0) + size

    def slots(self) -> set[tuple[int, int]]:
        """Account and slot of every resting order."""
        return {split_address(order_address(order[0], order[1])) for order in self.book}


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()

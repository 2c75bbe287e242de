"""An exchange to test the rules on: every transaction runs on the native engine and, beside it, on plain integers."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from kedge._native import Engine, Program, Sealed, poseidon2
from kedge.machine import OracleEngine, Record, address_of
from kedge.rules import Book, Clock, Market, Order, program, rules
from kedge.rules.market import TERMS as FIELDS

Event = tuple[str, list[int]]

BUY, SELL = 0, 1
GTC, IOC, FOK, POST_ONLY = 0, 1, 2, 3
START = 1_000_000_000
HOUR = 3_600_000
MARK = 600_000
OTHER_MARK = 30_000
TERMS = (1, 200, 500, 5_000, 10_000, 1_000_000, 2**30 - 1, 2**48 - 1, 20_000, 40_000, 5_000, 2_000, 5_000, 100)
"""Minimum 1 lot, fees 200 and 500 ppm, penalty 0.5 %, tolerance 1 %, band 100 %, no caps; floor 2 %, sigma 4 % a day,
z 5, delay 2 s, ramp 5,000 ppm per second, slope 100."""

NAMES = tuple(FIELDS)

TEN_THOUSAND = 10_000_000_000
USERS = range(2, 8)


def terms(**changes: int) -> list[int]:
    """The terms with some of them changed, by name."""
    assert set(changes) <= set(NAMES), f"no such terms: {set(changes) - set(NAMES)}"
    return [changes.get(name, value) for name, value in zip(NAMES, TERMS, strict=True)]


@cache
def native_program() -> Program:
    """The rules as the native engine reads them."""
    return Program(program().data)


class Venue:
    """An exchange with two readings of its rules. `oracle=False` leaves the plain integers out, for long histories."""

    def __init__(self, oracle: bool = True, native: Program | None = None) -> None:
        self.engine = Engine(native or native_program())
        self.oracle = OracleEngine(rules, poseidon2) if oracle else None
        self.deposits = 0
        self.log: list[tuple[str, list[int]]] = []

    def submit(self, step: str, *args: int) -> tuple[int, list[Event], int]:
        """Code, events, steps; both readings must agree."""
        outcome = self.engine.submit(step, list(args))
        if self.oracle is not None:
            assert self.oracle.submit(step, args) == outcome, f"the readings of {step}{args} differ"
        self.log.append((step, list(args)))
        return outcome

    def ok(self, step: str, *args: int) -> list[Event]:
        """The events of a transaction that must be accepted."""
        code, events, _ = self.submit(step, *args)
        assert code == 0, f"{step}{args} was refused with {code}"
        return events

    def code(self, step: str, *args: int) -> int:
        return self.submit(step, *args)[0]

    def get(self, record: type[Record], account: int, slot: int = 0) -> Any:
        """A record's fields by name."""
        words = self.engine.get(address_of(record, account, slot))
        return SimpleNamespace(**dict(zip(record.fields, words, strict=False)))

    def seal(self) -> Sealed:
        return self.engine.seal()

    # ---- shorthands --------------------------------------------------------------------------------------------------

    def open(self, now: int = START, anchored: int = START - 1_000) -> Venue:
        """Set the clock, open two markets, give every user ten thousand coins."""
        self.open_markets(now, anchored)
        for user in USERS:
            self.deposit(user, TEN_THOUSAND)
        return self

    def open_markets(self, now: int = START, anchored: int = START - 1_000) -> None:
        self.ok("window_update", now, anchored)
        self.ok("open_market", 0, MARK, *TERMS)
        self.ok("open_market", 1, OTHER_MARK, *TERMS)

    def open_with(self, market: int, changed: list[int], anchored: int = START - 1_000) -> Venue:
        """Set the clock and open one market on terms of its own."""
        self.ok("window_update", START, anchored)
        self.ok("open_market", market, MARK, *changed)
        return self

    def deposit(self, account: int, amount: int) -> None:
        self.ok("deposit", *self.deposit_args(account, amount))
        self.deposits += 1

    def deposit_args(self, account: int, amount: int) -> list[int]:
        return [self.deposits, account, amount, account, 0, 0, 0, 7]

    def order(
        self,
        account: int,
        side: int,
        price: int,
        size: int,
        terms: int = GTC,
        *,
        slot: int = 0,
        market: int = 0,
        reduce_only: int = 0,
        expiry: int = 0,
    ) -> list[Event]:
        """Place an order that must be accepted."""
        return self.ok("place", *order(account, side, price, size, terms, slot, market, reduce_only, expiry))

    def trade(self, seller: int, buyer: int, price: int, size: int, market: int = 0, slot: int = 99) -> None:
        """Let two accounts trade with each other at a price; the book must be empty near it."""
        self.order(seller, SELL, price, size, slot=slot, market=market)
        events = self.order(buyer, BUY, price, size, IOC, slot=slot, market=market)
        assert [dict_of(e)["size"] for e in events if e[0] == "fill"] == [size]

    def mark(self, price: int, market: int = 0) -> None:
        """Move the mark in as many updates as the jump bound asks for."""
        while (now := self.get(Market, 0, market).mark) != price:
            reach = -(-now // 5)
            self.ok("oracle_price", market, max(now - reach, min(now + reach, price)))

    def pass_time(self, milliseconds: int, anchored: int | None = None) -> int:
        """Move the clock on and bring every market's mark and margin up to date; returns the time."""
        clock = self.get(Clock, 0)
        now = clock.now + milliseconds
        self.ok("window_update", now, clock.anchored if anchored is None else anchored)
        for market in (0, 1):
            if mark := self.get(Market, 0, market).mark:
                self.ok("oracle_price", market, mark)
                self.ok("margin_update", market)
        return int(now)

    def change_terms(self, market: int, **changes: int) -> None:
        """Announce the terms with changes, wait the hour, put them in force; the clock never stands still for long."""
        self.ok("announce", market, *terms(**changes))
        for _ in range(60):
            self.pass_time(60_000)
        self.ok("parameter_update", market)

    def book(self, side: int, market: int = 0) -> list[tuple[int, int, int]]:
        """(account, price, remaining) of a side of the book, best first."""
        best = self.get(Book, 0, market)
        address, found = best.ask if side else best.bid, []
        while address:
            words = dict(zip(Order.fields, self.engine.get(address), strict=True))
            found.append((words["account"], words["price"], words["remaining"]))
            address = words["next"]
        return found


def order(
    account: int,
    side: int,
    price: int,
    size: int,
    terms: int = GTC,
    slot: int = 0,
    market: int = 0,
    reduce_only: int = 0,
    expiry: int = 0,
) -> list[int]:
    """Arguments of `place`, in the order the rule wants them."""
    return [account, slot, market, side, price, size, terms, reduce_only, expiry]


def dict_of(event: Event) -> dict[str, int]:
    """An event's fields by name."""
    return dict(zip(rules.events[event[0]], event[1], strict=True))


def of_kind(events: list[Event], kind: str) -> list[dict[str, int]]:
    """The events of one kind, by field name."""
    return [dict_of(event) for event in events if event[0] == kind]

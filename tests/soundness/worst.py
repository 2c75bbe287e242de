"""The worst chunks that users can make: each is filled with one kind of transaction until the engine says stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, repeat
from typing import TYPE_CHECKING, Final

from kedge._native import Engine, Program, Sealed
from kedge.batching import Batch, Chunk, Withdrawal, compute_batch
from kedge.rules import BOND, program
from tests.unit.rules.case import CHUNK_FULL
from tests.unit.rules.venue import BUY, IOC, MARK, SELL, START, TEN_THOUSAND, TERMS, native_program, order

if TYPE_CHECKING:
    from kedge._native import Usage

BANK, TAKER, FIRST = 2, 3, 4
Move = tuple[str, list[int]]


class Crowd:
    """An engine whose chunks end only where it asks for it."""

    def __init__(self, native: Program | None = None) -> None:
        self.engine = Engine(native or native_program())
        self.deposits = 0
        self.must("window_update", START, START - 1_000)
        self.must("open_market", 0, MARK, *TERMS)

    def must(self, step: str, *args: int) -> None:
        """A transaction that must be accepted, in this chunk or in the next."""
        code = self.engine.submit(step, list(args))[0]
        if code == CHUNK_FULL:
            self.engine.seal()
            code = self.engine.submit(step, list(args))[0]
        assert code == 0, f"{step}{args} was refused with {code}"

    def deposit(self, account: int, amount: int) -> Move:
        """The next deposit, to be accepted. Each account has an owner of its own: equal subtrees share their hashes."""
        self.deposits += 1
        return "deposit", [self.deposits - 1, account, amount, account, 0, 0, 0, 7]

    def fund(self, accounts: range, amount: int) -> None:
        for account in accounts:
            step, args = self.deposit(account, amount + account)
            self.must(step, *args)

    def fill(self, moves: Iterator[Move]) -> tuple[Sealed, Usage, int]:
        """A whole chunk of these moves, what the meter says of it, and their number; the next chunk takes more."""
        self.engine.seal()
        for number in count():
            step, args = next(moves)
            code = self.engine.submit(step, args)[0]
            if code:
                assert code == CHUNK_FULL, f"{step}{args} was refused with {code}"
                usage, sealed = self.engine.usage(), self.engine.seal()
                self.must(step, *args)
                return sealed, usage, number
        raise AssertionError("unreachable")


def takers(native: Program | None = None, makers: int = 36_000) -> tuple[Crowd, Iterator[Move]]:
    """Takers in a row, each of whom meets as many small makers as an order may, every maker in another account."""
    crowd = Crowd(native)
    crowd.fund(range(BANK, FIRST), 10**13)
    crowd.fund(range(FIRST, FIRST + makers), 70_000)
    for n, account in enumerate(range(FIRST, FIRST + makers)):
        price = MARK + n - makers // 2
        crowd.must("place", *order(BANK, SELL, price, 2))
        crowd.must("place", *order(account, BUY, price, 2, IOC, 1))
    for account in range(FIRST, FIRST + makers):
        crowd.must("place", *order(account, SELL, MARK, 1))
    return crowd, repeat(("place", order(TAKER, BUY, MARK, 2**20, IOC)))


def evictions() -> tuple[Crowd, Iterator[Move]]:
    """34 users with one quote beside their bonds: their orders lapse, and whoever takes removes as many as one may."""
    crowd, users = Crowd(), range(FIRST, FIRST + 34)
    for account in (TAKER, *users):
        step, args = crowd.deposit(account, 1_000 * BOND + 1)
        crowd.must(step, *args)
    for account in users:
        for slot in range(1_000):
            crowd.must("place", *order(account, SELL, MARK, 1, slot=slot))
    for account in users:
        crowd.must("cancel_all", account)
    return crowd, repeat(("place", order(TAKER, BUY, MARK, 1, IOC)))


def withdrawals() -> tuple[Crowd, Iterator[Move]]:
    """One quote each time."""
    crowd = Crowd()
    crowd.fund(range(TAKER, FIRST), TEN_THOUSAND)
    return crowd, repeat(("withdraw", [TAKER, 1]))


def newcomers() -> tuple[Crowd, Iterator[Move]]:
    """First deposits of accounts far from each other: new records as long as they can be."""
    crowd = Crowd()
    return crowd, (crowd.deposit(FIRST + n * 411, 2**40 + n) for n in count())


def distant(native: Program | None = None, accounts: int = 48_000) -> tuple[Crowd, Iterator[Move]]:
    """Deposits to accounts far from each other that exist: paths through the whole tree for few bytes."""
    crowd = Crowd(native)
    places = [FIRST + n * 349 for n in range(accounts)]
    for account in places:
        step, args = crowd.deposit(account, account)
        crowd.must(step, *args)
    return crowd, (crowd.deposit(account, 1) for account in places)


def steps() -> tuple[Crowd, Iterator[Move]]:
    """Transactions that touch next to nothing."""
    crowd = Crowd()
    crowd.fund(range(TAKER, FIRST), TEN_THOUSAND)
    return crowd, repeat(("cancel_all", [TAKER]))


WORST: Final[dict[str, tuple[Callable[[], tuple[Crowd, Iterator[Move]]], str]]] = {
    "takers": (takers, "bytes"),
    "evictions": (evictions, "bytes"),
    "withdrawals": (withdrawals, "bytes"),
    "newcomers": (newcomers, "bytes"),
    "distant": (distant, "bytes"),
    "steps": (steps, "steps"),
}
"""Each with the limit that ends it."""


def publish(sealed: Sealed, withdrawn: int) -> Batch:
    """The chunk as a batch of its own."""
    owed = tuple(Withdrawal(n, TAKER, bytes(20), 1) for n in range(withdrawn))
    chunk = Chunk(1, sealed.old_root, sealed.new_root, sealed.touched, (), owed, START, START)
    return compute_batch([chunk], program().digest, None)

"""rest: what remains of an order enters the book, at its place by price and time."""

from __future__ import annotations

from kedge.machine import Machine, View, Word, address_of
from kedge.rules.bond import take_bond
from kedge.rules.codes import Code
from kedge.rules.exchange import BOOK_INDEX, rules
from kedge.rules.matching import bears, book_key, crossing_gap, go_idle, set_best
from kedge.rules.records import EXCHANGE, Account, Book, Order

SLOT_BITS = 10


def check_concluded(m: Machine) -> None:
    """The order took no risk, or its account was assessed after all of its fills and bears them.

    Initial margin where one of its fills took risk; close-out margin where all of them eased it.
    """
    c = m.cursor
    m.guard(m.test(c.phase == rules.phase("concluding")) == c.exposed)
    m.require(~c.aged, Code.MARK_STALE)
    m.require(bears(m, ~c.risked), Code.UNDERMARGINED)


def _neighbours(m: Machine, own_best: Word, number: Word) -> tuple[View, View, Word]:
    """The orders before and after the new one, opened where they exist, with the bit that says there is one before.

    Proves: the one before is an order (its address is that of an order of its own account), live, of this side, and not
    worse in price; the one after it is strictly worse. So the place is the only one that price-time priority allows.
    Prover may choose: nothing that passes.
    """
    c = m.cursor
    reference = m.find(BOOK_INDEX, number, book_key(m, c.side, c.price))
    has_before = m.test(reference != 0)
    before = m.change(Order.reference(reference), when=has_before, name="before")
    first = before.account * address_of(Account, 1) + has_before * address_of(Order, 0)
    m.check_range(m.assume(reference - first, 0, 2**SLOT_BITS - 1))
    following = m.commit(m.select(has_before, before.next, own_best))
    has_after = m.test(following != 0)
    after = m.change(Order.reference(following), when=has_after, name="after")
    with m.when(has_before):
        m.guard(before.book == number)
        m.guard(before.remaining > 0)
        m.guard(m.select(c.side, c.price - before.price, before.price - c.price) >= 0)
        before.next = c.order
    with m.when(has_after):
        m.guard(m.select(c.side, after.price - c.price, c.price - after.price) > 0)
        after.previous = c.order
    return before, after, has_before


@rules.step(phases=["matching", "concluding"])
def rest(m: Machine) -> None:
    """Link the active order into its side of the book, and take its bond.

    Proves: it does not cross, its slot was free, its account paid the bond, and it stands behind every order of the
    same or a better price and before every worse one. Prover may choose: the neighbour, and the constraints leave one
    choice.
    """
    c = m.cursor
    m.guard(c.may_rest)
    m.guard(c.remaining > 0)
    book = m.change(Book.at(EXCHANGE, c.market))
    m.guard(crossing_gap(m, book) < 0)
    check_concluded(m)
    take_bond(m, m.change(Account.at(c.account), name="owner"))
    order = m.change(Order.reference(c.order))
    m.require(order.remaining == 0, Code.SLOT_TAKEN)

    own_best = m.commit(m.select(c.side, book.ask, book.bid))
    number = c.market * 2 + c.side
    before, after, has_before = _neighbours(m, own_best, number)
    with m.when(~has_before):
        set_best(m, book, c.side, c.order, c.price)
    order.book, order.price, order.remaining, order.account = number, c.price, c.remaining, c.account
    order.epoch, order.expiry = c.epoch, c.expiry
    order.previous, order.next = before.address, after.address
    m.insert(BOOK_INDEX, number, book_key(m, c.side, c.price), c.order)
    m.emit(
        "rested",
        account=c.account,
        order=c.order,
        market=c.market,
        side=c.side,
        price=c.price,
        remaining=c.remaining,
    )
    go_idle(m)

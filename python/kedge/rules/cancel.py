"""cancel: one resting order leaves the book."""

from __future__ import annotations

from kedge.machine import Machine, split, unsigned
from kedge.rules.bond import count_resting, pay
from kedge.rules.codes import Code
from kedge.rules.exchange import BOOK_INDEX, rules
from kedge.rules.matching import CANCELLED, book_key, empty_price, set_best
from kedge.rules.place import USER
from kedge.rules.records import BOND, EXCHANGE, Account, Book, Order


@rules.step(phases=["idle"], account=USER, slot=unsigned(10))
def cancel(m: Machine) -> None:
    """Unlink an account's resting order: its neighbours join, or its successor becomes the best.

    Its bond returns, also where the order expired or became stale.
    Proves: the order was in the book and the list stays whole. Prover may choose: nothing.
    """
    order = m.change(Order.at(m.input("account"), m.input("slot")))
    m.require(order.remaining > 0, Code.NO_SUCH_ORDER)
    market, side = split(m, order.book, 1)
    book = m.change(Book.at(EXCHANGE, market))
    has_before, has_after = m.test(order.previous != 0), m.test(order.next != 0)
    before = m.change(Order.reference(order.previous), when=has_before, name="before")
    after = m.change(Order.reference(order.next), when=has_after, name="after")
    with m.when(has_before):
        before.next = order.next
    with m.when(has_after):
        after.previous = order.previous
    price = m.commit(m.select(has_after, after.price, empty_price(side)))
    with m.when(~has_before):
        set_best(m, book, side, order.next, price)
    m.remove(BOOK_INDEX, order.book, book_key(m, side, order.price), order.address)
    m.emit("removed", account=m.input("account"), order=order.address, remaining=order.remaining, reason=CANCELLED)
    order.remaining = 0
    account = m.change(Account.at(m.input("account")), name="owner")
    pay(m, account, m.word(BOND))
    count_resting(m, account, m.word(-1))

"""What the steps of an order share: the best opposite order, whether it crosses, and linking in the book."""

from __future__ import annotations

from kedge.machine import Condition, Machine, View, Word
from kedge.rules.exchange import ASSESSMENT, BOOK_INDEX, rules
from kedge.rules.margin import CLOSE_OUT, PPM, PROPORTION
from kedge.rules.records import NO_ASK, Order

CANCELLED, EXPIRED, STALE, SELF_TRADE, UNDERMARGINED, UNLISTED, OVERSIZE, AGED = 1, 2, 3, 4, 5, 6, 7, 8
"""Reasons of the event `removed`."""

MOST_STEPS = 3_800
"""The engine takes at most 4,096 steps per transaction. Assessing maker and taker once more needs fewer than 200: 8
positions each, of which any may have 10 steps of deleveraging to apply."""


def crossing_gap(m: Machine, book: View) -> Word:
    """How far the active order's limit reaches past the best opposite price, in ticks; negative: it does not cross."""
    c = m.cursor
    return m.select(c.side, book.bid_price - c.price, c.price - book.ask_price)


def is_tired(m: Machine) -> Word:
    """Whether the order has taken as many steps as one may: from then on it meets no further maker.

    What remains of it is cancelled, and what it did stays done. Otherwise a book full of orders that must be evicted
    could make every taker too long for one transaction, and so refused with all of its evictions undone.
    """
    return m.test(m.cursor.time - m.cursor.start >= MOST_STEPS)


def best_opposite(m: Machine, book: View) -> Word:
    """Address of the best order that the active one can trade with."""
    return m.commit(m.select(m.cursor.side, book.bid, book.ask))


def burden_of(m: Machine, sells: Word, market: View, price: Word, fee: Word) -> Word:
    """What a lot of a fill costs one side against the mark, fee (ppm) included, in 10^-6 quote; negative: it gains."""
    loss = m.commit(m.select(sells, market.mark - price, price - market.mark))
    return m.commit(loss * PPM + price * fee)


def reduces(m: Machine, sells: Word, position: View, size: Word) -> Word:
    """Whether a fill only makes one side's position smaller."""
    held = m.commit(m.select(sells, position.size, -position.size))
    return m.test(size <= held)


def is_free(m: Machine, reducing: Word, burden: Word) -> Word:
    """Whether one side of a fill needs no assessment: it only reduces its position, and loses nothing by it.

    Its equity does not fall and its requirement does, so whatever its health was, it is not worse afterwards.
    """
    return m.commit(reducing & (burden <= 0))


def is_eased(m: Machine, reducing: Word, burden: Word, market: View, terms: View) -> Word:
    """Whether one side of a fill only reduces its position, and loses by it at most 2/5 of the margin that it frees.

    Such a fill passes where half of initial margin is left (`bears`). With equity E and requirement R afterwards, loss
    l and freed margin f, health E / R was no better before: E / R >= (E + l) / (R + f) is l / f <= E / R, and
    l / f <= 2/5 < 1/2 <= E / R. So nobody makes a debt by it, up to the dust of two roundings. The tolerance ends at
    the market's `tolerance`, so that it does not grow with the settlement window.
    """
    tolerance = m.commit(m.minimum(market.rate * CLOSE_OUT, terms.tolerance * PROPORTION))
    return m.commit(reducing & (burden * PROPORTION <= market.mark * tolerance))


def bears(m: Machine, eased: Word) -> Word:
    """Whether the assessed account bears what it was assessed under: at initial margin, or at half of it if eased.

    Where a mark or a rate was too old nobody knows, and so it does not.
    """
    c = m.cursor
    enough = m.test(m.select(eased, c.equity * 2, c.equity) >= c.required)
    return m.both(enough, ~c.aged)


def objections(m: Machine, maker: View, account: View, position: View, terms: View, size: Word) -> dict[int, Condition]:
    """What speaks against filling the best opposite order before any assessment, by the reason that is reported.

    `evict` wants one of these, `fill` and `offer` want none, so that exactly one of them applies to an order that is
    met: evict where there is an objection, else fill where the fill is free, else offer. A sweep, which is account 0,
    goes the same road, with `spare` in the place of `fill`. A prover has no choice of the road, and so none of the
    number of steps after which an order is tired.
    """
    c = m.cursor
    grown = m.commit(m.select(c.side, position.size, -position.size)) + size
    return {
        EXPIRED: maker.expiry < c.now,
        STALE: maker.epoch != account.epoch,
        SELF_TRADE: maker.account == c.account,
        UNLISTED: ~position.listed,
        OVERSIZE: grown > terms.largest,
    }


def guard_fillable(m: Machine, maker: View, account: View, position: View, terms: View, size: Word) -> None:
    """Nothing speaks against filling the best opposite order."""
    for objection in objections(m, maker, account, position, terms, size).values():
        m.guard(~objection)


def is_assessed(m: Machine) -> Word:
    """Whether the best opposite maker was just assessed under the fill that is proposed to it."""
    return m.test(m.cursor.phase == rules.phase("deciding"))


def guard_met(m: Machine, book: View) -> None:
    """The active order meets the best opposite one: it crosses, wants lots, and may take more steps.

    An order that became tired while its maker was assessed still decides about that maker.
    """
    m.guard(crossing_gap(m, book) >= 0)
    m.guard(m.cursor.remaining > 0)
    m.guard(is_assessed(m) | ~is_tired(m))


def guard_borne(m: Machine, position: View, market: View, terms: View, size: Word, price: Word) -> None:
    """The maker's fill is free, or the maker was assessed under it and bears it."""
    sells = ~m.cursor.side
    burden = burden_of(m, sells, market, price, terms.maker_fee)
    reducing = m.commit(reduces(m, sells, position, size))
    borne = bears(m, is_eased(m, reducing, burden, market, terms))
    m.guard(m.select(is_assessed(m), borne, is_free(m, reducing, burden)))


def set_best(m: Machine, book: View, side: Word, order: Word, price: Word) -> None:
    """Make `order` the best of its side (0: bid, 1: ask), where the `when` around this holds."""
    with m.when(side):
        book.ask, book.ask_price = order, price
    with m.when(~side):
        book.bid, book.bid_price = order, m.assume(price, 0, NO_ASK - 1)


def empty_price(side: Word) -> Word:
    """The price that stands for an empty side."""
    return side * NO_ASK


def book_key(m: Machine, side: Word, price: Word) -> Word:
    """Sort key of the advice index: better orders first."""
    return m.select(side, price, NO_ASK - price)


def pop_best(m: Machine, book: View, order: View, side: Word, gone: Word) -> None:
    """Take the best order of `side` out of the book where `gone` holds.

    Proves: its successor becomes the best. Prover may choose: nothing; the successor is the stored link.
    """
    has_next = m.test(order.next != 0)
    successor = m.change(Order.reference(order.next), when=gone & has_next, name="successor")
    with m.when(gone):
        price = m.commit(m.select(has_next, successor.price, empty_price(side)))
        set_best(m, book, side, order.next, price)
        successor.previous = 0
        m.remove(BOOK_INDEX, order.book, book_key(m, side, order.price), order.address)


def forget_assessment(m: Machine) -> None:
    """Clear the registers of an assessment that has served its purpose."""
    for register in ASSESSMENT:
        setattr(m.cursor, register, 0)


def go_idle(m: Machine) -> None:
    """End the transaction: idle leaves every register zero."""
    for register in m.cursor.names:
        if register != "time":
            setattr(m.cursor, register, 0)

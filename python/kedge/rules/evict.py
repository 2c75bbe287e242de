"""evict: a resting order that cannot be filled leaves the book, provably, and the taker goes on."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.exchange import rules
from kedge.rules.matching import best_opposite, crossing_gap, forget_assessment, is_free, is_tired, pop_best
from kedge.rules.records import EXCHANGE, Account, Book, Market, Order, Position

CANCELLED, EXPIRED, STALE, SELF_TRADE, UNDERMARGINED, UNLISTED, OVERSIZE = 1, 2, 3, 4, 5, 6, 7
"""Reasons of the event `removed`."""


@rules.step(phases=["matching", "deciding"])
def evict(m: Machine) -> None:
    """Remove the best opposite order.

    Because it expired, its account cancelled all, it would trade with its own account, its position is no longer listed
    or would exceed the largest size, or its account failed the assessment under the proposed fill.

    Proves: one of these reasons holds; a healthy maker, or one whose fill needs no assessment, cannot be removed.
    Prover may choose: nothing.
    """
    c = m.cursor
    book = m.change(Book.at(EXCHANGE, c.market))
    m.guard(crossing_gap(m, book) >= 0)
    m.guard(c.remaining > 0)
    m.guard(m.test(c.phase == rules.phase("deciding")) | ~is_tired(m))
    maker = m.change(Order.reference(best_opposite(m, book)), name="maker")
    account = m.read(Account.at(maker.account), name="maker_account")
    position = m.read(Position.at(maker.account, c.market), name="maker_position")
    market = m.read(Market.at(EXCHANGE, c.market))
    size = m.commit(m.minimum(c.remaining, maker.remaining))
    grown = m.commit(m.select(c.side, position.size, -position.size)) + size
    free = is_free(m, ~c.side, position, market, size, maker.price)
    reasons = {
        EXPIRED: m.test(maker.expiry < c.now),
        STALE: m.test(maker.epoch != account.epoch),
        SELF_TRADE: m.test(maker.account == c.account),
        UNDERMARGINED: m.test(c.equity < c.required) & ~free,
        UNLISTED: ~position.listed,
        OVERSIZE: m.test(grown >= 2**30),
    }
    any_reason, reason = m.word(0), m.word(0)
    for number, holds in reasons.items():
        any_reason = m.commit(any_reason | holds)
        reason = m.commit(m.select(holds, number, reason))
    m.guard(any_reason)

    left = maker.remaining
    maker.remaining = 0
    pop_best(m, book, maker, ~c.side, m.word(1))
    m.emit("removed", account=maker.account, order=maker.address, remaining=left, reason=reason)
    forget_assessment(m)
    c.phase = rules.phase("matching")

"""evict: a resting order that cannot be filled leaves the book, provably, and the taker goes on."""

from __future__ import annotations

from kedge.machine import Machine, View, Word
from kedge.rules.bond import count_resting, pay
from kedge.rules.cuts import is_current
from kedge.rules.exchange import rules
from kedge.rules.matching import (
    AGED,
    SELF_TRADE,
    UNDERMARGINED,
    bears,
    best_opposite,
    burden_of,
    forget_assessment,
    guard_met,
    is_assessed,
    is_eased,
    objections,
    pop_best,
    reduces,
)
from kedge.rules.records import BOND, EXCHANGE, FUND, Account, Book, Market, Order, Position, Terms


def _hand_over_bond(m: Machine, account: View, reason: Word) -> None:
    """To the fund, unless the account removed its own order or the operator let a mark grow old: then it returns."""
    returns = m.commit(m.either(m.test(reason == SELF_TRADE), m.test(reason == AGED)))
    pay(m, account, returns * BOND)
    count_resting(m, account, m.word(-1))
    pay(m, m.change(Account.at(FUND), name="fund"), (1 - returns) * BOND)


@rules.step(phases=["matching", "deciding"])
def evict(m: Machine) -> None:
    """Remove the best opposite order.

    Because it expired, its account cancelled all, it would trade with its own account, its position is no longer listed
    or would exceed the largest size, or its account failed the assessment under the proposed fill, or could not be
    valued because a mark or a rate was too old. Its bond goes to the insurance fund; in the third and the last case it
    returns.

    Proves: one of these reasons holds; a healthy maker, or one whose fill needs no assessment, cannot be removed.
    Prover may choose: nothing.
    """
    c = m.cursor
    book = m.change(Book.at(EXCHANGE, c.market))
    guard_met(m, book)
    maker = m.change(Order.reference(best_opposite(m, book)), name="maker")
    account = m.change(Account.at(maker.account), name="maker_account")
    position = m.read(Position.at(maker.account, c.market), name="maker_position")
    size = m.commit(m.minimum(c.remaining, maker.remaining))
    terms = m.read(Terms.at(EXCHANGE, c.market))
    reason = m.word(0)
    for number, objection in objections(m, maker, account, position, terms, size).items():
        reason = m.commit(m.select(objection, number, reason))
    assessed = is_assessed(m)
    market = m.read(Market.at(EXCHANGE, c.market))
    burden = burden_of(m, ~c.side, market, maker.price, terms.maker_fee)
    eased = is_eased(m, reduces(m, ~c.side, position, size), burden, market, terms)
    m.guard(is_current(position, market))
    m.guard(m.select(assessed, ~bears(m, eased), m.test(reason != 0)))
    reason = m.commit(m.select(assessed, m.select(c.aged, AGED, UNDERMARGINED), reason))

    left = maker.remaining
    maker.remaining = 0
    _hand_over_bond(m, account, reason)
    pop_best(m, book, maker, ~c.side, m.word(1))
    m.emit("removed", account=maker.account, order=maker.address, remaining=left, reason=reason)
    forget_assessment(m)
    c.phase = rules.phase("matching")

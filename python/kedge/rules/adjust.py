"""adjust: a position closes what deleveraging has taken of it, on request or before a step uses it."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.codes import Code
from kedge.rules.cuts import apply_cuts, is_current
from kedge.rules.exchange import rules
from kedge.rules.matching import best_opposite, guard_met
from kedge.rules.place import USER
from kedge.rules.records import EXCHANGE, MARKET_ID, Account, Book, Market, Order, Pool, Position


@rules.step(phases=["idle"], account=USER, market=MARKET_ID)
def adjust(m: Machine) -> None:
    """Bring a position up to date with its market's deleveragings, by one era of them. Prover may choose: nothing."""
    number = m.input("market")
    account, position = m.change(Account.at(m.input("account"))), m.change(Position.at(m.input("account"), number))
    market, pool = m.read(Market.at(EXCHANGE, number)), m.change(Pool.at(EXCHANGE, number))
    m.require(position.cuts != market.cuts, Code.NOTHING_TO_ADJUST)
    moved, price = apply_cuts(m, account, position, market, pool, number)
    m.emit("adjusted", account=m.input("account"), market=number, size=moved, price=price)


@rules.step(phases=["assessing", "adjusting"])
def catch_up(m: Machine) -> None:
    """Bring the position that comes next up to date: of an assessment, or that of the order which is about to match.

    Proves: it was not. What the collateral gains or loses by it the assessment counts too. Prover may choose: nothing.
    """
    c = m.cursor
    assessing = m.commit(m.test(c.phase == rules.phase("assessing")))
    number = m.commit(m.assume(m.select(assessing, c.next - 1, c.market), 0, MARKET_ID.hi))
    position, market = m.change(Position.at(c.subject, number)), m.read(Market.at(EXCHANGE, number))
    m.guard(position.cuts != market.cuts)
    account, pool = m.change(Account.at(c.subject)), m.change(Pool.at(EXCHANGE, number))
    before = account.collateral
    moved, price = apply_cuts(m, account, position, market, pool, number)
    m.emit("adjusted", account=c.subject, market=number, size=moved, price=price)
    equity = c.equity + m.commit(assessing * m.commit(account.collateral - before))
    c.equity = m.commit(m.narrow(equity, -(2**60), 2**60 - 1, Code.EQUITY_OVERFLOW))
    goes_on = m.commit(m.test(is_current(position, market)) & ~assessing)
    c.subject = m.select(goes_on, 0, c.subject)
    c.phase = m.select(goes_on, rules.phase("matching"), c.phase)


@rules.step(phases=["matching"])
def renew(m: Machine) -> None:
    """The best opposite maker's position is not up to date: bring it up first.

    Proves: the order that is met is the one that `fill`, `offer` or `evict` would decide about. Prover may choose:
    nothing.
    """
    c = m.cursor
    book = m.read(Book.at(EXCHANGE, c.market))
    guard_met(m, book)
    maker = m.read(Order.reference(best_opposite(m, book)), name="maker")
    position = m.read(Position.at(maker.account, c.market), name="maker_position")
    market = m.read(Market.at(EXCHANGE, c.market))
    m.guard(position.cuts != market.cuts)
    c.subject, c.phase = maker.account, rules.phase("adjusting")

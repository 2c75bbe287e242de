"""offer: propose the next fill to the maker, whose whole account is assessed under it before it happens."""

from __future__ import annotations

from kedge.machine import Machine, mul_div
from kedge.rules.bond import equity_of
from kedge.rules.codes import Code
from kedge.rules.cuts import is_current
from kedge.rules.exchange import rules
from kedge.rules.margin import PPM, begin_assessment
from kedge.rules.matching import best_opposite, burden_of, guard_fillable, guard_met, is_free, reduces
from kedge.rules.records import EXCHANGE, Account, Book, Market, Order, Position, Terms


@rules.step(phases=["matching"])
def offer(m: Machine) -> None:
    """Start assessing the best opposite maker under the fill that price-time priority dictates.

    Proves: the proposal is the best order, at its price, for as much as both sides want. Nothing is written, so nothing
    has to be undone if the maker cannot bear it. Prover may choose: nothing.
    """
    c = m.cursor
    book = m.read(Book.at(EXCHANGE, c.market))
    guard_met(m, book)
    maker = m.read(Order.reference(best_opposite(m, book)), name="maker")
    account = m.read(Account.at(maker.account), name="maker_account")
    position = m.read(Position.at(maker.account, c.market), name="maker_position")
    market = m.read(Market.at(EXCHANGE, c.market))
    terms = m.read(Terms.at(EXCHANGE, c.market))
    size = m.commit(m.minimum(c.remaining, maker.remaining))
    guard_fillable(m, maker, account, position, terms, size)
    burden = burden_of(m, ~c.side, market, maker.price, terms.maker_fee)
    m.guard(~is_free(m, reduces(m, ~c.side, position, size), burden))
    m.guard(is_current(position, market))
    m.require(~c.passive, Code.WOULD_CROSS)
    notional = m.commit(size * maker.price)
    fee = mul_div(m, notional, terms.maker_fee, PPM, up=True)
    begin_assessment(
        m, maker.account, equity_of(account), account.head, rules.phase("deciding"), rules.phase("assessing")
    )
    buys = c.side
    c.target = c.market + 1
    c.delta = m.commit(m.select(buys, size, -size))
    c.flow = m.commit(m.select(buys, notional, -notional) + fee)

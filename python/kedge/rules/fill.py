"""fill: the best resting order trades with the active one, at the maker's price."""

from __future__ import annotations

from kedge.machine import Machine, View, Word, mul_div
from kedge.rules.bond import count_resting
from kedge.rules.codes import Code
from kedge.rules.cuts import is_current
from kedge.rules.exchange import rules
from kedge.rules.margin import PPM, count_interest, settle
from kedge.rules.matching import (
    best_opposite,
    burden_of,
    forget_assessment,
    guard_borne,
    guard_fillable,
    guard_met,
    is_eased,
    is_free,
    pop_best,
    reduces,
)
from kedge.rules.records import BOND, EXCHANGE, FUND, Account, Book, Market, Order, Position, Terms


@rules.step(phases=["matching", "deciding"])
def fill(m: Machine) -> None:
    """Fill the best resting order against the active one.

    Proves: the active order is no sweep, nobody with a better price or an earlier place was passed over (the list's
    head is filled), the maker bears the fill (it needs no assessment, or its assessment ran under exactly this
    proposal: only `assess` ran since, and it writes nothing), fees go to the fund, and an order that is filled whole
    has its bond back. The taker is assessed when its order is done.
    Prover may choose: nothing.
    """
    c = m.cursor
    book = m.change(Book.at(EXCHANGE, c.market))
    guard_met(m, book)
    maker = m.change(Order.reference(best_opposite(m, book)), name="maker")
    maker_account = m.change(Account.at(maker.account), name="maker_account")
    maker_position = m.change(Position.at(maker.account, c.market), name="maker_position")
    size = m.commit(m.minimum(c.remaining, maker.remaining))
    market = m.read(Market.at(EXCHANGE, c.market))
    terms = m.read(Terms.at(EXCHANGE, c.market))
    guard_fillable(m, maker, maker_account, maker_position, terms, size)
    guard_borne(m, maker_position, market, terms, size, maker.price)
    m.guard(c.account != EXCHANGE)
    m.guard(is_current(maker_position, market))
    m.require(~c.passive, Code.WOULD_CROSS)

    account = m.change(Account.at(c.account), name="taker_account")
    position = m.change(Position.at(c.account, c.market), name="taker_position")
    burden = burden_of(m, c.side, market, maker.price, terms.taker_fee)
    reducing = m.commit(reduces(m, c.side, position, size))
    c.exposed = c.exposed | ~is_free(m, reducing, burden)
    c.risked = c.risked | ~is_eased(m, reducing, burden, market, terms)
    notional = m.commit(size * maker.price)
    maker_fee = mul_div(m, notional, terms.maker_fee, PPM, up=True)
    taker_fee = mul_div(m, notional, terms.taker_fee, PPM, up=True)
    bought, paid = m.commit(m.select(c.side, -size, size)), m.commit(m.select(c.side, -notional, notional))
    left = m.commit(m.assume(maker.remaining - size, 0, 2**30 - 1))
    whole = m.test(left == 0)
    grown = settle(m, maker_account, maker_position, market, -bought, -paid, maker_fee - whole * BOND)
    count_resting(m, maker_account, -whole)
    count_interest(m, book, grown + settle(m, account, position, market, bought, paid, taker_fee))
    fund = m.change(Account.at(FUND), name="fund")
    fund.collateral = m.narrow(fund.collateral + maker_fee + taker_fee, -(2**60), 2**60 - 1, Code.COLLATERAL_OVERFLOW)

    maker.remaining = left
    c.remaining = m.assume(c.remaining - size, 0, 2**30 - 1)
    pop_best(m, book, maker, ~c.side, whole)
    _report(m, maker, size, maker_fee, taker_fee)
    forget_assessment(m)
    c.phase = rules.phase("matching")


def _report(m: Machine, maker: View, size: Word, maker_fee: Word, taker_fee: Word) -> None:
    c = m.cursor
    m.emit(
        "fill",
        maker=maker.account,
        taker=c.account,
        market=c.market,
        side=c.side,
        price=maker.price,
        size=size,
        order=maker.address,
        maker_fee=maker_fee,
        taker_fee=taker_fee,
        remaining=maker.remaining,
    )

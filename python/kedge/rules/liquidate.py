"""liquidate: an account below maintenance loses positions to a liquidator, or at the last to the insurance fund."""

from __future__ import annotations

from kedge.machine import Field, Machine, View, Word, magnitude, mul_div
from kedge.rules.cancel_all import raise_epoch
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.margin import CLOSE_OUT, MAINTENANCE, PPM, PROPORTION, begin_assessment, list_position, settle
from kedge.rules.place import USER
from kedge.rules.records import EXCHANGE, FUND, MARKET_ID, MAX_PRICE, SIZE, Account, Market, Position

PENALTY = 1
"""The liquidator takes over at the mark less 1/5 of the initial margin rate (plus, for shorts), rounded in favour of
the liquidated account: half of close-out margin, so that a takeover alone never leaves a debt above close-out."""

COMPARABLE = 2**59
"""Equity and requirement are compared after multiplication by 5 and 3, so both must stay below this."""


@rules.step(phases=["idle"], account=USER, market=MARKET_ID, liquidator=Field(FUND, 2**24 - 1), size=SIZE)
def liquidate(m: Machine) -> None:
    """Start assessing an account for a takeover of `size` lots of one of its positions. Prover may choose: nothing."""
    c = m.cursor
    m.require(m.input("account") != m.input("liquidator"), Code.SELF_LIQUIDATION)
    account = m.read(Account.at(m.input("account")))
    m.require(account.head != 0, Code.NO_POSITIONS)
    begin_assessment(
        m, m.input("account"), account.collateral, account.head, rules.phase("seizing"), rules.phase("assessing")
    )
    c.account, c.market, c.remaining = m.input("liquidator"), m.input("market"), m.input("size")


def _check_takeover(m: Machine, lots: Word, to_fund: Word) -> None:
    """Below maintenance; above close-out only half at once, and never by the fund."""
    c = m.cursor
    equity = m.narrow(c.equity, -COMPARABLE, COMPARABLE - 1, Code.EQUITY_OVERFLOW)
    required = m.narrow(c.required, 0, COMPARABLE - 1, Code.EQUITY_OVERFLOW)
    m.require(equity * PROPORTION < required * MAINTENANCE, Code.NOT_LIQUIDATABLE)
    m.require(c.remaining <= lots, Code.SIZE_EXCEEDS_POSITION)
    above_close_out = m.commit(m.test(equity * PROPORTION >= required * CLOSE_OUT))
    with m.when(above_close_out):
        m.require(c.remaining * 2 <= lots + 1, Code.PARTIAL_FIRST)
    m.require(~m.both(above_close_out, to_fund), Code.FUND_IS_LAST)


def _takeover_price(m: Machine, market: View, short: Word) -> Word:
    penalty = mul_div(m, market.mark, market.rate * PENALTY, PPM * PROPORTION, up=False)
    return m.commit(m.assume(m.select(short, market.mark + penalty, market.mark - penalty), 0, MAX_PRICE * 2))


@rules.step(phases=["seizing"])
def takeover(m: Machine) -> None:
    """Move the lots to the liquidator at the takeover price, make the account's orders stale, assess the liquidator.

    Proves: the account was below maintenance with all of its positions counted. Prover may choose: nothing.
    """
    c = m.cursor
    market = m.read(Market.at(EXCHANGE, c.market))
    account, position = m.change(Account.at(c.subject)), m.change(Position.at(c.subject, c.market))
    to_fund = m.test(c.account == FUND)
    _check_takeover(m, magnitude(m, position.size), to_fund)
    short = m.commit(m.test(position.size < 0))
    price = _takeover_price(m, market, short)
    notional = m.commit(c.remaining * price)
    lots = m.commit(m.select(short, c.remaining, -c.remaining))
    flow = m.commit(m.select(short, notional, -notional))
    settle(m, account, position, market, lots, flow, m.word(0))
    raise_epoch(m, account)

    taker, taken = (
        m.change(Account.at(c.account), name="liquidator"),
        m.change(Position.at(c.account, c.market), name="taken"),
    )
    settle(m, taker, taken, market, -lots, -flow, m.word(0))
    list_position(m, taker, taken, c.market)
    m.emit("liquidated", account=c.subject, liquidator=c.account, market=c.market, size=-lots, price=price)
    head = m.select(to_fund, 0, taker.head)
    equity = m.select(to_fund, 0, taker.collateral)
    begin_assessment(m, c.account, m.commit(equity), m.commit(head), rules.phase("clearing"), rules.phase("assessing"))

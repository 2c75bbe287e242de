"""liquidate: an account below maintenance loses positions to a liquidator."""

from __future__ import annotations

from kedge.machine import Machine, View, Word, magnitude, mul_div
from kedge.rules.bond import equity_of
from kedge.rules.cancel_all import raise_epoch
from kedge.rules.codes import Code
from kedge.rules.cuts import is_current, start_current
from kedge.rules.exchange import rules
from kedge.rules.margin import (
    CLOSE_OUT,
    MAINTENANCE,
    PPM,
    PROPORTION,
    begin_assessment,
    count_interest,
    list_position,
    settle,
)
from kedge.rules.place import USER
from kedge.rules.records import (
    EXCHANGE,
    MARKET_ID,
    MAX_PRICE,
    SIZE,
    Account,
    Book,
    Clock,
    Market,
    Position,
    Terms,
)

SHARES, SHARE, LEAST_SHARE = 20, 4, 1
"""The liquidator takes over at the mark less 4/20 of the margin rate that positions must keep (plus, for shorts) while
the account has that share of its requirement as equity, less 1/20 while it has that, at the mark below: never past
bankruptcy."""

COMPARABLE = 2**57
"""Equity and requirement are compared after multiplication by up to 20, so both must stay below this."""


@rules.step(phases=["idle"], account=USER, market=MARKET_ID, liquidator=USER, size=SIZE)
def liquidate(m: Machine) -> None:
    """Start assessing an account for a takeover of `size` lots of one of its positions. Prover may choose: nothing."""
    c = m.cursor
    market = m.read(Market.at(EXCHANGE, m.input("market")))
    taken = m.read(Position.at(m.input("liquidator"), m.input("market")), name="taken")
    m.require(m.input("account") != m.input("liquidator"), Code.SELF_LIQUIDATION)
    clock, account = m.read(Clock.at(EXCHANGE)), m.read(Account.at(m.input("account")))
    m.require(clock.now >= clock.grace, Code.GRACE)
    m.require(account.head != 0, Code.NO_POSITIONS)
    m.require(m.test(taken.size == 0) | m.test(is_current(taken, market)), Code.ADJUST_FIRST)
    begin_assessment(
        m, m.input("account"), equity_of(account), account.head, rules.phase("seizing"), rules.phase("assessing")
    )
    c.account, c.market, c.remaining = m.input("liquidator"), m.input("market"), m.input("size")
    c.now = clock.now


def comparable(m: Machine) -> tuple[Word, Word]:
    """Equity and requirement of the assessed account, within bounds that allow to compare shares of them."""
    c = m.cursor
    equity = m.narrow(c.equity, -COMPARABLE, COMPARABLE - 1, Code.EQUITY_OVERFLOW)
    required = m.narrow(c.required, 0, COMPARABLE - 1, Code.EQUITY_OVERFLOW)
    return equity, required


def _check_takeover(m: Machine, lots: Word) -> tuple[Word, Word]:
    """Below maintenance, but not below nothing; above close-out only half at once. Returns equity and requirement."""
    c = m.cursor
    equity, required = comparable(m)
    m.require(equity >= 0, Code.BELOW_NOTHING)
    m.require(equity * PROPORTION < required * MAINTENANCE, Code.NOT_LIQUIDATABLE)
    m.require(c.remaining <= lots, Code.SIZE_EXCEEDS_POSITION)
    above_close_out = m.commit(m.test(equity * PROPORTION >= required * CLOSE_OUT))
    with m.when(above_close_out):
        m.require(c.remaining * 2 <= lots + 1, Code.PARTIAL_FIRST)
    return equity, required


def _takeover_price(m: Machine, market: View, terms: View, short: Word, equity: Word, required: Word) -> Word:
    """The mark less the discount (plus, for shorts), rounded in favour of the liquidated account.

    With equity E and requirement R a discount of E / R of the margin that goes with the lots leaves health as it is,
    and equity where it was above zero; the shares are never more. So no takeover makes or deepens a debt. The market's
    penalty bounds the discount, so that it does not grow with the settlement window.
    """
    whole, least = m.test(equity * (SHARES // SHARE) >= required), m.test(equity * SHARES >= required)
    share = m.commit(whole * (SHARE - LEAST_SHARE) + least * LEAST_SHARE)
    rate = m.commit(m.minimum(market.kept * share, terms.penalty * SHARES))
    penalty = mul_div(m, market.mark, rate, PPM * SHARES, up=False)
    return m.commit(m.assume(m.select(short, market.mark + penalty, market.mark - penalty), 0, MAX_PRICE * 2))


@rules.step(phases=["seizing"])
def takeover(m: Machine) -> None:
    """Move the lots to the liquidator at the takeover price, make the account's orders stale, assess the liquidator.

    Proves: the account was below maintenance with all of its positions counted. Prover may choose: nothing.
    """
    c = m.cursor
    m.require(~c.aged, Code.MARK_STALE)
    market, terms = m.read(Market.at(EXCHANGE, c.market)), m.read(Terms.at(EXCHANGE, c.market))
    book = m.change(Book.at(EXCHANGE, c.market))
    account, position = m.change(Account.at(c.subject)), m.change(Position.at(c.subject, c.market))
    equity, required = _check_takeover(m, magnitude(m, position.size))
    short = m.commit(m.test(position.size < 0))
    price = _takeover_price(m, market, terms, short, equity, required)
    notional = m.commit(c.remaining * price)
    lots = m.commit(m.select(short, c.remaining, -c.remaining))
    flow = m.commit(m.select(short, notional, -notional))
    grown = settle(m, account, position, market, lots, flow, m.word(0))
    raise_epoch(m, account)

    taker, taken = (
        m.change(Account.at(c.account), name="liquidator"),
        m.change(Position.at(c.account, c.market), name="taken"),
    )
    start_current(m, taken, market)
    count_interest(m, book, grown + settle(m, taker, taken, market, -lots, -flow, m.word(0)))
    list_position(m, taker, taken, c.market)
    m.emit("liquidated", account=c.subject, liquidator=c.account, market=c.market, size=-lots, price=price)
    begin_assessment(m, c.account, equity_of(taker), taker.head, rules.phase("clearing"), rules.phase("assessing"))

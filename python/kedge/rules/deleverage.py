"""deleverage: what nobody takes over is closed against the whole other side of its market."""

from __future__ import annotations

from kedge.machine import Machine, View, Word, divide, mul_div, split
from kedge.rules.bond import equity_of
from kedge.rules.cancel_all import raise_epoch
from kedge.rules.codes import Code
from kedge.rules.cuts import keep, whole_funding
from kedge.rules.exchange import rules
from kedge.rules.liquidate import COMPARABLE, SHARES, comparable
from kedge.rules.margin import begin_assessment, close, margin_of
from kedge.rules.matching import go_idle
from kedge.rules.place import USER
from kedge.rules.records import (
    ANNOUNCED,
    EXCHANGE,
    FULL,
    FUND,
    MARKET_ID,
    MAX_PRICE,
    MOST_CUTS,
    Account,
    Book,
    Clock,
    Cut,
    Market,
    Pool,
    Position,
)

LEAST = 2**26
"""A side's era ends where less than this of its 2^30 - 1 is left: so shares are exact to 2^-27 of what it holds."""

SIXTEENTHS = 16
"""A position bears its account's deficit in sixteenths of its margin; the last one bears the rest exactly."""


@rules.step(phases=["idle"], account=USER, market=MARKET_ID)
def deleverage(m: Machine) -> None:
    """Start assessing an account whose position in a market nobody would take over. Prover may choose: nothing."""
    c = m.cursor
    clock, account = m.read(Clock.at(EXCHANGE)), m.read(Account.at(m.input("account")))
    m.require(clock.now >= clock.grace, Code.GRACE)
    m.require(account.head != 0, Code.NO_POSITIONS)
    begin_assessment(
        m, m.input("account"), equity_of(account), account.head, rules.phase("closing"), rules.phase("assessing")
    )
    c.market, c.now = m.input("market"), clock.now


def _deficit(m: Machine, market: View, lots: Word, notional: Word, equity: Word, required: Word) -> Word:
    """What the lots must bring beyond the mark: their share of what the account owes, by margin; all, if they are all.

    In sixteenths of their margin, rounded down, 16 x at most; so health is no better afterwards than before. Their
    margin was counted in what is required.
    """
    debt = m.commit(m.maximum(-equity, 0))
    own = m.commit(m.assume(margin_of(m, lots, notional, market, market.kept), 0, COMPARABLE - 1))
    most = m.commit(m.minimum(debt, required * SIXTEENTHS))
    sixteenths, _ = divide(m, most * SIXTEENTHS, required, SIXTEENTHS**2)
    share = mul_div(m, own, sixteenths, SIXTEENTHS, up=False)
    return m.commit(m.select(own == required, debt, m.minimum(debt, share)))


def _pay(m: Machine, fund: View, market: View, lots: Word, short: Word, deficit: Word) -> tuple[Word, Word, Word]:
    """Who bears the deficit: the fund with what it has, then the other side by its price, down to 0 or up to 2^28.

    Returns what the fund pays, what the other side pays, and the price at which it closes, rounded up in the fund's
    favour by less than a tick.
    """
    paid = m.commit(m.minimum(m.commit(m.maximum(fund.collateral, 0)), deficit))
    fund.collateral = m.assume(fund.collateral - paid, -(2**60), 2**60 - 1)
    reach = m.commit(m.select(short, market.mark, MAX_PRICE))
    shared = m.commit(m.minimum(m.assume(deficit - paid, 0, COMPARABLE), m.commit(lots * reach)))
    shift, _ = divide(m, shared + lots - 1, lots, MAX_PRICE)
    price = m.assume(market.mark + m.select(short, -shift, shift), 0, 2 * MAX_PRICE)
    return paid, shared, m.commit(price)


def _cut(m: Machine, market: View, pool: View, book: View, lots: Word, short: Word, price: Word) -> None:
    """Close the lots on the whole other side: its share moves on by lots / open interest, nearest.

    Lots beyond the open interest stand against nobody but the fund's book. Where too little of a side is left its era
    ends, and the next one starts from nothing.
    """
    number = m.cursor.market
    counted = m.commit(m.maximum(book.interest, 0))
    interest, _ = split(m, counted, 1)
    reach = m.commit(m.minimum(lots, interest))
    book.interest = m.assume(book.interest - reach * 2, -(2**55), 2**55 - 1)

    now = m.read(Cut.at(market.cuts + 1, number), name="now")
    gone = m.commit(m.select(short, now.long_gone, now.short_gone))
    some = m.commit(m.assume(counted + m.test(counted == 0), 1, 2**55))
    share, _ = divide(m, m.commit(FULL - gone) * reach * 2 + interest, some, FULL)
    flow = m.commit(share * m.commit(price - whole_funding(m, market)))
    ends = m.commit(m.test(gone + share > FULL - LEAST))
    after = {
        "long_gone": m.assume(now.long_gone + short * share, 0, FULL),
        "long_cash": m.assume(now.long_cash + short * flow, -(2**61), 2**61 - 1),
        "short_gone": m.assume(now.short_gone + (1 - short) * share, 0, FULL),
        "short_cash": m.assume(now.short_cash + (1 - short) * flow, -(2**61), 2**61 - 1),
    }
    market.cuts = m.commit(m.narrow(market.cuts + 1, 0, MOST_CUTS, Code.CUTS_EXHAUSTED))
    ended = m.commit(m.select(short, pool.long_era * 2, pool.short_era * 2 + 1))
    end = m.change(Cut.at(ended + 1, number + ANNOUNCED), when=ends, name="end")
    with m.when(ends):
        for name, word in after.items():
            setattr(end, name, word)
        end.following = market.cuts
    fresh = m.change(Cut.at(market.cuts + 1, number), name="fresh")
    for name, word in after.items():
        over = m.commit(ends & (short if name.startswith("long") else ~short))
        setattr(fresh, name, m.select(over, 0, m.commit(word)))
    pool.long_era = m.assume(pool.long_era + m.commit(ends * short), 0, MOST_CUTS)
    pool.short_era = m.assume(pool.short_era + m.commit(ends * (1 - short)), 0, MOST_CUTS)
    fresh.long_era, fresh.short_era = pool.long_era, pool.short_era


@rules.step(phases=["closing"])
def close_out(m: Machine) -> None:
    """Close the whole position against all of the other side: at the mark, as long as account and fund bear it.

    Proves: less than 1/20 of what the account must keep was left, all of its positions counted, so that no bidder is
    paid; the fund pays no more than it has; who ends with nothing left owes nothing, unless not even a price of zero,
    or of 2^28, brings that much. Prover may choose: nothing.
    """
    c = m.cursor
    m.require(~c.aged, Code.MARK_STALE)
    market, book = m.change(Market.at(EXCHANGE, c.market)), m.change(Book.at(EXCHANGE, c.market))
    account, position = m.change(Account.at(c.subject)), m.change(Position.at(c.subject, c.market))
    fund, pool = m.change(Account.at(FUND), name="fund"), m.change(Pool.at(EXCHANGE, c.market))
    m.require(position.size != 0, Code.NOTHING_TO_CLOSE)
    equity, required = comparable(m)
    m.require(equity * SHARES < required, Code.BIDDERS_FIRST)
    short = m.commit(m.test(position.size < 0))
    lots = m.commit(m.assume(m.select(short, -position.size, position.size), 1, 2**30))
    notional = m.commit(lots * market.mark)
    deficit = _deficit(m, market, lots, notional, equity, required)
    paid, shared, price = _pay(m, fund, market, lots, short, deficit)

    moved, flow = m.commit(m.select(short, lots, -lots)), m.commit(m.select(short, notional, -notional))
    close(m, account, position, market, flow, paid + shared)
    keep(m, pool, market, -moved, shared - flow)
    raise_epoch(m, account)
    _cut(m, market, pool, book, lots, short, price)
    m.emit("deleveraged", account=c.subject, market=c.market, size=moved, price=price, paid=paid, shared=shared)
    go_idle(m)

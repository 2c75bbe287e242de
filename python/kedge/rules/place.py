"""place: an order enters; matching begins."""

from __future__ import annotations

from kedge.machine import Field, Machine, View, Word, unsigned
from kedge.rules.codes import Code
from kedge.rules.exchange import BIT, rules
from kedge.rules.margin import list_position
from kedge.rules.records import (
    EXCHANGE,
    FIRST_USER,
    FOREVER,
    MARKET_ID,
    PRICE,
    SIZE,
    TIME,
    Account,
    Clock,
    Market,
    Order,
    Position,
)

GTC, IOC, FOK, POST_ONLY = 0, 1, 2, 3
MARGIN_STALE_MS = 60_000
"""Orders are refused when the market's rate is older than this, so that nobody trades on a window long past."""

USER = Field(FIRST_USER, 2**24 - 1)


def set_terms(m: Machine, terms: Word) -> None:
    """Decode terms = low + 2 * high: resting unless exactly one bit is set, whole-or-nothing for 2, post-only for 3."""
    c = m.cursor
    (low, high) = (m.advise("and", [terms], [1], params=[bit, 1])[0] for bit in (0, 1))
    m.check_range(low)
    m.check_range(high)
    m.check_equal(low + high * 2, terms)
    c.passive = m.commit(low & high)
    c.may_rest = m.assume(1 - low - high + c.passive * 2, 0, 1)
    c.must_fill = m.assume(high - c.passive, 0, 1)


def reducible(m: Machine, position: View, side: Word, size: Word, reduce_only: Word) -> Word:
    """The size, cut to what would reduce the position if the order is reduce-only."""
    held = m.commit(m.select(side, position.size, -position.size))
    with m.when(reduce_only):
        m.require(~m.cursor.may_rest, Code.TERMS_CONFLICT)
        m.require(held > 0, Code.NOTHING_TO_REDUCE)
    cut = m.select(reduce_only & (held < size), held, size)
    return m.assume(cut, 0, size.hi)


@rules.step(
    phases=["idle"],
    account=USER,
    slot=unsigned(10),
    market=MARKET_ID,
    side=BIT,
    price=PRICE,
    size=SIZE,
    terms=unsigned(2),
    reduce_only=BIT,
    expiry=TIME,
)
def place(m: Machine) -> None:
    """Accept an order and make it the active one.

    Proves: the market is open and its margin current, the order is neither too small nor expired, and the account has
    collateral or reduces a position. Lists the position, so that a fill need never touch the list.
    Prover may choose: nothing.
    """
    c = m.cursor
    number, side, size = m.input("market"), m.input("side"), m.input("size")
    clock, market = m.read(Clock.at(EXCHANGE)), m.read(Market.at(EXCHANGE, number))
    account = m.change(Account.at(m.input("account")))
    position = m.change(Position.at(m.input("account"), number))

    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    m.require(size >= market.minimum, Code.SIZE_BELOW_MINIMUM)
    m.require(clock.now - market.updated <= MARGIN_STALE_MS, Code.MARGIN_STALE)
    m.require((account.collateral > 0) | m.input("reduce_only"), Code.ACCOUNT_EMPTY)
    expiry = m.commit(m.select(m.input("expiry") == 0, FOREVER, m.input("expiry")))
    m.require(expiry >= clock.now, Code.ORDER_EXPIRED)
    set_terms(m, m.input("terms"))
    list_position(m, account, position, number)

    c.account, c.market, c.side, c.price = m.input("account"), number, side, m.input("price")
    c.remaining = reducible(m, position, side, size, m.input("reduce_only"))
    c.order = Order.at(m.input("account"), m.input("slot")).address
    c.expiry, c.epoch, c.now, c.start = expiry, account.epoch, clock.now, c.time
    c.phase = rules.phase("matching")
    m.emit(
        "placed",
        account=c.account,
        order=c.order,
        market=number,
        side=side,
        price=c.price,
        size=size,
        terms=m.input("terms"),
    )

"""place: an order enters; matching begins."""

from __future__ import annotations

from kedge.machine import Field, Machine, View, Word, unsigned
from kedge.rules.codes import Code
from kedge.rules.cuts import is_current, start_current
from kedge.rules.exchange import BIT, rules
from kedge.rules.margin import PPM, STALE_MS, list_position
from kedge.rules.records import (
    EXCHANGE,
    FIRST_USER,
    FOREVER,
    MARKET_ID,
    PRICE,
    SIZE,
    TIME,
    Account,
    Book,
    Clock,
    Market,
    Order,
    Position,
    Terms,
)

GTC, IOC, FOK, POST_ONLY = 0, 1, 2, 3
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


def check_band(m: Machine, market: View, terms: View) -> None:
    """The limit reaches no further past the mark than the market's band: a bid far below it harms nobody."""
    beyond = m.commit(m.select(m.input("side"), market.mark - m.input("price"), m.input("price") - market.mark))
    m.require(beyond * PPM <= m.commit(market.mark * terms.band), Code.OUTSIDE_BAND)


def check_bounds(m: Machine, market: View, terms: View, position: View, behind: Word) -> None:
    """The order is inside the market's band, and cannot make its position, or the open interest, larger than allowed.

    Of a position that is `behind`, what the order would close counts for nothing: it may be gone already. Open interest
    may pass its cap by what is resting and by one order.
    """
    side, size, reduce_only = m.input("side"), m.input("size"), m.input("reduce_only")
    check_band(m, market, terms)
    held = m.commit(m.select(side, -position.size, position.size))
    gone = m.commit(behind & (held < 0))
    m.require((m.select(gone, 0, held) + size <= terms.largest) | reduce_only, Code.ABOVE_LARGEST)
    book = m.read(Book.at(EXCHANGE, m.input("market")))
    m.require((book.interest < terms.cap * 2) | reduce_only, Code.INTEREST_FULL)


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

    Proves: the market is open, its mark and margin current, the order is neither too small nor expired, inside the band
    and the caps, and the account has collateral or reduces a position. Lists the position, so that a fill need never
    touch the list.
    Prover may choose: nothing.
    """
    c = m.cursor
    number, side, size = m.input("market"), m.input("side"), m.input("size")
    clock, market = m.read(Clock.at(EXCHANGE)), m.read(Market.at(EXCHANGE, number))
    terms = m.read(Terms.at(EXCHANGE, number), name="terms")
    account = m.change(Account.at(m.input("account")))
    position = m.change(Position.at(m.input("account"), number))

    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    m.require(size >= terms.minimum, Code.SIZE_BELOW_MINIMUM)
    m.require(clock.now - market.updated <= STALE_MS, Code.MARGIN_STALE)
    m.require(clock.now - market.marked <= STALE_MS, Code.MARK_STALE)
    start_current(m, position, market)
    behind = m.commit(~m.test(is_current(position, market)))
    m.require(~(behind & m.input("reduce_only")), Code.ADJUST_FIRST)
    check_bounds(m, market, terms, position, behind)
    m.require((account.collateral > 0) | m.input("reduce_only"), Code.ACCOUNT_EMPTY)
    expiry = m.commit(m.select(m.input("expiry") == 0, FOREVER, m.input("expiry")))
    m.require(expiry >= clock.now, Code.ORDER_EXPIRED)
    set_terms(m, m.input("terms"))
    list_position(m, account, position, number)

    c.account, c.market, c.side, c.price = m.input("account"), number, side, m.input("price")
    c.remaining = reducible(m, position, side, size, m.input("reduce_only"))
    c.order = Order.at(m.input("account"), m.input("slot")).address
    c.expiry, c.epoch, c.now, c.start = expiry, account.epoch, clock.now, c.time
    c.subject = behind * c.account
    c.phase = m.select(behind, rules.phase("adjusting"), rules.phase("matching"))
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

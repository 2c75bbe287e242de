"""sweep: whoever likes clears a side of a book of orders that no taker could be filled from."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.codes import Code
from kedge.rules.cuts import is_current
from kedge.rules.exchange import BIT, rules
from kedge.rules.margin import STALE_MS
from kedge.rules.matching import best_opposite, go_idle, guard_borne, guard_fillable, guard_met
from kedge.rules.place import check_band
from kedge.rules.records import EXCHANGE, MARKET_ID, PRICE, SIZE, Account, Book, Clock, Market, Order, Position, Terms


@rules.step(phases=["idle"], market=MARKET_ID, side=BIT, price=PRICE, size=SIZE)
def sweep(m: Machine) -> None:
    """Meet the best orders as an order of this side, price and size would, and remove those that it would remove.

    It belongs to nobody (account 0), fills nothing and risks nothing, so that nothing undoes what it removes: a taker
    that is refused leaves a wall of dead orders standing, a sweep does not. It ends at the first order that bears its
    fill (`spare`), where no order crosses, or after as many steps as an order may take (`finish`).
    Proves: the market is open, its mark and margin current, and an order of this size and price could be placed.
    Prover may choose: nothing.
    """
    c = m.cursor
    number = m.input("market")
    clock, market = m.read(Clock.at(EXCHANGE)), m.read(Market.at(EXCHANGE, number))
    terms = m.read(Terms.at(EXCHANGE, number), name="terms")
    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    m.require(m.input("size") >= terms.minimum, Code.SIZE_BELOW_MINIMUM)
    m.require(clock.now - market.updated <= STALE_MS, Code.MARGIN_STALE)
    m.require(clock.now - market.marked <= STALE_MS, Code.MARK_STALE)
    check_band(m, market, terms)
    c.market, c.side, c.price, c.remaining = number, m.input("side"), m.input("price"), m.input("size")
    c.now, c.start = clock.now, c.time
    c.phase = rules.phase("matching")
    m.emit("swept", market=number, side=c.side, price=c.price, size=c.remaining)


@rules.step(phases=["matching", "deciding"])
def spare(m: Machine) -> None:
    """End a sweep at the best opposite order, which bears the fill that it would be proposed.

    Proves: the active order is a sweep, and what `fill` proves of the maker. Prover may choose: nothing.
    """
    c = m.cursor
    m.guard(c.account == EXCHANGE)
    book = m.read(Book.at(EXCHANGE, c.market))
    guard_met(m, book)
    maker = m.read(Order.reference(best_opposite(m, book)), name="maker")
    account = m.read(Account.at(maker.account), name="maker_account")
    position = m.read(Position.at(maker.account, c.market), name="maker_position")
    size = m.commit(m.minimum(c.remaining, maker.remaining))
    market = m.read(Market.at(EXCHANGE, c.market))
    terms = m.read(Terms.at(EXCHANGE, c.market))
    guard_fillable(m, maker, account, position, terms, size)
    guard_borne(m, position, market, terms, size, maker.price)
    m.guard(is_current(position, market))
    m.emit("done", account=c.account, order=c.order, remaining=c.remaining)
    go_idle(m)

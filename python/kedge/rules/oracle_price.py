"""oracle_price: the mark moves, and the book's premium over it is sampled for funding."""

from __future__ import annotations

from kedge.machine import Machine, magnitude
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.records import EXCHANGE, MARKET_ID, PRICE, Book, Clock, Market

MOST_SAMPLES = 2**16 - 1
LARGEST_JUMP = 5
"""One update moves the mark by at most a fifth of it, rounded up: a mark of one tick can still rise."""


@rules.step(phases=["idle"], market=MARKET_ID, price=PRICE)
def oracle_price(m: Machine) -> None:
    """Set the mark price and its time, at most a fifth away from the last, and sample the premium.

    A sample is bid + ask - 2 x mark (twice the premium of the middle), bounded by 2^26 half-ticks, taken only while
    both sides are quoted and fewer than 2^16 samples are in.
    Prover may choose: the price, which is the operator's claim in this version.
    """
    number, price = m.input("market"), m.input("price")
    clock = m.read(Clock.at(EXCHANGE))
    market, book = m.change(Market.at(EXCHANGE, number)), m.change(Book.at(EXCHANGE, number))
    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    moved = magnitude(m, price - market.mark)
    m.require(moved * LARGEST_JUMP < market.mark + LARGEST_JUMP, Code.PRICE_JUMP)

    premium = m.commit(book.bid_price + book.ask_price - price * 2)
    quoted = m.commit((book.bid != 0) & (book.ask != 0))
    bound = 2**26 - 1
    sample = m.commit(m.maximum(m.minimum(premium, bound), -bound))
    with m.when(quoted & (book.samples < MOST_SAMPLES)):
        book.premium = m.assume(book.premium + sample, -(2**43), 2**43 - 1)
        book.samples = m.assume(book.samples + 1, 0, MOST_SAMPLES)
    market.mark, market.marked = price, clock.now
    m.emit("marked", market=number, price=price)

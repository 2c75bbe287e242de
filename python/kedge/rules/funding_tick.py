"""funding_tick: once an hour the funding index moves by the average premium, clamped."""

from __future__ import annotations

from kedge.machine import Machine, magnitude
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.records import EXCHANGE, MARKET_ID, Book, Clock, Market

HOUR_MS = 3_600_000
PER_SAMPLE = 2**12
"""2^16 (unit of the index) / 2 (a sample is twice the premium) / 8 (the premium is paid over eight hours)."""

CAP = 328
"""Half a percent of the mark per hour, in 2^-16: 65,536 x 0.005, rounded up."""


@rules.step(phases=["idle"], market=MARKET_ID)
def funding_tick(m: Machine) -> None:
    """Add the hour's funding to the index: average premium / 8, at most half a percent of the mark; towards zero.

    Proves: the quotient by the number of samples (remainder below it). A sample is below 2^26, so the average
    fits 39 bits. Prover may choose: nothing.
    """
    number = m.input("market")
    clock = m.read(Clock.at(EXCHANGE))
    market, book = m.change(Market.at(EXCHANGE, number)), m.change(Book.at(EXCHANGE, number))
    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    m.require(clock.now - book.funded >= HOUR_MS, Code.FUNDING_TOO_EARLY)

    total = m.commit(magnitude(m, book.premium) * PER_SAMPLE)
    samples = m.commit(book.samples + m.test(book.samples == 0))
    quotient, rest = m.advise("muldiv", [total, m.word(1), samples, m.word(0)], [2**39 - 1, 2**16 - 1])
    m.check_range(quotient)
    m.check_range(rest)
    m.check_range(m.assume(samples - rest - 1, 0, 2**16 - 1))
    m.check_equal(quotient * samples, total - rest)
    size = m.commit(m.minimum(quotient, market.mark * CAP))
    rate = m.commit(m.select(book.premium < 0, -size, size))
    market.funding = m.narrow(market.funding + rate, -(2**46), 2**46 - 1, Code.FUNDING_OVERFLOW)
    book.premium, book.samples, book.funded = 0, 0, clock.now
    m.emit("funded", market=number, index=market.funding, rate=rate)

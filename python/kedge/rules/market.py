"""open_market, announce and parameter_update: what a market is, within bounds that the rules fix."""

from __future__ import annotations

from kedge.machine import Field, Machine, View, unsigned
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.records import (
    ANNOUNCED,
    EXCHANGE,
    FOREVER,
    MARKET_ID,
    NO_ASK,
    PRICE,
    RATE_CAP,
    Book,
    Clock,
    Market,
    Parameters,
    Terms,
)

NOTICE_MS = 3_600_000
"""How long before they take effect parameters are announced: whoever dislikes them has an hour to leave."""

TERMS = {name: Terms.fields[name] for name in ("minimum", "maker_fee", "taker_fee", "penalty", "tolerance")} | {
    "minimum": Field(1, 2**30 - 1),
    "band": Field(1, RATE_CAP),
    "largest": Field(1, 2**30 - 1),
    "cap": unsigned(48),
    "floor": Field(1, RATE_CAP),
    "sigma": unsigned(24),
    "z": unsigned(16),
    "delay": unsigned(32),
    "ramp": unsigned(20),
    "slope": unsigned(10),
}
"""What `open_market` and `announce` take, in this order: the `Terms` of a market, then its `Parameters`."""


def _set_terms(m: Machine, terms: View, parameters: View) -> None:
    for name in TERMS:
        setattr(terms if name in Terms.fields else parameters, name, m.input(name))


@rules.step(phases=["idle"], market=MARKET_ID, mark=PRICE, **TERMS)
def open_market(m: Machine) -> None:
    """Open a market with an empty book; its margin rate starts at the floor. Prover may choose: nothing."""
    number = m.input("market")
    clock = m.read(Clock.at(EXCHANGE))
    market, book = m.change(Market.at(EXCHANGE, number)), m.change(Book.at(EXCHANGE, number))
    parameters, terms = m.change(Parameters.at(EXCHANGE, number)), m.change(Terms.at(EXCHANGE, number))
    m.require(market.mark == 0, Code.MARKET_EXISTS)
    _set_terms(m, terms, parameters)
    market.mark, market.marked, market.updated = m.input("mark"), clock.now, clock.now
    market.rate, market.kept, market.slope = m.input("floor"), m.input("floor"), m.input("slope")
    book.funded, book.ask_price = clock.now, NO_ASK
    m.emit("opened", market=number)


@rules.step(phases=["idle"], market=MARKET_ID, **TERMS)
def announce(m: Machine) -> None:
    """Announce parameters of a market, which take the place of those announced before and may take effect in an hour.

    They are published with the state, so that everybody sees what is coming. Prover may choose: nothing.
    """
    number = m.input("market")
    clock, market = m.read(Clock.at(EXCHANGE)), m.read(Market.at(EXCHANGE, number))
    terms = m.change(Terms.at(EXCHANGE, number + ANNOUNCED))
    parameters = m.change(Parameters.at(EXCHANGE, number + ANNOUNCED))
    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    _set_terms(m, terms, parameters)
    parameters.effective = m.minimum(clock.now + NOTICE_MS, FOREVER)
    m.emit("announced", market=number, at=parameters.effective)


@rules.step(phases=["idle"], market=MARKET_ID)
def parameter_update(m: Machine) -> None:
    """Put the announced parameters of a market in force once their hour has passed.

    Margin moves towards what they ask for by `margin_update` alone, along its ramp. Prover may choose: nothing.
    """
    number = m.input("market")
    clock = m.read(Clock.at(EXCHANGE))
    next_terms = m.read(Terms.at(EXCHANGE, number + ANNOUNCED), name="next_terms")
    coming = m.change(Parameters.at(EXCHANGE, number + ANNOUNCED), name="next_parameters")
    terms, parameters = m.change(Terms.at(EXCHANGE, number)), m.change(Parameters.at(EXCHANGE, number))
    m.require(coming.effective != 0, Code.NOT_ANNOUNCED)
    m.require(clock.now >= coming.effective, Code.NOTICE_RUNNING)
    for name in TERMS:
        after, before = (terms, next_terms) if name in Terms.fields else (parameters, coming)
        setattr(after, name, getattr(before, name))
    coming.effective = 0
    m.emit("changed", market=number)

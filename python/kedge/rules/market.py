"""open_market and parameter_update: what a market is, within bounds that the rules fix."""

from __future__ import annotations

from kedge.machine import Field, Machine, View, unsigned
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.records import EXCHANGE, MARKET_ID, NO_ASK, PRICE, RATE_CAP, Book, Clock, Market, Parameters

TERMS = {
    "minimum": Field(1, 2**30 - 1),
    "maker_fee": unsigned(16),
    "taker_fee": unsigned(16),
    "slope": unsigned(10),
    "floor": Field(1, RATE_CAP),
    "sigma": unsigned(24),
    "z": unsigned(16),
    "delay": unsigned(32),
    "ramp": unsigned(20),
}


def _set_terms(m: Machine, market: View, parameters: View) -> None:
    for name in TERMS:
        setattr(market if name in ("minimum", "maker_fee", "taker_fee", "slope") else parameters, name, m.input(name))


@rules.step(phases=["idle"], market=MARKET_ID, mark=PRICE, **TERMS)
def open_market(m: Machine) -> None:
    """Open a market with an empty book; its margin rate starts at the floor. Prover may choose: nothing."""
    number = m.input("market")
    clock = m.read(Clock.at(EXCHANGE))
    market = m.change(Market.at(EXCHANGE, number))
    parameters, book = m.change(Parameters.at(EXCHANGE, number)), m.change(Book.at(EXCHANGE, number))
    m.require(market.mark == 0, Code.MARKET_EXISTS)
    _set_terms(m, market, parameters)
    market.mark, market.rate, market.updated = m.input("mark"), m.input("floor"), clock.now
    parameters.funded, book.ask_price = clock.now, NO_ASK
    m.emit("opened", market=number)


@rules.step(phases=["idle"], market=MARKET_ID, **TERMS)
def parameter_update(m: Machine) -> None:
    """Change a market's parameters. The margin rate itself moves only by `margin_update`, along its ramp.

    Prover may choose: nothing.
    """
    market = m.change(Market.at(EXCHANGE, m.input("market")))
    parameters = m.change(Parameters.at(EXCHANGE, m.input("market")))
    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    _set_terms(m, market, parameters)

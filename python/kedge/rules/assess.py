"""assess: one position of the account being assessed, under the proposed fill if it is in that market."""

from __future__ import annotations

from kedge.machine import Machine, magnitude
from kedge.rules.codes import Code
from kedge.rules.cuts import is_current
from kedge.rules.exchange import rules
from kedge.rules.margin import funding_due, is_stale, margin_of
from kedge.rules.records import EXCHANGE, Market, Position


@rules.step(phases=["assessing"])
def assess(m: Machine) -> None:
    """Add one position to the equity and the margin required, and step to the next one of the list.

    Initial margin, but what positions must keep where a takeover is to be decided. A mark or a rate that is older than
    a minute values nobody: the account counts as `aged`, and whatever the assessment was for does not happen.
    Proves: no position is left out, since the walk ends only where the list does. Prover may choose: nothing.
    """
    c = m.cursor
    number = c.next - 1
    position = m.read(Position.at(c.subject, number))
    market = m.read(Market.at(EXCHANGE, number))
    m.guard(is_current(position, market))
    proposed = m.test(c.target == c.next)
    size = m.commit(position.size + proposed * c.delta)
    cost = m.commit(position.cost + proposed * c.flow)
    lots = magnitude(m, size)
    notional = m.commit(lots * market.mark)
    value = m.commit(size * market.mark)
    equity = c.equity + value - cost - funding_due(m, position, market)
    c.equity = m.commit(m.narrow(equity, -(2**60), 2**60 - 1, Code.EQUITY_OVERFLOW))
    # At most 8 positions are listed and each margin is below 2^58: rate and add-on stay below 2^22 ppm of 2^59 quote
    # only for sizes that no fill would accept, and those refuse by EQUITY_OVERFLOW or POSITION_TOO_LARGE.
    of_old_risk = (c.then - rules.phase("seizing")) * (c.then - rules.phase("closing")) == 0
    rate = m.commit(m.select(of_old_risk, market.kept, market.rate))
    required = c.required + margin_of(m, lots, notional, market, rate)
    c.required = m.commit(m.narrow(required, 0, 2**60 - 1, Code.EQUITY_OVERFLOW))
    c.aged = m.commit(c.aged | is_stale(m, market, c.now))
    c.next = position.next
    c.phase = m.select(position.next == 0, c.then, rules.phase("assessing"))

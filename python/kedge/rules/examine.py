"""examine: an order that took more risk is done matching; its own account is assessed."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.bond import equity_of
from kedge.rules.exchange import rules
from kedge.rules.margin import begin_assessment
from kedge.rules.matching import crossing_gap, is_tired
from kedge.rules.records import EXCHANGE, Account, Book


@rules.step(phases=["matching"])
def examine(m: Machine) -> None:
    """Start assessing the taker once nothing is left to match.

    Proves: the order is filled, no longer crosses, or has taken as many steps as an order may, so the assessment sees
    all of its fills.
    Prover may choose: nothing.
    """
    c = m.cursor
    m.guard(c.exposed)
    book = m.read(Book.at(EXCHANGE, c.market))
    m.guard((crossing_gap(m, book) < 0) | (c.remaining == 0) | is_tired(m))
    account = m.read(Account.at(c.account))
    m.guard(account.head != 0)
    begin_assessment(
        m, c.account, equity_of(account), account.head, rules.phase("concluding"), rules.phase("assessing")
    )

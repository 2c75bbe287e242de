"""cover: the insurance fund pays the debt of an account that has lost everything."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.bond import equity_of
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.margin import begin_assessment
from kedge.rules.matching import go_idle
from kedge.rules.place import USER
from kedge.rules.records import BOND, FUND, Account


@rules.step(phases=["idle"], account=USER)
def cover(m: Machine) -> None:
    """Start assessing an account whose debt the fund shall pay. Prover may choose: nothing."""
    account = m.read(Account.at(m.input("account")))
    begin_assessment(
        m, m.input("account"), equity_of(account), account.head, rules.phase("covering"), rules.phase("assessing")
    )


@rules.step(phases=["covering"])
def absorb(m: Machine) -> None:
    """Pay the debt: the fund loses exactly what the account owes beyond its bonds, which pay the rest when they return.

    Proves: no position is open, since an open one requires margin, and the account owes. Prover may choose: nothing.
    """
    c = m.cursor
    m.require(c.required == 0, Code.HAS_POSITIONS)
    m.require(c.equity < 0, Code.NOT_BANKRUPT)
    account, fund = m.change(Account.at(c.subject)), m.change(Account.at(FUND), name="fund")
    owned = m.commit(equity_of(account))
    m.require(fund.collateral + owned >= 0, Code.FUND_EXHAUSTED)
    fund.collateral = m.assume(fund.collateral + owned, -(2**60), 2**60 - 1)
    m.emit("covered", account=c.subject, amount=-owned)
    account.collateral = -account.resting * BOND
    go_idle(m)

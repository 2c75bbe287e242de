"""cover: the insurance fund pays the debt of an account that has lost everything."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.bond import equity_of
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.margin import begin_assessment
from kedge.rules.matching import go_idle
from kedge.rules.place import USER
from kedge.rules.records import FUND, Account


@rules.step(phases=["idle"], account=USER)
def cover(m: Machine) -> None:
    """Start assessing an account whose debt the fund shall pay. Prover may choose: nothing."""
    account = m.read(Account.at(m.input("account")))
    begin_assessment(
        m, m.input("account"), equity_of(account), account.head, rules.phase("covering"), rules.phase("assessing")
    )


@rules.step(phases=["covering"])
def absorb(m: Machine) -> None:
    """Pay the debt, or as much of it as the fund holds; what remains waits for what the fund collects.

    What bonds will pay when they return is no debt.

    Proves: no position is open, since an open one requires margin, and the account owes. Prover may choose: nothing.
    """
    c = m.cursor
    m.require(c.required == 0, Code.HAS_POSITIONS)
    m.require(c.equity < 0, Code.NOT_BANKRUPT)
    account, fund = m.change(Account.at(c.subject)), m.change(Account.at(FUND), name="fund")
    owned = m.commit(equity_of(account))
    m.require(fund.collateral > 0, Code.FUND_EXHAUSTED)
    paid = m.commit(m.minimum(fund.collateral, -owned))
    fund.collateral = m.assume(fund.collateral - paid, -(2**60), 2**60 - 1)
    account.collateral = m.assume(account.collateral + paid, -(2**60), 2**60 - 1)
    m.emit("covered", account=c.subject, amount=paid)
    go_idle(m)

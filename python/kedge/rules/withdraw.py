"""withdraw: collateral leaves an account for its owner on L1."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.bond import equity_of
from kedge.rules.codes import Code
from kedge.rules.deposit import AMOUNT, extend_chain, owner_words
from kedge.rules.exchange import rules
from kedge.rules.margin import begin_assessment
from kedge.rules.matching import go_idle
from kedge.rules.place import USER
from kedge.rules.records import EXCHANGE, WITHDRAWALS, Account, Clock, Owner, Queue


@rules.step(phases=["idle"], account=USER, amount=AMOUNT)
def withdraw(m: Machine) -> None:
    """Debit the account, queue the withdrawal for its owner, then assess what is left at initial margin.

    Only collateral can leave: profit of an open position stays until the position is closed.
    Proves: the withdrawal is chained in order. Prover may choose: nothing.
    """
    number, amount = m.input("account"), m.input("amount")
    queue = m.change(Queue.at(EXCHANGE, WITHDRAWALS))
    account, owner = m.change(Account.at(number)), m.read(Owner.at(number))
    m.require(owner.known, Code.ACCOUNT_UNKNOWN)
    m.require(account.collateral >= amount, Code.INSUFFICIENT_COLLATERAL)
    account.collateral = m.assume(account.collateral - amount, -(2**60), 2**60 - 1)
    words, index = owner_words(owner), queue.count
    extend_chain(m, queue, index, number, amount, words)
    m.cursor.now = m.read(Clock.at(EXCHANGE)).now
    begin_assessment(m, number, equity_of(account), account.head, rules.phase("clearing"), rules.phase("assessing"))
    fields = {f"owner{i}": word for i, word in enumerate(words)}
    m.emit("withdrawn", index=index, account=number, amount=amount, **fields)


@rules.step(phases=["clearing"])
def conclude(m: Machine) -> None:
    """End a withdrawal or takeover: the assessed account bears it. Prover may choose: nothing."""
    m.require(~m.cursor.aged, Code.MARK_STALE)
    m.require(m.cursor.equity >= m.cursor.required, Code.UNDERMARGINED)
    go_idle(m)

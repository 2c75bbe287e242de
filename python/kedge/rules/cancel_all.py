"""cancel_all: every resting order of an account becomes stale at once."""

from __future__ import annotations

from kedge.machine import Machine, View
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.place import USER
from kedge.rules.records import Account


def raise_epoch(m: Machine, account: View) -> None:
    """Orders carry the epoch they rested in; one of an earlier epoch is evicted when a taker meets it."""
    account.epoch = m.narrow(account.epoch + 1, 0, 2**32 - 1, Code.EPOCH_EXHAUSTED)


@rules.step(phases=["idle"], account=USER)
def cancel_all(m: Machine) -> None:
    """Raise the account's epoch. Prover may choose: nothing."""
    raise_epoch(m, m.change(Account.at(m.input("account"))))

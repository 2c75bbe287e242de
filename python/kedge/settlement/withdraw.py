"""Taking money out: the proof of a withdrawal against the batch that owes it, and the transaction that pays it."""

from __future__ import annotations

from collections.abc import Sequence

from kedge.batching import Withdrawal, prove_withdrawal
from kedge.settlement.chain import Receipt
from kedge.settlement.contracts import Vault
from kedge.settlement.wallet import Wallet


def withdraw(vault: Vault, wallet: Wallet, batch: int, withdrawals: Sequence[Withdrawal], index: int) -> Receipt:
    """Pay the withdrawal with this index; `withdrawals` are all those of the batch, in order. Anybody may pay the gas.

    Rejected, by the contract's number, if the batch is not final (1158) or the withdrawal was paid before (1160).
    """
    proof = prove_withdrawal(withdrawals, index)
    item = withdrawals[index - withdrawals[0].index]
    return vault.chain.transact(wallet, vault.address, vault.withdraw_call(batch, item, proof))

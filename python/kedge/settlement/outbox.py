"""Making, signing, sending, repeating and replacing the operator's transactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kedge.batching import Header, Sidecar, seal
from kedge.settlement.chain import Chain
from kedge.settlement.contracts import Settlement
from kedge.settlement.journal import AnchorJournal, Attempt, Kind
from kedge.settlement.wallet import Fees, Signed, Transaction, Wallet
from kedge.units.errors import Broken, Rejected

WINDOW_OPEN = 1116
PATIENCE = {
    1108: "the deposits of this batch to be on L1 again (a reorganisation took them out)",
    1111: "the clock of L1 to catch up with the clock of the exchange",
    WINDOW_OPEN: "the challenge window to end",
}
"""Refusals that time alone can cure, and what is waited for."""


@dataclass(frozen=True, slots=True)
class AnchorOptions:
    """How to send. Times in seconds, prices in wei per gas.

    `fee_ceiling`: above it nothing new is sent and nothing is replaced. `gas_margin`: percent added to the estimate.
    """

    stuck_after: float = 36.0
    fee_ceiling: int | None = None
    gas_margin: int = 25
    finalize: bool = True


class Outbox:
    """Sends the transactions of the two jobs; each is in the journal before it is on the network."""

    def __init__(
        self,
        chain: Chain,
        wallet: Wallet,
        settlement: Settlement,
        journal: AnchorJournal,
        options: AnchorOptions,
        clock: Callable[[], float],
    ) -> None:
        self.waiting_for = ""
        self.bond = 0
        self._chain = chain
        self._wallet = wallet
        self._settlement = settlement
        self._journal = journal
        self._options = options
        self._clock = clock
        self._sidecar: tuple[int, Sidecar] | None = None

    def send(self, kind: Kind, number: int, nonce: int) -> None:
        """Send a job for the first time with this nonce. Rejected, by the contract's number, if it would be refused."""
        fees = self._chain.fees(with_blobs=kind == "submit")
        if self._is_too_dear(fees):
            return
        draft = self._transaction(kind, number, nonce, 0, fees)
        try:
            gas = self._chain.estimate(draft, self._wallet.address)
        except Rejected as refused:
            if refused.code not in PATIENCE:
                raise
            self.waiting_for = PATIENCE[refused.code]
            return
        self._broadcast(kind, number, replace(draft, gas=gas * (100 + self._options.gas_margin) // 100))

    def push(self, attempt: Attempt) -> None:
        """Something is under way: leave it, repeat it if the node forgot it, replace it if it is stuck."""
        if self._clock() - attempt.sent_at < self._options.stuck_after:
            if not self._chain.is_known(attempt.hash):
                self._chain.send_raw(self._sign_again(attempt).raw)
            return
        fees = _bump(attempt.fees, self._chain.fees(with_blobs=attempt.kind == "submit"))
        if not self._is_too_dear(fees):
            tx = self._transaction(attempt.kind, attempt.number, attempt.nonce, attempt.gas, fees)
            self._broadcast(attempt.kind, attempt.number, tx)

    def _is_too_dear(self, fees: Fees) -> bool:
        ceiling = self._options.fee_ceiling
        if ceiling is None or max(fees.max_fee, fees.blob_fee) <= ceiling:
            return False
        self.waiting_for = f"gas on L1 costs {max(fees.max_fee, fees.blob_fee)} wei, the ceiling is {ceiling}"
        return True

    def _broadcast(self, kind: Kind, number: int, tx: Transaction) -> None:
        """Sign, write down, send: in this order."""
        signed = self._wallet.sign(tx, self.seal(number) if kind == "submit" else None, self._chain.wrapper)
        self._journal.add_attempt(Attempt(signed.hash, kind, number, tx.nonce, tx.gas, tx.fees, self._clock()))
        self._chain.send_raw(signed.raw)

    def _sign_again(self, attempt: Attempt) -> Signed:
        """The same bytes as before: signatures are deterministic."""
        tx = self._transaction(attempt.kind, attempt.number, attempt.nonce, attempt.gas, attempt.fees)
        sidecar = self.seal(attempt.number) if attempt.kind == "submit" else None
        return self._wallet.sign(tx, sidecar, self._chain.wrapper)

    def _transaction(self, kind: Kind, number: int, nonce: int, gas: int, fees: Fees) -> Transaction:
        to = self._settlement.address
        if kind == "finalize":
            return Transaction(self._chain.chain_id, nonce, to, 0, self._settlement.finalize_call(number), gas, fees)
        data = self._settlement.submit_call(self.header(number))
        return Transaction(self._chain.chain_id, nonce, to, self.bond, data, gas, fees, self.seal(number).hashes)

    def header(self, number: int) -> Header:
        """The header of a batch in the journal."""
        header = self._journal.header(number)
        if header is None:
            raise Broken(f"batch {number} is not in the anchor journal")
        return header

    def seal(self, number: int) -> Sidecar:
        """The blobs of a batch; those of the last one are remembered, since sending uses them often."""
        if self._sidecar is None or self._sidecar[0] != number:
            data = self._journal.data(number)
            if data is None:
                raise Broken(f"the data of batch {number} is not in the anchor journal")
            self._sidecar = number, seal(data)
        return self._sidecar[1]


def _bump(old: Fees, now: Fees) -> Fees:
    """Prices for a replacement: what the market asks, and at least what nodes demand to replace (double, for blobs)."""
    percent = 200 if old.blob_fee else 125
    return Fees(
        max_fee=max(now.max_fee, old.max_fee * percent // 100 + 1),
        tip=max(now.tip, old.tip * percent // 100 + 1),
        blob_fee=max(now.blob_fee, old.blob_fee * percent // 100 + 1) if old.blob_fee else 0,
    )

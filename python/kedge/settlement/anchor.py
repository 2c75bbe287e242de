"""The anchor client: brings batches to L1 and makes them final, one transaction at a time, whatever happens on the way.

Each `step` asks the chain for the truth and does at most one thing. Everything that could be lost is in the journal
before it is sent, so a step may fail or the process die at any point, and the next step goes on. Two jobs exist:
`submit` a batch and `finalize` up to a batch; a job is done when its transaction is in a block of the chain.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kedge.batching import Header
from kedge.settlement.chain import Chain, Receipt
from kedge.settlement.contracts import Deployment, Head, Settlement
from kedge.settlement.journal import AnchorJournal, Kind, Mined
from kedge.settlement.outbox import AnchorOptions, Outbox
from kedge.settlement.wallet import Wallet
from kedge.units.errors import Broken, Fault, Rejected

What = Literal["anchored", "final", "reorganised"]
_WHAT: dict[Kind, What] = {"submit": "anchored", "finalize": "final"}


@dataclass(frozen=True, slots=True)
class AnchorEvent:
    """Something became true on L1, or (`reorganised`) is no longer true."""

    what: What
    mined: Mined
    header: Header


class AnchorClient:
    """The operator's sender for one Settlement contract. Not for use by several threads at once, but for `enqueue`."""

    def __init__(
        self,
        chain: Chain,
        wallet: Wallet,
        deployment: Deployment,
        journal: AnchorJournal,
        options: AnchorOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.chain = chain
        self.journal = journal
        self.settlement = Settlement(chain, deployment.settlement)
        self.options = options or AnchorOptions()
        self.outbox = Outbox(chain, wallet, self.settlement, journal, self.options, clock)
        self._wallet = wallet
        self._deployment = deployment
        self._is_bound = False
        self._window: int | None = None
        self._events: list[AnchorEvent] = []

    def enqueue(self, header: Header, data: bytes) -> None:
        """Keep the next batch for sending (durable when this returns). The same batch twice is one batch."""
        self.journal.add_batch(header, data)

    @property
    def last_header(self) -> Header | None:
        """The header of the newest batch kept: what the next batch must follow."""
        return self.journal.header(self.journal.batch_count())

    def anchored_clock(self) -> int | None:
        """The L2 time (ms) of the last state accepted on L1 as the journal knows it; None before the first."""
        header = self.journal.header(self.journal.last_mined("submit"))
        return header.clock if header else None

    def history(self) -> list[AnchorEvent]:
        """Every outcome in the journal as events, in the order of the chain: what a new tracker needs."""
        return [self._event(_WHAT[mined.kind], mined) for mined in self.journal.all_mined()]

    @property
    def is_idle(self) -> bool:
        """Whether every batch kept is anchored."""
        return self.journal.last_mined("submit") == self.journal.batch_count()

    def step(self) -> list[AnchorEvent]:
        """Look once, act once; what was learnt before a failure comes with the next step that returns.

        Fault: the world failed, call again later. Rejected: the contract said no, by number.
        """
        self.outbox.waiting_for = ""
        try:
            self._bind()
            self._undo_reorganised()
            job = self._next_job()
            if job is not None:
                self._advance(*job)
        except Fault:
            self._is_bound = False
            raise
        events, self._events = self._events, []
        return events

    def run_until_idle(self, timeout: float = 60.0, pause: float = 0.005) -> list[AnchorEvent]:
        """Step until every batch kept is anchored; Fault after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        events = self.step()
        while not self.is_idle:
            if time.monotonic() > deadline:
                raise Fault(
                    f"batches are not anchored after {timeout} s; {self.outbox.waiting_for or 'L1 makes no progress'}"
                )
            time.sleep(pause)
            events += self.step()
        return events

    def _bind(self) -> None:
        """Make sure, at the start and after each fault, that this is the chain of the journal."""
        if self._is_bound:
            return
        place = self._deployment
        block = self.chain.block(place.block)
        if block is None or not self.chain.has_code(place.settlement):
            raise Fault(
                f"the chain at {self.chain.rpc.url} does not hold the Settlement contract 0x{place.settlement.hex()}; "
                "start the node with the state it had, or use a new data directory"
            )
        self.journal.bind(f"chain {self.chain.chain_id} contract 0x{place.settlement.hex()} block 0x{block.hash.hex()}")
        self.outbox.bond = self.settlement.bond()
        self._window = self.settlement.challenge_window()
        self._is_bound = True

    def _undo_reorganised(self) -> None:
        """Forget outcomes whose block left the chain. A block still there vouches for all before it."""
        while (mined := self.journal.newest_mined()) is not None:
            block = self.chain.block(mined.block_number)
            if block is not None and block.hash == mined.block_hash:
                break
            self._is_bound = False
            self._bind()
            self.journal.drop_mined(mined)
            self._events.append(self._event("reorganised", mined))

    def _next_job(self) -> tuple[Kind, int] | None:
        """What is under way goes first; then the next batch; then finality."""
        nonce = self.chain.nonce(self._wallet.address)
        for attempt in self.journal.open_attempts():
            if attempt.nonce == nonce:
                return attempt.kind, attempt.number
        following = self.journal.last_mined("submit") + 1
        if following <= self.journal.batch_count():
            return "submit", following
        return self._finalize_job(self.settlement.head()) if self.options.finalize else None

    def _finalize_job(self, head: Head) -> tuple[Kind, int] | None:
        """The last batch whose window is over and before which no challenge stands."""
        done = self.journal.last_mined("finalize")
        if done < head.final_number:
            return "finalize", head.final_number
        end = head.frozen_from or self.journal.last_mined("submit") + 1
        oldest = self.journal.mined("submit", done + 1)
        if oldest is None or done + 1 >= end or self._window is None:
            return None
        now = self.chain.tip("pending").timestamp
        ripe = done
        while ripe + 1 < end and (mined := self.journal.mined("submit", ripe + 1)) is not None:
            if mined.l1_time + self._window > now:
                break
            ripe += 1
        return ("finalize", ripe) if ripe > done else None

    def _advance(self, kind: Kind, number: int) -> None:
        """Bring one job forward: take its outcome, or wait, or send, or send again."""
        attempts = [item for item in self.journal.open_attempts() if (item.kind, item.number) == (kind, number)]
        nonce = self.chain.nonce(self._wallet.address)  # before the receipts: what is mined from here on shows there
        for attempt in reversed(attempts):
            receipt = self.chain.receipt(attempt.hash)
            if receipt is not None:
                self._take(kind, number, receipt)
                return
        live = [item for item in attempts if item.nonce == nonce]
        if live:
            self.outbox.push(live[-1])
            return
        if not self._is_done_on_chain(kind, number):
            self._send(kind, number, nonce, bool(attempts))
        elif (receipt := self._find_on_chain(kind, number)) is not None:
            self._take(kind, number, receipt)

    def _send(self, kind: Kind, number: int, nonce: int, was_tried: bool) -> None:
        """Send a job. One that was tried before may just have been mined: a node shows the parts of a new block (nonce,
        state, receipt) one after the other, so a refusal by the contract is then looked at again.
        """
        try:
            self.outbox.send(kind, number, nonce)
        except Rejected as refused:
            if not was_tried:
                raise
            raise Fault(f"batch {number} was sent and has no receipt yet ({refused}); looking again") from refused

    def _take(self, kind: Kind, number: int, receipt: Receipt) -> None:
        """Write down the outcome of a job."""
        if not receipt.ok:
            self.journal.forget_attempt(receipt.tx_hash)
            raise Fault(
                f"the {kind} transaction of batch {number} reverted on L1 in block {receipt.block_number}; trying again"
            )
        block = self.chain.block(receipt.block_number)
        if block is None or block.hash != receipt.block_hash:
            return
        mined = Mined(
            kind=kind,
            number=number,
            tx_hash=receipt.tx_hash,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            l1_time=block.timestamp,
            gas_used=receipt.gas_used,
            blob_gas_used=receipt.blob_gas_used,
            fee=receipt.fee,
        )
        self.journal.add_mined(mined)
        self._events.append(self._event(_WHAT[kind], mined))

    def _event(self, what: What, mined: Mined) -> AnchorEvent:
        header = self.journal.header(mined.number)
        if header is None:
            raise Broken(f"the anchor journal has an outcome for batch {mined.number}, but no such batch")
        return AnchorEvent(what, mined, header)

    def _is_done_on_chain(self, kind: Kind, number: int) -> bool:
        """Whether the contract has seen the job done, by whatever transaction."""
        head = self.settlement.head()
        return (head.final_number if kind == "finalize" else head.number) >= number

    def _find_on_chain(self, kind: Kind, number: int) -> Receipt | None:
        """The transaction that did a job unknown to the journal: somebody else's, or one the journal lost.

        None if the node does not show it yet.
        """
        first = self._deployment.block
        if kind == "finalize":
            hashes = [log.tx_hash for upto, log in self.settlement.finalized(first) if upto >= number]
            return self.chain.receipt(hashes[0]) if hashes else None
        wanted = self.outbox.header(number).digest(self.outbox.seal(number).hashes)
        if self.settlement.digest(number) != wanted:
            raise Broken(f"L1 holds another batch {number} than the anchor journal: another operator used this key")
        hashes = [item.log.tx_hash for item in self.settlement.submitted(first, number=number)]
        return self.chain.receipt(hashes[0]) if hashes else None

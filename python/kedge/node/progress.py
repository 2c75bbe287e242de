"""How far everything has come, kept up to date by the node's hooks: heights and lags by tier, and running totals."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from kedge.node.node import Hooks, Node
from kedge.proving import ProofRecord
from kedge.sequencer import Committed, SealedChunk
from kedge.settlement import AnchorEvent, Tier

_log = logging.getLogger(__name__)
UPKEEP_STEPS = frozenset({"window_update", "margin_update", "funding_tick"})
ABOVE_SEQUENCED = tuple(tier for tier in Tier if tier is not Tier.SEQUENCED)


@dataclass(frozen=True, slots=True)
class Height:
    """A tier holds up to this chunk and transaction; `lag` is the age in seconds of the oldest one without it."""

    chunk: int
    transaction: int
    lag: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Since the start of this process; gas and fees (wei) by job, seconds of proofs without the time in the queue."""

    fills: int
    liquidations: int
    proofs: int
    proof_seconds: float
    gas: dict[str, int]
    blob_gas: int
    fee: int


@dataclass(frozen=True, slots=True)
class _Sealed:
    last: int
    since: int


class Progress:
    """Listens to a node. `told` hears each tier that moved: tier, chunk, transaction; in the thread where it did."""

    def __init__(self, hooks: Hooks, told: Callable[[Tier, int, int], None]) -> None:
        self._told = told
        self._node: Node | None = None
        self._lock = threading.Lock()
        self._sealed: dict[int, _Sealed] = {}
        self._open_since: int | None = None
        self._last_sealed = 0
        self._base = 0
        self._reached: dict[Tier, int] = {}
        self._counts: Counter[str] = Counter()
        self._gas: Counter[str] = Counter()
        self._proof_seconds = 0.0
        self.last_work = 0
        hooks.committed.append(self._on_committed)
        hooks.sealed.append(self._on_sealed)
        hooks.proved.append(self._on_proved)
        hooks.anchored.append(self._on_anchored)

    def follow(self, node: Node) -> None:
        """From now on heights are those of this node, whose hooks this object was given."""
        self._node = node
        head = node.sequencer.head
        with self._lock:
            if head.in_chunk and self._open_since is None:
                self._open_since = time.time_ns() // 1_000_000
        if self.height(Tier.ANCHORED).transaction < head.sequence:
            self.last_work = head.sequence
        self._tell()

    def height(self, tier: Tier) -> Height:
        """How far a tier reaches without a gap."""
        return self.heights()[tier]

    def heights(self) -> dict[Tier, Height]:
        """All tiers. `sequenced` counts the open chunk's transactions too."""
        node = self._need()
        sequence, now = node.sequencer.head.sequence, time.time() * 1000
        with self._lock:
            found = {Tier.SEQUENCED: Height(self._last_sealed, sequence, 0.0)}
            for tier, chunk in self._walk(node).items():
                last = self._sealed[chunk].last if chunk else 0
                following = self._sealed.get(chunk + 1)
                since = following.since if following else self._open_since
                lag = max(0.0, (now - since) / 1000) if last < sequence and since is not None else 0.0
                found[tier] = Height(chunk, last, lag)
        return found

    @property
    def has_work(self) -> bool:
        """Whether a transaction other than the node's own upkeep is not anchored yet."""
        return self.last_work > self.height(Tier.ANCHORED).transaction

    def totals(self) -> Totals:
        with self._lock:
            counts, gas = self._counts, self._gas
            by_job = {job: gas[job] for job in ("anchored", "final")}
            return Totals(
                fills=counts["fill"],
                liquidations=counts["liquidated"],
                proofs=counts["proofs"],
                proof_seconds=self._proof_seconds,
                gas=by_job,
                blob_gas=gas["blob"],
                fee=gas["fee"],
            )

    def _need(self) -> Node:
        if self._node is None:
            raise RuntimeError("follow a node first")
        return self._node

    def _walk(self, node: Node) -> dict[Tier, int]:
        """The highest chunk of each tier. What is final stays so unless L1 reorganises, so the walk starts there."""
        found: dict[Tier, int] = {}
        for tier in ABOVE_SEQUENCED:
            chunk = self._base
            while chunk + 1 in self._sealed and (facts := node.facts(chunk + 1)) is not None and facts.has(tier):
                chunk += 1
            found[tier] = chunk
        self._base = found[Tier.FINAL]
        return found

    def _on_committed(self, group: Committed) -> None:
        with self._lock:
            if self._open_since is None:
                self._open_since = group[0][1].time
            for transaction, receipt in group:
                if transaction.step not in UPKEEP_STEPS:
                    self.last_work = receipt.sequence
                self._counts.update(name for name, _ in receipt.events if name in ("fill", "liquidated"))

    def _on_sealed(self, chunk: SealedChunk) -> None:
        with self._lock:
            since = self._open_since if self._open_since is not None else chunk.sealed
            self._sealed[chunk.number] = _Sealed(chunk.last, since)
            self._last_sealed = max(self._last_sealed, chunk.number)
            self._open_since = None
        if self._node is not None:
            _log.info("sealed    chunk %d: %d transactions, %d steps", chunk.number, chunk.transactions, chunk.steps)

    def _on_proved(self, chunk: SealedChunk, record: ProofRecord) -> None:
        seconds = record.total_seconds - record.seconds.get("queue", 0.0)
        with self._lock:
            self._counts["proofs"] += 1
            self._proof_seconds += seconds
        if record.resumed:
            _log.info("proved    chunk %d off-chain before the restart; its proof holds", chunk.number)
        else:
            _log.info("proved    chunk %d off-chain in %.2f s, %d bytes", chunk.number, seconds, record.size)
        self._tell()

    def _on_anchored(self, events: list[AnchorEvent]) -> None:
        if self._node is None:
            return  # outcomes of an earlier life
        for event in events:
            mined, header = event.mined, event.header
            with self._lock:
                if event.what == "reorganised":
                    self._base = 0
                else:
                    self._gas.update({event.what: mined.gas_used, "blob": mined.blob_gas_used, "fee": mined.fee})
            chunks, place = f"chunks {header.first_chunk} to {header.last_chunk}", f"L1 block {mined.block_number}"
            if event.what == "anchored":
                text = f"anchored  batch {mined.number} ({chunks}) in {place}, {mined.gas_used} gas"
                _log.info("%s, transaction 0x%s", text, mined.tx_hash.hex())
            elif event.what == "final":
                _log.info("final     all up to batch %d, since %s", mined.number, place)
            else:
                _log.warning("L1 reorganised: batch %d left the chain and is sent again", mined.number)
        self._tell()

    def _tell(self) -> None:
        """Tell the tiers that moved since the last call."""
        if self._node is None:
            return
        for tier, height in self.heights().items():
            if tier is not Tier.SEQUENCED and self._reached.get(tier) != height.chunk:
                self._reached[tier] = height.chunk
                self._told(tier, height.chunk, height.transaction)

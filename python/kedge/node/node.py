"""The node: sequencer, prover and anchoring of one data directory, wired together.

submit -> sequencer -> sealed chunks -> prover -> proven chunks -> anchoring -> L1
               ^                                                       |
               +------------- deposits, the age of the window ---------+
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kedge.batching import Schema, Withdrawal, decode
from kedge.machine import address_of
from kedge.node.anchoring import Anchoring
from kedge.node.batches import CLOCK, BatchMaker
from kedge.node.clock import Clock, HostClock
from kedge.node.losses import Losses, Question, exposed
from kedge.node.place import Place
from kedge.node.upkeep import Upkeep
from kedge.proving import NativeProofs, ProofRecord, ProofScheduler, ProverListeners
from kedge.rules import DEPOSITS, EXCHANGE, Queue, program
from kedge.sequencer import (
    Committed,
    Listeners,
    NativeEngines,
    Origin,
    Receipt,
    SealedChunk,
    Sequencer,
    Settings,
    Transaction,
)
from kedge.settlement import (
    AnchorClient,
    AnchorEvent,
    AnchorJournal,
    AnchorOptions,
    Chain,
    ChunkFinality,
    CountOrClock,
    DepositWatcher,
    FinalityTracker,
    Pausable,
    Tier,
    Wallet,
)
from kedge.units.errors import KedgeError


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """How often chunks end and batches go out. Times in seconds unless the name says otherwise.

    `confirmations` L1 blocks must stand on a deposit before it is credited; a batch takes as many chunks as its bytes
    allow, `anchor_most` at most; `clock` is the time that the exchange follows.
    """

    chunk_transactions: int = 1_000
    chunk_ms: int | None = 2_000
    anchor_chunks: int = 4
    anchor_seconds: float = 6.0
    upkeep_ms: int = 1_000
    stuck_after: float = 36.0
    confirmations: int = 0
    anchor_most: int = 64
    clock: Clock = field(default_factory=HostClock)


@dataclass(slots=True)
class Hooks:
    """Who hears of news, in the thread where it happens: `committed` and `sealed` must be quick and not wait."""

    committed: list[Callable[[Committed], None]] = field(default_factory=list)
    sealed: list[Callable[[SealedChunk], None]] = field(default_factory=list)
    proved: list[Callable[[SealedChunk, ProofRecord], None]] = field(default_factory=list)
    anchored: list[Callable[[list[AnchorEvent]], None]] = field(default_factory=list)


class Node:
    """A running node. `close` stops it in order; killing it loses nothing that was acknowledged."""

    def __init__(
        self, folder: Path, chain: Chain, wallet: Wallet, place: Place, options: NodeOptions, hooks: Hooks | None = None
    ) -> None:
        self.options, self.place, self.hooks = options, place, hooks or Hooks()
        self.finality = FinalityTracker()
        self.losses = Losses()
        self._chunks: dict[int, SealedChunk] = {}
        self._lock = threading.Lock()
        self._is_wired = False
        data = program().data
        settings = Settings(chunk_transactions=options.chunk_transactions, chunk_ms=options.chunk_ms)
        heard = Listeners(committed=self._on_committed, sealed=self._on_sealed)
        self.sequencer = Sequencer.open(folder, NativeEngines(data), settings, heard)
        try:
            directory = self.sequencer.directory
            listeners = ProverListeners(proved=self._on_proved)
            self.prover = ProofScheduler(directory, NativeProofs(data), listeners=listeners)
            self.journal = AnchorJournal(folder / "anchor.sqlite")
            client = AnchorClient(
                chain, wallet, place.deployment, self.journal, AnchorOptions(stuck_after=options.stuck_after)
            )
            start = self.get(address_of(Queue, EXCHANGE, DEPOSITS))[0]
            deposits = DepositWatcher(chain, place.deployment, start, options.confirmations)
            self._schema, _ = Schema.parse(data)
            maker = BatchMaker(directory, data, self.get)
            policy = Pausable(CountOrClock(options.anchor_chunks, options.anchor_seconds, options.anchor_most))
            self.anchoring = Anchoring(self.sequencer, client, deposits, maker, policy, place, self._on_anchor)
            clock, anchored = self.get(CLOCK)[:2]
            self.upkeep = Upkeep(clock, max(anchored, place.genesis_clock), options.upkeep_ms)
            self.upkeep.resume(self.get)
            self.losses.resume(self.sequencer.read(lambda engine: exposed(engine.entries())))
            self._resume()
        except BaseException:
            self.sequencer.close()
            raise

    def _resume(self) -> None:
        """Take up the chunks of an earlier life. Those in a batch were proved before it was made; of the others the
        prover skips those whose proof is on disk and holds.
        """
        settled = self.anchoring.first_open
        self.anchoring.start()
        self._is_wired = True
        for chunk in self.sequencer.chunks():
            self._on_sealed(chunk, is_proved=chunk.number < settled)

    def get(self, address: int) -> list[int]:
        """A record of the durable state: 8 signed words."""
        return self.sequencer.read(lambda engine: engine.get(address))

    @property
    def root(self) -> bytes:
        """Root of the durable state."""
        return self.sequencer.read(lambda engine: engine.root())

    def heights(self) -> dict[Tier, int | None]:
        """The highest chunk of each tier below which every chunk has it too."""
        with self._lock:
            return self.finality.heights()

    def facts(self, chunk: int) -> ChunkFinality | None:
        """How far a sealed chunk has come, as of now; None if it is not sealed."""
        with self._lock:
            known = self.finality.get(chunk)
            return replace(known) if known is not None else None

    def last_transaction(self, chunk: int | None) -> int:
        """The last transaction of a sealed chunk, 0 for none."""
        with self._lock:
            known = self._chunks.get(chunk or 0)
        return known.last if known else 0

    def withdrawals(self, number: int) -> tuple[Withdrawal, ...]:
        """The withdrawals of a batch, from its published bytes."""
        data = self.journal.data(number)
        return decode(data, self._schema).withdrawals if data is not None else ()

    def submit(self, transactions: Sequence[Transaction], origin: Origin = Origin.SYSTEM) -> list[Receipt]:
        """Receipts after durability; markets that open and terms that are announced are taken care of from then on."""
        receipts = self.sequencer.submit(transactions, origin)
        for receipt in receipts:
            self.upkeep.learn(receipt.events)
        return receipts

    def due(self) -> Sequence[Transaction]:
        """The node's own transactions that are due now: with each upkeep, what losses ask for at its time."""
        clock = self.options.clock
        work = self.upkeep.due(clock.now(), clock.anchored(self.anchoring.anchored_clock))
        if not work:
            return work
        return [*work, *self.losses.due(self._ask, self.upkeep.clock)]

    def _ask(self, question: Question) -> list[Transaction]:
        return self.sequencer.read(lambda engine: question(engine.get))

    @property
    def window_seconds(self) -> float:
        """settlement_window: time since the L2 time of the last anchored state."""
        clock = self.options.clock
        return max(0, clock.now() - clock.anchored(self.anchoring.anchored_clock)) / 1000

    def check(self) -> None:
        """Raise what ended the prover or the anchoring, if something did."""
        failure: KedgeError | None = self.prover.failure or self.anchoring.failure
        if failure is not None:
            raise failure

    def halt(self) -> None:
        """Begin nothing more on L1 and give up the proof under way; `close` waits for both to end."""
        self._is_wired = False
        self.anchoring.halt()
        self.prover.halt()

    def close(self) -> None:
        """Stop in order: no new chunk, no new proof, no new L1 transaction; then give the directory back."""
        self.halt()
        self.anchoring.close()
        self.prover.close()
        self.sequencer.close()
        self.journal.close()

    def _on_committed(self, group: Committed) -> None:
        self.losses.learn(group)
        for hook in self.hooks.committed:
            hook(group)

    def _on_sealed(self, chunk: SealedChunk, is_proved: bool = False) -> None:
        """What is sealed before the wiring or after `close` is taken up by `_resume`, now or in the next life."""
        if not self._is_wired:
            return
        with self._lock:
            self._chunks[chunk.number] = chunk
            self.finality.on_sequenced(chunk.number, chunk.sealed)
            if is_proved:
                self.finality.on_proved(chunk.number, chunk.sealed)
        for hook in self.hooks.sealed:
            hook(chunk)
        if not is_proved:
            self.prover.submit(chunk)

    def _on_proved(self, record: ProofRecord) -> None:
        with self._lock:
            chunk = self._chunks[record.number]
            self.finality.on_proved(record.number, time.time_ns() // 1_000_000)
        self.anchoring.proved(chunk)
        for hook in self.hooks.proved:
            hook(chunk, record)

    def _on_anchor(self, events: list[AnchorEvent]) -> None:
        with self._lock:
            self.finality.on_anchor(events)
        for hook in self.hooks.anchored:
            hook(events)

"""The node's hand on L1: proven chunks become batches, batches are anchored and made final, deposits come in."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kedge.batching import DEPOSITS_HEAD, Deposit, load_setup, owner_words
from kedge.node.batches import BatchMaker
from kedge.node.place import Place
from kedge.node.task import Task
from kedge.sequencer import Origin, SealedChunk, Sequencer, Transaction
from kedge.settlement import AnchorClient, AnchorEvent, Backlog, DepositWatcher, Pausable
from kedge.units.errors import Broken, Fault, Rejected

_log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.1
CLOSE_SECONDS = 2.0
MOST_CREDITS = 1_000


@dataclass(slots=True)
class _Proved:
    chunk: SealedChunk
    since: float


class Anchoring:
    """One thread with three tasks: take deposits in, make the next batch, bring batches forward on L1.

    What fails or is refused is tried again, stands in `trouble` meanwhile, and holds up no other task. Only `Broken`, a
    failure of our own, ends the thread.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        client: AnchorClient,
        deposits: DepositWatcher,
        maker: BatchMaker,
        policy: Pausable,
        place: Place,
        told: Callable[[list[AnchorEvent]], None],
    ) -> None:
        self._sequencer, self._client, self._deposits = sequencer, client, deposits
        self._maker, self.policy, self._place, self._told = maker, policy, place, told
        header = client.last_header
        self._next = header.last_chunk + 1 if header else 1
        self._proved: dict[int, _Proved] = {}
        self._credits: list[Deposit] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.failure: Broken | None = None
        self._tasks = [
            Task("deposits wait", self._take_deposits),
            Task("the next batch waits", self._make_batch),
            Task("L1 waits", self._step),
        ]
        self._thread = threading.Thread(target=self._loop, name="kedge-anchoring", daemon=True)

    def start(self) -> None:
        """Begin; events of an earlier life are told first."""
        self._told(self._client.history())
        self._thread.start()

    def proved(self, chunk: SealedChunk) -> None:
        """A chunk's proof is on disk."""
        with self._lock:
            if chunk.number >= self._next:
                self._proved[chunk.number] = _Proved(chunk, time.monotonic())

    @property
    def first_open(self) -> int:
        """The first chunk that is in no batch."""
        return self._next

    @property
    def anchored_clock(self) -> int:
        """Time (ms) of the last state accepted on L1, as the anchor journal knows it; genesis before the first."""
        return self._client.anchored_clock() or self._place.genesis_clock

    @property
    def trouble(self) -> str:
        """What is being waited for, task by task; empty when all goes well."""
        return "; ".join(dict.fromkeys(task.trouble for task in self._tasks if task.trouble))

    @property
    def is_anchored(self) -> bool:
        """Whether no proven chunk waits for a batch and every batch is anchored."""
        return not self._ready() and self._client.is_idle

    @property
    def is_settled(self) -> bool:
        """Whether everything anchored is final on L1 too."""
        journal = self._client.journal
        return self.is_anchored and journal.last_mined("finalize") == journal.batch_count()

    def halt(self) -> None:
        """Begin no further step, without waiting for the one under way."""
        self._stop.set()

    def close(self) -> None:
        """Stop after the step under way; whatever was sent is in the journal and is taken up again.

        A step that waits for an L1 that does not answer is given up: it journals before it sends, so with the journal
        closed it can send nothing more.
        """
        self.halt()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def _loop(self) -> None:
        load_setup()  # two seconds, better spent before the first batch waits for them
        while not self._stop.is_set():
            try:
                for task in self._tasks:
                    task.run(time.monotonic())
            except Exception as error:
                if not self._stop.is_set():
                    self._end(error)
                return
            self._stop.wait(PAUSE_SECONDS)

    def _end(self, error: Exception) -> None:
        if isinstance(error, Broken):
            self.failure = error
        else:
            _log.error("anchoring failed", exc_info=error)
            self.failure = Broken(f"anchoring failed ({error!r}): restart")
        _log.critical("anchoring stopped: %s", self.failure)

    def _step(self) -> None:
        events = self._client.step()
        if events:
            self._told(events)

    def _take_deposits(self) -> None:
        """Credit what is new on L1. A deposit leaves `_credits` only when the exchange has taken it."""
        self._credits += self._deposits.poll()
        while self._credits:
            taken = self._sequencer.read(lambda engine: engine.get(DEPOSITS_HEAD))[0]
            self._credits = [deposit for deposit in self._credits if deposit.index >= taken]
            work = [_credit(deposit) for deposit in self._credits[:MOST_CREDITS]]
            try:
                receipts = self._sequencer.submit(work, Origin.SYSTEM)
            except Rejected as busy:
                raise Fault(f"deposits wait for the sequencer: {busy}") from busy
            for receipt in receipts:
                if not receipt.accepted:
                    raise Rejected(
                        receipt.code, receipt.name, f"a deposit on L1 that the exchange refuses; {receipt.text}"
                    )
            self._credits = self._credits[MOST_CREDITS:]

    def _ready(self) -> list[_Proved]:
        """Proven chunks that follow the last batch without a gap."""
        with self._lock:
            ready, number = [], self._next
            while number in self._proved:
                ready.append(self._proved[number])
                number += 1
            return ready

    def _make_batch(self) -> None:
        after = self._client.last_header
        if after is not None:
            self._leave(after.last_chunk)
        ready = self._ready()
        if not ready:
            return
        count = self.policy.chunks_to_anchor(Backlog(len(ready), time.monotonic() - ready[0].since))
        if not count:
            return
        batch, data = self._maker.make([item.chunk for item in ready[:count]], after, self._place.genesis_clock)
        self._client.enqueue(batch.header, data)
        self._leave(batch.last_chunk)

    def _leave(self, last: int) -> None:
        """Chunks up to this one are in a batch."""
        with self._lock:
            for number in range(self._next, last + 1):
                self._proved.pop(number, None)
            self._next = max(self._next, last + 1)


def _credit(deposit: Deposit) -> Transaction:
    words = [deposit.index, deposit.account, deposit.amount, *owner_words(deposit.owner)]
    return Transaction("deposit", words)

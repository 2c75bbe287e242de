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
from kedge.sequencer import Origin, SealedChunk, Sequencer, Transaction
from kedge.settlement import AnchorClient, AnchorEvent, Backlog, DepositWatcher, Pausable
from kedge.units.errors import Broken, Fault, Rejected

_log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.1
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 2.0
MOST_CREDITS = 1_000
WRONG_CLOCK = 1111
"""The contract's number for a batch whose clock is ahead of L1's: time mends it."""


@dataclass(slots=True)
class _Proved:
    chunk: SealedChunk
    since: float


class Anchoring:
    """One thread that looks at L1 and acts once, again and again. A Fault of the world is logged and tried again."""

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
        self.failure: Broken | Rejected | None = None
        self.trouble = ""
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
                self._take_deposits()
                self._make_batch()
                events = self._client.step()
                self.trouble = ""
                if events:
                    self._told(events)
                self._stop.wait(PAUSE_SECONDS)
            except Exception as error:
                if self._stop.is_set() or not self._goes_on(error):
                    return

    def _goes_on(self, error: Exception) -> bool:
        """Wait where time can mend it; else end, and say why."""
        if isinstance(error, Fault):
            self._retry(str(error))
            return True
        if isinstance(error, Rejected) and error.code == WRONG_CLOCK:
            self._retry(f"L1's newest block is older than the contract's drift allows; waiting: {error}")
            return True
        if isinstance(error, Broken | Rejected):
            self._end(error)
        else:
            _log.error("anchoring failed", exc_info=error)
            self._end(Broken(f"anchoring failed ({error!r}): restart"))
        return False

    def _retry(self, trouble: str) -> None:
        if self.trouble != trouble:
            _log.warning("%s", trouble)
        self.trouble = trouble
        self._stop.wait(RETRY_SECONDS)

    def _end(self, failure: Broken | Rejected) -> None:
        self.failure = failure
        _log.critical("anchoring stopped: %s", failure)

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
                    raise Broken(f"a deposit was refused ({receipt.code} {receipt.name}): the exchange and L1 disagree")
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
        ready = self._ready()
        if not ready:
            return
        count = self.policy.chunks_to_anchor(Backlog(len(ready), time.monotonic() - ready[0].since))
        if not count:
            return
        chunks = [item.chunk for item in ready[:count]]
        batch, data = self._maker.make(chunks, self._client.last_header, self._place.genesis_clock)
        self._client.enqueue(batch.header, data)
        with self._lock:
            for chunk in chunks:
                del self._proved[chunk.number]
            self._next = chunks[-1].number + 1


def _credit(deposit: Deposit) -> Transaction:
    words = [deposit.index, deposit.account, deposit.amount, *owner_words(deposit.owner)]
    return Transaction("deposit", words)

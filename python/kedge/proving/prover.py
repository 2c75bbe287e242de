"""Sealed chunks in, proof files out: in any order, in the background, at most once each."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType

from kedge.proving.chunk import ChunkProver, ProofRecord
from kedge.proving.system import CancelLike, ProofCancelled, ProofSystem
from kedge.sequencer import DataDirectory, SealedChunk
from kedge.units.errors import Broken, Fault

_RETRY_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProverListeners:
    """Called in a prover's thread; what they raise is only logged."""

    progress: Callable[[int, str, float], None] | None = None
    proved: Callable[[ProofRecord], None] | None = None
    failed: Callable[[Broken], None] | None = None


@dataclass(order=True, slots=True)
class _Job:
    number: int
    chunk: SealedChunk = field(compare=False)
    submitted: float = field(compare=False)


class ProofScheduler:
    """Proves chunks of one data directory, the lowest number first.

    The first proof that fails ends it: `wait` and `submit` then raise `Broken` with the chunk's number. A full disk
    only delays. `close` stops a running proof and leaves no partial file; the next scheduler starts where this one
    stopped.
    """

    def __init__(
        self,
        directory: DataDirectory,
        system: ProofSystem,
        workers: int = 1,
        listeners: ProverListeners | None = None,
    ) -> None:
        """One worker suffices where a proof uses all cores; more pay off with a system of processes."""
        self._closing = threading.Event()
        self._prover = ChunkProver(directory, system, self._closing)
        self._listeners = listeners or ProverListeners()
        self._changed = threading.Condition()
        self._jobs: list[_Job] = []
        self._known: set[int] = set()
        self._running: dict[int, CancelLike] = {}
        self._records: dict[int, ProofRecord] = {}
        self._failure: Broken | None = None
        self._threads = [
            threading.Thread(target=self._work, name=f"kedge-prover-{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, chunk: SealedChunk) -> None:
        """Take a chunk; one that was taken before is ignored."""
        with self._changed:
            self._check()
            if chunk.number not in self._known:
                self._known.add(chunk.number)
                self._put(_Job(chunk.number, chunk, time.monotonic()))

    @property
    def pending(self) -> int:
        """Chunks taken and not yet proven."""
        with self._changed:
            return len(self._known) - len(self._records)

    @property
    def records(self) -> list[ProofRecord]:
        """Proofs on disk so far, by chunk number."""
        with self._changed:
            return [self._records[number] for number in sorted(self._records)]

    @property
    def failure(self) -> Broken | None:
        """Why proving stopped, if it did."""
        return self._failure

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every chunk taken so far is proven; False when `timeout` seconds were not enough."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._is_over or len(self._known) == len(self._records), timeout)
            self._check()
            return done

    def halt(self) -> None:
        """Take no further chunk and cancel running proofs, without waiting for the workers to end."""
        self._closing.set()
        with self._changed:
            for cancel in self._running.values():
                cancel.cancel()
            self._changed.notify_all()

    def close(self) -> None:
        """Stop, cancelling running proofs, and wait for the workers to end. A second call does nothing."""
        self.halt()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> ProofScheduler:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def _is_over(self) -> bool:
        return self._closing.is_set() or self._failure is not None

    def _put(self, job: _Job) -> None:
        with self._changed:
            heapq.heappush(self._jobs, job)
            self._changed.notify_all()

    def _check(self) -> None:
        if self._failure is not None:
            raise Broken(str(self._failure))
        if self._closing.is_set():
            raise Fault("the prover is closed; start a new one, it goes on where this one stopped")

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                record = self._prove(job)
            except ProofCancelled:
                continue
            except Fault as fault:
                _log.error("chunk %d waits: %s", job.number, fault)
                self._closing.wait(_RETRY_SECONDS)
                self._put(job)
                continue
            except Exception as error:
                self._fail(job.number, error)
                continue
            with self._changed:
                self._records[job.number] = record
                self._changed.notify_all()
            self._tell(self._listeners.proved, record)

    def _next(self) -> _Job | None:
        """The next job; None when it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or bool(self._jobs))
            return None if self._is_over else heapq.heappop(self._jobs)

    def _fail(self, number: int, error: Exception) -> None:
        failure = Broken(f"chunk {number} cannot be proven: {error}")
        failure.__cause__ = error
        with self._changed:
            self._failure = self._failure or failure
            for cancel in self._running.values():
                cancel.cancel()
            self._changed.notify_all()
        self._tell(self._listeners.failed, failure)

    def _prove(self, job: _Job) -> ProofRecord:
        cancel = self._prover.make_cancel()
        with self._changed:
            if self._is_over:
                raise ProofCancelled
            self._running[job.number] = cancel
        try:
            progress = partial(self._tell, self._listeners.progress, job.number)
            return self._prover.prove(job.chunk, job.submitted, progress, cancel)
        finally:
            with self._changed:
                del self._running[job.number]

    def _tell(self, listener: Callable[..., None] | None, *news: object) -> None:
        try:
            if listener is not None:
                listener(*news)
        except Exception:
            _log.exception("a listener of the prover failed; proving goes on")

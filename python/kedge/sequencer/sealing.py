"""The end of a chunk: its row, then its witness on disk, then now and then a snapshot.

The row follows the chunk's transactions at once and becomes durable with the next group; everything that has to wait
for the disk is done by a thread of its own, one chunk at a time, so that no receipt waits for it.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from kedge.sequencer.directory import DataDirectory, write_atomic
from kedge.sequencer.engine import EngineLike
from kedge.sequencer.journal import Journal
from kedge.sequencer.replay import Position
from kedge.sequencer.snapshots import Snapshot, SnapshotStore
from kedge.sequencer.transaction import SealedChunk
from kedge.units.errors import Fault

_log = logging.getLogger(__name__)


class Sealer:
    """Seals chunks of one data directory, for one thread; `filed` is called, in another one, when there is news.

    The order makes a crash harmless: without the row the chunk is still open; with the row and without its witness, a
    replay writes it again; a snapshot, before which nothing is replayed, comes after the witnesses of its chunks.
    """

    def __init__(
        self,
        directory: DataDirectory,
        journal: Journal,
        snapshots: SnapshotStore,
        every: int,
        filed: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._journal = journal
        self._snapshots = snapshots
        self._every = every
        self._filed = filed
        self._worker = ThreadPoolExecutor(1, "kedge-filing")
        self._filing: Future[None] | None = None
        self._sealed: list[SealedChunk] = []

    def seal(self, engine: EngineLike, position: Position) -> SealedChunk:
        """End the open chunk. It is durable, and ready to be proven, once `take` gives it; `Fault` as of `wait`."""
        self.wait()
        sealed = engine.seal()
        chunk = SealedChunk(
            number=position.chunk,
            first=position.first,
            last=position.last,
            steps=sealed.steps,
            old_root=sealed.old_root,
            new_root=sealed.new_root,
            sealed=max(time.time_ns() // 1_000_000, position.time),
            witness_digest=hashlib.sha256(sealed.witness).digest(),
            witness=self._directory.witness(position.chunk),
        )
        self._journal.append_chunk(chunk, sealed.touched)
        self._sealed.append(chunk)
        self._filing = self._worker.submit(self._file, chunk, sealed.witness)
        if chunk.number % self._every == 0:
            snapshot = Snapshot(chunk.number, chunk.last, chunk.new_root, engine.snapshot())
            self._worker.submit(self._save, snapshot, self._filing)
        self._filing.add_done_callback(lambda _: self._filed())
        return chunk

    def wait(self) -> None:
        """Wait until the last chunk is filed; `Fault`, until `replayed`, if the disk refused."""
        if self._filing is not None:
            self._filing.result()
            self._filing = None

    def settle(self) -> None:
        """Wait until nothing is being filed, whatever came of it: a replay may then write the same files."""
        if self._filing is not None:
            self._filing.exception()

    def replayed(self) -> None:
        """A replay found the witness of every chunk, or has written it again."""
        self._filing = None

    def take(self) -> list[SealedChunk]:
        """Sealed chunks that have become durable since the last call."""
        if self._filing is not None and (not self._filing.done() or self._filing.exception()):
            return []
        taken, self._sealed = self._sealed, []
        return taken

    def close(self) -> None:
        """Wait for what is being written."""
        self._worker.shutdown(wait=True)

    def _file(self, chunk: SealedChunk, witness: bytes) -> None:
        try:
            write_atomic(chunk.witness, witness)
            self._journal.sync()
        except Fault as fault:
            _log.error("chunk %d is sealed but not filed: %s", chunk.number, fault)
            raise

    def _save(self, snapshot: Snapshot, after: Future[None]) -> None:
        if after.exception() is not None:
            return
        try:
            self._snapshots.write(snapshot)
        except Fault as fault:
            _log.warning("no snapshot after chunk %d, a restart will replay more: %s", snapshot.chunk, fault)

"""The end of a chunk: its witness on disk, then its row, then now and then a snapshot."""

from __future__ import annotations

import hashlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from kedge.sequencer.directory import DataDirectory, write_atomic
from kedge.sequencer.engine import EngineLike
from kedge.sequencer.journal import Journal
from kedge.sequencer.replay import Position
from kedge.sequencer.snapshots import Snapshot, SnapshotStore
from kedge.sequencer.transaction import SealedChunk
from kedge.units.errors import Fault

_log = logging.getLogger(__name__)


class Sealer:
    """Seals chunks of one data directory.

    The order makes a crash harmless: without the row the chunk is still open and its witness file is written again;
    with the row, the file is there.
    """

    def __init__(self, directory: DataDirectory, journal: Journal, snapshots: SnapshotStore, every: int) -> None:
        self._directory = directory
        self._journal = journal
        self._snapshots = snapshots
        self._every = every
        self._filing = ThreadPoolExecutor(1, "kedge-snapshots")

    def seal(self, engine: EngineLike, position: Position) -> SealedChunk:
        """End the open chunk; afterwards it is durable and ready to be proven."""
        sealed = engine.seal()
        path = self._directory.witness(position.chunk)
        chunk = SealedChunk(
            number=position.chunk,
            first=position.first,
            last=position.last,
            steps=sealed.steps,
            old_root=sealed.old_root,
            new_root=sealed.new_root,
            sealed=max(time.time_ns() // 1_000_000, position.time),
            witness_digest=hashlib.sha256(sealed.witness).digest(),
            witness=path,
        )
        write_atomic(path, sealed.witness)
        self._journal.append_chunk(chunk, sealed.touched)
        if chunk.number % self._every == 0:
            snapshot = Snapshot(chunk.number, chunk.last, chunk.new_root, engine.snapshot())
            self._filing.submit(self._file, snapshot)
        return chunk

    def close(self) -> None:
        """Wait for the snapshot that is being written."""
        self._filing.shutdown(wait=True)

    def _file(self, snapshot: Snapshot) -> None:
        try:
            self._snapshots.write(snapshot)
        except Fault as fault:
            _log.warning("no snapshot after chunk %d, a restart will replay more: %s", snapshot.chunk, fault)

"""Coming back to life: from the newest snapshot and the journal to the state that was acknowledged last."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from kedge.sequencer.codec import Codec
from kedge.sequencer.directory import DataDirectory, write_atomic
from kedge.sequencer.engine import EngineLike, EngineSource
from kedge.sequencer.journal import Journal
from kedge.sequencer.ledger import Group
from kedge.sequencer.snapshots import SnapshotStore
from kedge.sequencer.transaction import SealedChunk
from kedge.units.errors import Broken, Rejected


@dataclass(slots=True)
class Position:
    """Where the sequencer stands: the open chunk, its first transaction, the last transaction and its time in ms."""

    chunk: int
    first: int
    last: int
    time: int

    @property
    def count(self) -> int:
        """Transactions in the open chunk."""
        return self.last - self.first + 1


class Replay:
    """Rebuilds the state of one data directory. Every root that was ever sealed on the way is checked again."""

    def __init__(self, directory: DataDirectory, journal: Journal, snapshots: SnapshotStore, codec: Codec) -> None:
        self._directory = directory
        self._journal = journal
        self._snapshots = snapshots
        self._codec = codec

    def run(self, source: EngineSource) -> tuple[EngineLike, Position]:
        """The engine at the last durable transaction. `Broken` with the chunk or transaction that does not replay."""
        rows = self._journal.chunks()
        self._check_rows(rows)
        engine, sealed = self._start(source, rows)
        last = rows[sealed - 1].last if sealed else 0
        pending = rows[sealed:]
        for group in self._journal.groups(after=last):
            pending = self._seal_until(engine, pending, group.first - 1)
            self._apply(engine, group)
        pending = self._seal_until(engine, pending, self._journal.last)
        if pending:
            raise Broken(f"chunk {pending[0].number} ends with transaction {pending[0].last}, which is not journalled")
        first = rows[-1].last + 1 if rows else 1
        return engine, Position(len(rows) + 1, first, self._journal.last, self._journal.last_time)

    def _check_rows(self, rows: list[SealedChunk]) -> None:
        last = 0
        for number, row in enumerate(rows, start=1):
            if row.number != number or row.first != last + 1 or row.last < last:
                raise Broken(f"the journal's chunk rows do not join at chunk {number}")
            last = row.last

    def _start(self, source: EngineSource, rows: list[SealedChunk]) -> tuple[EngineLike, int]:
        """An engine after some sealed chunk, and that chunk's number; 0 and the empty state without a snapshot."""
        for snapshot in self._snapshots.newest(len(rows)):
            row = rows[snapshot.chunk - 1] if snapshot.chunk else None
            if row is None or (row.last, row.new_root) != (snapshot.last, snapshot.root):
                continue
            try:
                engine = source.restore(snapshot.body)
            except ValueError:
                continue
            if engine.root() == snapshot.root:
                return engine, snapshot.chunk
        return source.empty(), 0

    def _apply(self, engine: EngineLike, group: Group) -> None:
        try:
            transactions = self._codec.decode_all(group.entries, group.last - group.first + 1)
        except Rejected as error:
            raise Broken(f"transactions {group.first}..{group.last} of the journal do not decode: {error}") from error
        if len(transactions) != group.last - group.first + 1:
            raise Broken(f"group {group.first}..{group.last} of the journal holds {len(transactions)} transactions")
        for sequence, (code, _, _) in enumerate(engine.submit_many(transactions), start=group.first):
            if code:
                raise Broken(f"transaction {sequence} was accepted and is now refused with code {code}")

    def _seal_until(self, engine: EngineLike, pending: list[SealedChunk], last: int) -> list[SealedChunk]:
        """Seal the chunks that end at `last`; the rest is still ahead."""
        while pending and pending[0].last == last:
            self._seal(engine, pending[0])
            pending = pending[1:]
        return pending

    def _seal(self, engine: EngineLike, row: SealedChunk) -> None:
        sealed = engine.seal()
        if (sealed.old_root, sealed.new_root) != (row.old_root, row.new_root):
            raise Broken(
                f"chunk {row.number} replays to root {sealed.new_root.hex()}, the journal says {row.new_root.hex()}: "
                f"stop, keep a copy of {self._directory.root}"
            )
        if not _holds(row):
            write_atomic(row.witness, sealed.witness)


def _holds(row: SealedChunk) -> bool:
    """Whether the witness file of a chunk is there and is the one that was sealed."""
    try:
        return hashlib.sha256(row.witness.read_bytes()).digest() == row.witness_digest
    except OSError:
        return False

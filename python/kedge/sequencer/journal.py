"""The journal: what was sequenced, durable before anybody is told.

SQLite in WAL mode with synchronous=FULL, one row per group commit. Rows are only ever added: triggers refuse anything
else. Each group carries `chain = BLAKE2b(previous chain | first | last | time | entries)`, so that a changed, missing
or reordered group is found when it is read back.

    groups   first, last sequence number · time ms · chain · entries (codec bytes, one transaction after the other)
    chunks   number · first, last · steps · old_root, new_root · sealed ms · witness digest
    touched  chunk number · (i64 address, 8 x i64 words) of each record that the chunk changed
    meta     schema version, program digest
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from kedge.sequencer.directory import DataDirectory, faults
from kedge.sequencer.ledger import (
    GENESIS_CHAIN,
    SCHEMA_VERSION,
    TABLES,
    Group,
    chain_of,
    check_schema,
    pack_touched,
    read_chunks,
    read_groups,
)
from kedge.sequencer.transaction import SealedChunk
from kedge.units.errors import Broken, Fault


class Journal:
    """The journal of one data directory, for one thread at a time.

    A full disk is a `Fault`: nothing of the refused commit is kept, and the same call may be made again. Any other
    failure of the store is `Broken`.
    """

    def __init__(self, directory: DataDirectory, program_digest: bytes) -> None:
        self._last, self._time, self._chain = 0, 0, GENESIS_CHAIN
        self._is_synchronous = True
        self._directory = directory
        self._path = directory.journal
        self._wal = self._path.with_name(self._path.name + "-wal")
        with self._errors():
            self._db = _connect(str(self._path))
        try:
            with self._errors():
                self._prepare(program_digest)
                self._check_integrity()
                self._read_head()
        except BaseException:
            self._db.close()
            raise

    @property
    def last(self) -> int:
        """Sequence number of the last durable transaction; 0 when there is none."""
        return self._last

    @property
    def last_time(self) -> int:
        """Time of the last durable group, ms."""
        return self._time

    def append(self, group: Group) -> None:
        """Make one group durable."""
        if group.first != self._last + 1 or group.last < group.first:
            raise Broken(f"group {group.first}..{group.last} does not follow transaction {self._last}")
        chain = chain_of(self._chain, group)
        row = (group.first, group.last, group.time, chain, group.entries)
        with self._errors():
            self._sync_commits(True)
            # One statement is a transaction by itself; three would each wait for the interpreter on their way back.
            self._db.execute("INSERT INTO groups VALUES(?,?,?,?,?)", row)
        self._last, self._time, self._chain = group.last, group.time, chain

    def append_chunk(self, chunk: SealedChunk, touched: list[tuple[int, list[int]]]) -> None:
        """Add a chunk's row. It becomes durable with the next group, never after it, or by `sync`."""
        with self._commit(is_durable=False):
            self._db.execute(
                "INSERT INTO chunks VALUES(?,?,?,?,?,?,?,?)",
                (
                    chunk.number,
                    chunk.first,
                    chunk.last,
                    chunk.steps,
                    chunk.old_root,
                    chunk.new_root,
                    chunk.sealed,
                    chunk.witness_digest,
                ),
            )
            self._db.execute("INSERT INTO touched VALUES(?,?)", (chunk.number, pack_touched(touched)))

    def sync(self) -> None:
        """Make durable whatever was added before; may be called by another thread."""
        with faults(f"cannot write {self._wal}"):
            descriptor = os.open(self._wal, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def groups(self, after: int = 0) -> Iterator[Group]:
        """Groups whose transactions all follow `after`, in order; `Broken` where the chain does not hold."""
        with self._errors():
            yield from read_groups(self._db, after, self._path)

    def chunks(self, after: int = 0) -> list[SealedChunk]:
        """Rows of the sealed chunks with a number above `after`, in order."""
        with self._errors():
            return read_chunks(self._db, self._directory, after)

    def close(self) -> None:
        """Fold the WAL into the file and close. A failure to fold loses nothing: the next open reads the WAL."""
        self._db.close()

    def _prepare(self, program_digest: bytes) -> None:
        fresh = not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if fresh and self._directory.program.exists():
            raise Broken(
                f"{self._path} is empty or missing, but {self._directory.root} was in use before: restore the journal "
                f"from a backup, or move the directory away and rebuild the state from L1"
            )
        if fresh:
            self._create(program_digest)
        check_schema(self._db, self._path)
        (found,) = self._db.execute("SELECT value FROM meta WHERE key='program'").fetchone()
        if found != program_digest:
            raise Fault(
                f"{self._directory.root} belongs to program {bytes(found).hex()[:16]}, "
                f"this is {program_digest.hex()[:16]}: run the version that made it, "
                f"or choose another directory with --data"
            )

    def _create(self, program_digest: bytes) -> None:
        with self._commit():
            for table, statement in TABLES.items():
                self._db.execute(statement)
                for verb in ("UPDATE", "DELETE"):
                    self._db.execute(
                        f"CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table} "
                        f"BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
                    )
            self._db.execute("INSERT INTO meta VALUES('schema', ?)", (SCHEMA_VERSION,))
            self._db.execute("INSERT INTO meta VALUES('program', ?)", (program_digest,))

    def _check_integrity(self) -> None:
        (found,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise self._corrupted(str(found))

    def _read_head(self) -> None:
        row = self._db.execute("SELECT last, time, chain FROM groups ORDER BY first DESC LIMIT 1").fetchone()
        if row:
            self._last, self._time, self._chain = row

    @contextmanager
    def _commit(self, is_durable: bool = True) -> Iterator[None]:
        """One transaction, durable at once or with the next that is; on any failure nothing of it remains."""
        with self._errors():
            self._sync_commits(is_durable)
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _sync_commits(self, wanted: bool) -> None:
        """Whether the commits that follow are on disk when they return."""
        if wanted != self._is_synchronous:
            self._db.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._is_synchronous = wanted

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code == sqlite3.SQLITE_FULL:
                raise Fault(f"the disk of {self._path} is full; free some space, work goes on by itself") from error
            if code == sqlite3.SQLITE_BUSY:
                raise Fault(f"another program writes to {self._path}; close it, work goes on by itself") from error
            if code == sqlite3.SQLITE_CANTOPEN:
                raise Fault(f"cannot open {self._path}: {error}; check the path and permissions") from error
            raise self._corrupted(str(error)) from error

    def _corrupted(self, detail: str) -> Broken:
        return Broken(
            f"the journal {self._path} cannot be used ({detail}): stop, keep a copy of the directory, then restore it "
            f"from a backup or rebuild the state from L1"
        )


def _connect(path: str) -> sqlite3.Connection:
    """A connection that fsyncs each commit, with no implicit transactions."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    db.execute("PRAGMA trusted_schema=OFF")
    db.execute("PRAGMA page_size=8192")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db

"""The journal's rows as values, and reading them: shared by the writer, by provers, and by anyone who checks.

`Ledger` is the read-only view of a data directory: safe beside a running node, and on a directory nobody trusts.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import Final, NamedTuple

from kedge.sequencer.directory import DataDirectory
from kedge.sequencer.transaction import SealedChunk
from kedge.units.errors import Broken, Fault

SCHEMA_VERSION: Final = 1
GENESIS_CHAIN: Final = bytes(32)
TABLES: Final = {
    "meta": "CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "groups": "CREATE TABLE groups(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, time INTEGER NOT NULL, "
    "chain BLOB NOT NULL, entries BLOB NOT NULL)",
    "chunks": "CREATE TABLE chunks(number INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, "
    "steps INTEGER NOT NULL, old_root BLOB NOT NULL, new_root BLOB NOT NULL, sealed INTEGER NOT NULL, "
    "witness BLOB NOT NULL)",
    "touched": "CREATE TABLE touched(number INTEGER PRIMARY KEY, records BLOB NOT NULL)",
}
_LONGEST_VALUE: Final = 1 << 28
_CHUNK_TYPES: Final = (int, int, int, int, bytes, bytes, int, bytes)
_GROUP_TYPES: Final = (int, int, int, bytes, bytes)
_HEADER: Final = Struct("<QQQ")
_RECORD: Final = Struct("<9q")

TouchedRecords = list[tuple[int, list[int]]]
"""(address, 8 signed words) of each record that a chunk changed, as the chunk left it."""


class Group(NamedTuple):
    """One group commit: transactions `first`..`last`, accepted at `time` ms, as codec bytes one after the other."""

    first: int
    last: int
    time: int
    entries: bytes


class Ledger:
    """Read-only view of a journal. `Fault` when it cannot be opened, `Broken` when its content does not hold."""

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._path = directory.journal
        if not self._path.is_file():
            raise Fault(f"there is no journal at {self._path}; is this a data directory?")
        with self._errors():
            self._db = _open_read_only(self._path)
        try:
            with self._errors():
                check_schema(self._db, self._path)
                self.program_digest = _blob(self._db.execute("SELECT value FROM meta WHERE key='program'").fetchone())
        except BaseException:
            self._db.close()
            raise

    def chunks(self, after: int = 0) -> list[SealedChunk]:
        """Sealed chunks with a number above `after`, in order."""
        with self._errors():
            return read_chunks(self._db, self._directory, after)

    def touched(self, number: int) -> TouchedRecords:
        """Records that chunk `number` changed, with their final words; `Broken` when there is no such row."""
        with self._errors():
            row = self._db.execute("SELECT records FROM touched WHERE number=?", (number,)).fetchone()
            return unpack_touched(_blob(row))

    def groups(self, after: int = 0) -> Iterator[Group]:
        """Groups whose transactions all follow `after`, in order, checked against the chain."""
        with self._errors():
            yield from read_groups(self._db, after, self._path)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, OverflowError) as error:
            raise Broken(f"the journal {self._path} cannot be read: {error}") from error


def _open_read_only(path: Path) -> sqlite3.Connection:
    """SQLite needs to write beside a WAL database even to read it; without a WAL on a read-only medium it need not."""
    frozen = not path.with_name(path.name + "-wal").exists() and not os.access(path.parent, os.W_OK)
    uri = f"{path.resolve().as_uri()}?mode=ro" + ("&immutable=1" if frozen else "")
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    db.execute("PRAGMA trusted_schema=OFF")
    return db


def check_schema(db: sqlite3.Connection, path: Path) -> None:
    """`Fault` when another version of the schema wrote the file, `Broken` when its tables are not what they should be.

    The comparison is exact, so that no view or computed column of a hostile file ever runs.
    """
    tables = dict(
        db.execute("SELECT name, sql FROM sqlite_master WHERE name IN ('meta', 'groups', 'chunks', 'touched')")
    )
    if tables.get("meta") != TABLES["meta"]:
        raise Broken(f"{path} is not a journal of Kedge")
    row = db.execute("SELECT value FROM meta WHERE key='schema'").fetchone()
    if row != (SCHEMA_VERSION,):
        found = row[0] if row else "none"
        raise Fault(f"{path} has schema version {found}, this Kedge reads {SCHEMA_VERSION}: use the one that wrote it")
    if tables != TABLES:
        raise Broken(f"{path} is not a journal of Kedge: its tables are others")


def chain_of(previous: bytes, group: Group) -> bytes:
    """32 bytes that pin a group and every group before it."""
    header = _HEADER.pack(group.first, group.last, group.time)
    return hashlib.blake2b(previous + header + group.entries, digest_size=32).digest()


def read_groups(db: sqlite3.Connection, after: int, path: Path) -> Iterator[Group]:
    """Groups after transaction `after`; `Broken` at the first that does not continue the chain and the numbers."""
    before = db.execute("SELECT last, chain FROM groups WHERE first<=? ORDER BY first DESC LIMIT 1", (after,))
    last, chain = before.fetchone() or (0, GENESIS_CHAIN)
    if last != after:
        raise Broken(f"the journal {path} has no group that ends with transaction {after}")
    rows = db.execute("SELECT first, last, time, entries, chain FROM groups WHERE first>? ORDER BY first", (after,))
    for row in rows:
        group, found = Group(*row[:4]), row[4]
        joins = tuple(map(type, row)) == _GROUP_TYPES and group.first == last + 1 and group.last >= group.first
        if not joins or chain_of(chain, group) != found:
            raise Broken(f"the journal {path} was changed or damaged at transaction {last + 1}")
        last, chain = group.last, found
        yield group


def read_chunks(db: sqlite3.Connection, directory: DataDirectory, after: int) -> list[SealedChunk]:
    """Chunk rows with a number above `after`, in order; `Broken` when a column has the wrong type."""
    query = "SELECT number, first, last, steps, old_root, new_root, sealed, witness FROM chunks WHERE number>?"
    chunks = []
    for row in db.execute(query + " ORDER BY number", (after,)):
        if tuple(map(type, row)) != _CHUNK_TYPES:
            raise Broken(f"{directory.journal}: the row of chunk {row[0]!r} has columns of the wrong type")
        number, first, last, steps, old_root, new_root, sealed, digest = row
        chunks.append(
            SealedChunk(number, first, last, steps, old_root, new_root, sealed, digest, directory.witness(number))
        )
    return chunks


def pack_touched(touched: TouchedRecords) -> bytes:
    """Nine i64 per record: the address, then the words."""
    return b"".join([_RECORD.pack(address, *words) for address, words in touched])


def unpack_touched(data: bytes) -> TouchedRecords:
    """Inverse of `pack_touched`. `ValueError` when the length is wrong."""
    if len(data) % _RECORD.size:
        raise ValueError("touched records are cut short")
    return [(address, words) for address, *words in _RECORD.iter_unpack(data)]


def _blob(row: tuple[object] | None) -> bytes:
    if row is None or not isinstance(row[0], bytes):
        raise ValueError("a row is missing or has the wrong type")
    return row[0]

"""The anchor's memory: what was to be sent, what was sent, what was mined. Durable before anything is broadcast."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from kedge.batching import Header
from kedge.settlement.wallet import Fees
from kedge.units.errors import Broken, Fault

Kind = Literal["submit", "finalize"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batch (number INTEGER PRIMARY KEY, header TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attempt (
    hash BLOB PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL, nonce INTEGER NOT NULL, gas INTEGER NOT NULL,
    max_fee TEXT NOT NULL, tip TEXT NOT NULL, blob_fee TEXT NOT NULL, sent_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS mined (
    kind TEXT NOT NULL, number INTEGER NOT NULL, tx_hash BLOB NOT NULL, block_number INTEGER NOT NULL,
    block_hash BLOB NOT NULL, l1_time INTEGER NOT NULL, gas_used INTEGER NOT NULL, blob_gas_used INTEGER NOT NULL,
    fee TEXT NOT NULL, PRIMARY KEY (kind, number));
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction that may be on its way. `sent_at` is in seconds since the epoch, of this machine."""

    hash: bytes
    kind: Kind
    number: int
    nonce: int
    gas: int
    fees: Fees
    sent_at: float


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction of ours in an L1 block. `l1_time` is the block's timestamp in seconds; `fee` is all wei paid."""

    kind: Kind
    number: int
    tx_hash: bytes
    block_number: int
    block_hash: bytes
    l1_time: int
    gas_used: int
    blob_gas_used: int
    fee: int


class AnchorJournal:
    """The file `anchor.sqlite` of one node for one Settlement contract. Safe for use by several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise Fault(f"the anchor journal {path} cannot be opened: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise Fault(f"the anchor journal {self.path} cannot be used ({error}); check the disk") from error

    def _rows(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        with self._use() as db:
            return db.execute(query, args).fetchall()

    def bind(self, identity: str) -> None:
        """Tie the journal to one contract on one chain; Fault if it belongs to another."""
        with self._use() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('identity', ?)", (identity,))
            found = db.execute("SELECT value FROM meta WHERE key = 'identity'").fetchone()[0]
        if found != identity:
            raise Fault(
                f"the anchor journal {self.path} belongs to {found}, this chain is {identity}: use a new data directory"
            )

    def add_batch(self, header: Header, data: bytes) -> None:
        """Keep a batch for good. The same batch again is fine; another one in its place is Broken."""
        text = json.dumps([item.hex() if isinstance(item, bytes) else item for item in astuple(header)])
        with self._use() as db:
            kept = db.execute("SELECT header, data FROM batch WHERE number = ?", (header.number,)).fetchone()
            if kept is not None and kept != (text, data):
                raise Broken(f"batch {header.number} is in the anchor journal already, with another content")
            last = db.execute("SELECT max(number) FROM batch").fetchone()[0] or 0
            if kept is None and header.number != last + 1:
                raise Broken(f"batch {header.number} cannot follow batch {last} in the anchor journal")
            db.execute("INSERT OR IGNORE INTO batch VALUES (?, ?, ?)", (header.number, text, data))

    def batch_count(self) -> int:
        """The number of the last batch kept; batches count from 1."""
        return int(self._rows("SELECT coalesce(max(number), 0) FROM batch")[0][0])

    def header(self, number: int) -> Header | None:
        """The header of a batch kept, or None."""
        rows = self._rows("SELECT header FROM batch WHERE number = ?", number)
        if not rows:
            return None
        values = json.loads(rows[0][0])
        parts: Any = [bytes.fromhex(item) if isinstance(item, str) else item for item in values]
        return Header(*parts)

    def data(self, number: int) -> bytes | None:
        """The published bytes of a batch kept, or None."""
        rows = self._rows("SELECT data FROM batch WHERE number = ?", number)
        return rows[0][0] if rows else None

    def add_attempt(self, attempt: Attempt) -> None:
        """Remember a signed transaction; call this before it is broadcast."""
        fees = attempt.fees
        row = (attempt.hash, attempt.kind, attempt.number, attempt.nonce, attempt.gas)
        prices = (str(fees.max_fee), str(fees.tip), str(fees.blob_fee))
        with self._use() as db:
            db.execute("INSERT OR REPLACE INTO attempt VALUES (?,?,?,?,?,?,?,?,?)", (*row, *prices, attempt.sent_at))

    def forget_attempt(self, tx_hash: bytes) -> None:
        """Forget a transaction that was mined and reverted."""
        with self._use() as db:
            db.execute("DELETE FROM attempt WHERE hash = ?", (tx_hash,))

    def open_attempts(self) -> list[Attempt]:
        """Every transaction without a mined outcome of its job, by nonce, then by time."""
        rows = self._rows(
            "SELECT hash, kind, number, nonce, gas, max_fee, tip, blob_fee, sent_at FROM attempt a WHERE NOT EXISTS "
            "(SELECT 1 FROM mined m WHERE m.kind = a.kind AND m.number = a.number) ORDER BY nonce, sent_at, rowid"
        )
        return [_attempt(row) for row in rows]

    def add_mined(self, mined: Mined) -> None:
        """Remember that a job is done."""
        values = [str(value) if name == "fee" else value for name, value in zip(_MINED, astuple(mined), strict=True)]
        with self._use() as db:
            db.execute("INSERT OR REPLACE INTO mined VALUES (?,?,?,?,?,?,?,?,?)", values)

    def drop_mined(self, mined: Mined) -> None:
        """Forget that a job is done: its block is no longer in the chain."""
        with self._use() as db:
            db.execute("DELETE FROM mined WHERE kind = ? AND number = ?", (mined.kind, mined.number))

    def mined(self, kind: Kind, number: int) -> Mined | None:
        """The outcome of a job, or None."""
        return self._one("WHERE kind = ? AND number = ?", kind, number)

    def newest_mined(self) -> Mined | None:
        """The outcome in the highest block, or None."""
        return self._one("ORDER BY block_number DESC, kind, number DESC LIMIT 1")

    def last_mined(self, kind: Kind) -> int:
        """The highest batch number with a mined outcome of this kind; 0 if none."""
        return int(self._rows("SELECT coalesce(max(number), 0) FROM mined WHERE kind = ?", kind)[0][0])

    def all_mined(self) -> list[Mined]:
        """Every outcome, in the order of the chain."""
        return [_mined(row) for row in self._rows("SELECT * FROM mined ORDER BY block_number, kind DESC, number")]

    def _one(self, clause: str, *args: Any) -> Mined | None:
        rows = self._rows(f"SELECT * FROM mined {clause}", *args)  # noqa: S608 - the clause is one of ours
        return _mined(rows[0]) if rows else None


_MINED = [item.name for item in fields(Mined)]


def _attempt(row: tuple[Any, ...]) -> Attempt:
    values: Any = [*row[:5], Fees(*map(int, row[5:8])), row[8]]
    return Attempt(*values)


def _mined(row: tuple[Any, ...]) -> Mined:
    values: Any = [*row[:8], int(row[8])]
    return Mined(*values)

"""The journal by itself: durable groups, an unbroken chain, clear words when something is wrong."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedge.sequencer import DataDirectory, Group, Ledger, SealedChunk
from kedge.sequencer.journal import Journal
from kedge.sequencer.ledger import pack_touched, unpack_touched
from kedge.units.errors import Broken, Fault

DIGEST = hashlib.sha256(b"program").digest()
GROUPS = [Group(1, 3, 100, b"abc"), Group(4, 4, 101, b"d"), Group(5, 9, 101, b"efghi")]


def directory(path: Path) -> DataDirectory:
    made = DataDirectory(path)
    made.create()
    return made


def filled(path: Path) -> DataDirectory:
    """A directory whose journal holds GROUPS and one chunk of the first group."""
    made = directory(path)
    journal = Journal(made, DIGEST)
    for group in GROUPS:
        journal.append(group)
    journal.append_chunk(chunk(made), [(7, [1, -2, 0, 0, 0, 0, 0, 2**62])])
    journal.close()
    made.program.write_bytes(b"program")
    return made


def chunk(made: DataDirectory) -> SealedChunk:
    return SealedChunk(1, 1, 3, 5, bytes(32), b"\1" * 32, 102, b"\2" * 32, made.witness(1))


def tamper(made: DataDirectory, *statements: str) -> None:
    """Change the file behind the journal's back, past its triggers."""
    db = sqlite3.connect(made.journal)
    for name in ("groups", "chunks", "meta"):
        for verb in ("UPDATE", "DELETE"):
            db.execute(f"DROP TRIGGER {name}_{verb}")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    made = filled(tmp_path)
    journal = Journal(made, DIGEST)
    assert (journal.last, journal.last_time) == (9, 101)
    assert list(journal.groups()) == GROUPS
    assert list(journal.groups(after=3)) == GROUPS[1:]
    assert journal.chunks() == [chunk(made)]
    assert journal.chunks(after=1) == []
    journal.close()
    with Ledger(made) as ledger:
        assert list(ledger.groups()) == GROUPS
        assert ledger.touched(1) == [(7, [1, -2, 0, 0, 0, 0, 0, 2**62])]
        assert ledger.program_digest == DIGEST
        with pytest.raises(Broken, match="missing"):
            ledger.touched(2)


def test_a_ledger_reads_beside_a_writer(tmp_path: Path) -> None:
    made = directory(tmp_path)
    journal = Journal(made, DIGEST)
    with Ledger(made) as ledger:
        journal.append(GROUPS[0])
        assert list(ledger.groups()) == GROUPS[:1]
    journal.close()


@pytest.mark.parametrize("group", [Group(2, 3, 1, b""), Group(1, 0, 1, b"")])
def test_a_group_must_follow(tmp_path: Path, group: Group) -> None:
    journal = Journal(directory(tmp_path), DIGEST)
    with pytest.raises(Broken, match="does not follow"):
        journal.append(group)
    journal.close()


@pytest.mark.parametrize("statement", ["UPDATE groups SET time=0", "DELETE FROM groups", "DELETE FROM chunks"])
def test_rows_are_only_added(tmp_path: Path, statement: str) -> None:
    db = sqlite3.connect(filled(tmp_path).journal)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE groups SET entries=x'00' WHERE first=4",
        "UPDATE groups SET time=5 WHERE first=4",
        "UPDATE groups SET chain=x'00' WHERE first=4",
        "UPDATE groups SET entries=7 WHERE first=4",
        "DELETE FROM groups WHERE first=4",
        "UPDATE groups SET first=6 WHERE first=5",
    ],
)
def test_a_changed_group_is_found(tmp_path: Path, statement: str) -> None:
    made = filled(tmp_path)
    tamper(made, statement)
    journal = Journal(made, DIGEST)
    with pytest.raises(Broken, match=r"journal\.db"):
        list(journal.groups())
    journal.close()
    with Ledger(made) as ledger, pytest.raises(Broken, match=r"journal\.db"):
        list(ledger.groups())


def test_a_chunk_row_of_the_wrong_type_is_found(tmp_path: Path) -> None:
    made = filled(tmp_path)
    tamper(made, "UPDATE chunks SET new_root='text'")
    journal = Journal(made, DIGEST)
    with pytest.raises(Broken, match="wrong type"):
        journal.chunks()
    journal.close()


def test_another_schema_or_program_is_refused(tmp_path: Path) -> None:
    made = filled(tmp_path)
    with pytest.raises(Fault, match="belongs to program"):
        Journal(made, bytes(32))
    tamper(made, "UPDATE meta SET value=9 WHERE key='schema'")
    with pytest.raises(Fault, match="schema version 9"):
        Journal(made, DIGEST)
    with pytest.raises(Fault, match="schema version 9"):
        Ledger(made)


def test_a_lost_journal_is_not_a_fresh_start(tmp_path: Path) -> None:
    made = filled(tmp_path)
    for path in tmp_path.glob("journal.db*"):
        path.unlink()
    with pytest.raises(Broken, match="was in use before"):
        Journal(made, DIGEST)
    with pytest.raises(Fault, match="no journal"):
        Ledger(DataDirectory(tmp_path / "elsewhere"))


@pytest.mark.parametrize("offset", [0, 30, 8192])
def test_a_damaged_file_is_named(tmp_path: Path, offset: int) -> None:
    made = filled(tmp_path)
    data = bytearray(made.journal.read_bytes())
    data[offset : offset + 64] = b"\xff" * 64
    made.journal.write_bytes(bytes(data))
    with pytest.raises(Broken, match=r"journal\.db cannot be used .* restore it from a backup"):
        Journal(made, DIGEST)


def test_a_journal_cut_short_is_named(tmp_path: Path) -> None:
    made = filled(tmp_path)
    made.journal.write_bytes(made.journal.read_bytes()[:10_000])
    with pytest.raises(Broken, match=r"journal\.db"):
        Journal(made, DIGEST)


def test_a_journal_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    made = directory(tmp_path)
    made.journal.mkdir()
    with pytest.raises(Fault, match="check the path"):
        Journal(made, DIGEST)


@given(
    st.lists(
        st.tuples(st.integers(0, 2**37), st.lists(st.integers(-(2**63) + 2**32, 2**63 - 2**32), min_size=8, max_size=8))
    )
)
def test_touched_records_pack(records: list[tuple[int, list[int]]]) -> None:
    assert unpack_touched(pack_touched(records)) == records


def test_touched_records_cut_short() -> None:
    with pytest.raises(ValueError, match="cut short"):
        unpack_touched(bytes(73))


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE touched"],
        [
            "DROP TABLE chunks",
            "CREATE VIEW chunks AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1) SELECT i FROM n",
        ],
        ["DROP TABLE meta", "CREATE TABLE meta(key, value)"],
    ],
)
def test_tables_that_are_not_ours_are_never_read(tmp_path: Path, statements: list[str]) -> None:
    made = filled(tmp_path)
    tamper(made, *statements)
    for reader in (lambda: Journal(made, DIGEST), lambda: Ledger(made)):
        with pytest.raises(Broken, match="not a journal of Kedge"):
            reader()


def test_another_writer_only_delays(tmp_path: Path) -> None:
    made = directory(tmp_path)
    journal = Journal(made, DIGEST)
    other = sqlite3.connect(made.journal, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    journal._db.execute("PRAGMA busy_timeout=1")
    with pytest.raises(Fault, match="another program writes"):
        journal.append(GROUPS[0])
    other.close()
    journal.append(GROUPS[0])
    assert journal.last == 3
    journal.close()


def test_a_read_only_directory_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = filled(tmp_path)
    monkeypatch.setattr("kedge.sequencer.ledger.os.access", lambda *_: False)
    with Ledger(made) as ledger:
        assert list(ledger.groups()) == GROUPS
    assert not list(tmp_path.glob("journal.db-*"))

"""What a data directory must survive: two nodes, a full disk, files lost or changed behind its back."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kedge.sequencer import DataDirectory, Interrupted, Receipt, Sequencer, Settings, Transaction, write_atomic
from kedge.units.errors import Broken, Fault
from tests.unit.sequencer.fake_engine import USER_STEPS, FakeEngines, root_of

SETTINGS = Settings(linger_ms=0, chunk_transactions=10, user_steps=USER_STEPS)
HOLDER = """
import sys
from kedge.sequencer import DataDirectory, DirectoryLock
lock = DirectoryLock(DataDirectory(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def open_at(path: Path) -> Sequencer:
    return Sequencer.open(path, FakeEngines(), SETTINGS)


def puts(count: int, start: int = 0) -> list[Transaction]:
    return [Transaction("put", [n, 1]) for n in range(start, start + count)]


def test_a_second_node_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as holder:  # noqa: S603
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Fault, match=f"in use by process {holder.pid}: stop that process first"):
            open_at(tmp_path)
        holder.kill()
    with open_at(tmp_path) as sequencer:
        assert sequencer.submit(puts(1))[0].accepted


def test_a_second_node_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with open_at(tmp_path), pytest.raises(Fault, match=f"in use by process {os.getpid()}"):
        open_at(tmp_path)


def limit_pages(sequencer: Sequencer, spare: int | None) -> None:
    """Let SQLite find the disk full after `spare` more pages; None: there is space again."""
    db: Any = sequencer._core._journal._db
    (used,) = sequencer.read(lambda _: db.execute("PRAGMA page_count").fetchone())
    limit = used + spare if spare is not None else 1 << 30
    sequencer.read(lambda _: db.execute(f"PRAGMA max_page_count={limit}").fetchone())


def submit_until_it_fails(sequencer: Sequencer, acknowledged: list[Receipt]) -> None:
    for start in range(10, 900, 5):
        acknowledged += sequencer.submit(puts(5, start))


def test_a_full_disk_loses_nothing_and_work_goes_on_after(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        acknowledged = sequencer.submit(puts(4))
        limit_pages(sequencer, 0)
        with pytest.raises(Interrupted, match="full; free some space") as caught:
            submit_until_it_fails(sequencer, acknowledged)
        acknowledged += [receipt for receipt in caught.value.receipts if receipt is not None]
        durable = acknowledged[-1].sequence
        assert sequencer.head.sequence == durable
        with pytest.raises(Fault, match="full"):
            sequencer.submit(puts(1, 990))
        assert sequencer.read(lambda engine: len(engine.entries())) == durable
        limit_pages(sequencer, None)
        assert sequencer.submit(puts(3, 950))[0].sequence == durable + 1
        root = sequencer.read(lambda engine: engine.root())
    with open_at(tmp_path) as sequencer:
        assert sequencer.head.sequence == durable + 3
        assert sequencer.read(lambda engine: engine.root()) == root


def test_a_full_disk_while_sealing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_at(tmp_path) as sequencer:
        with monkeypatch.context() as patch:
            patch.setattr("kedge.sequencer.directory.os.fsync", no_space)
            receipts = sequencer.submit(puts(10))
            assert [receipt.sequence for receipt in receipts] == list(range(1, 11))
            with pytest.raises(Fault, match="No space left"):
                sequencer.seal()
            assert not list((tmp_path / "chunks").iterdir())
        assert sequencer.submit(puts(1, 20))[0].chunk == 2
        assert sequencer.chunks()[0].new_root == root_of(dict.fromkeys(range(10), 1))


def test_a_group_that_cannot_be_written_is_taken_back(tmp_path: Path) -> None:
    """Any other failure of the store: the process must stop, and the journal has exactly what was acknowledged."""
    with open_at(tmp_path) as sequencer:
        sequencer.submit(puts(3))
        db: Any = sequencer._core._journal._db
        sequencer.read(lambda _: db.execute("PRAGMA query_only=1"))
        with pytest.raises(Broken, match="cannot be used"):
            sequencer.submit(puts(3, 10))
        with pytest.raises(Broken, match="cannot be used"):
            sequencer.submit(puts(3, 20))
    with open_at(tmp_path) as sequencer:
        assert sequencer.read(lambda engine: engine.root()) == root_of(dict.fromkeys(range(3), 1))


def test_a_chunk_root_that_does_not_replay_names_the_chunk(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        sequencer.submit(puts(25))
    tamper(tmp_path, "DROP TRIGGER chunks_UPDATE", "UPDATE chunks SET new_root=zeroblob(32) WHERE number=2")
    with pytest.raises(Broken, match="chunk 2 replays to root"):
        open_at(tmp_path)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM chunks WHERE number=1", "do not join at chunk 1"),
        ("UPDATE chunks SET last=15 WHERE number=1", "do not join at chunk 2"),
        ("UPDATE chunks SET last=11 WHERE number=2", "chunk 2 ends with transaction 11"),
        ("DELETE FROM groups WHERE first=11", "changed or damaged at transaction 11"),
        ("DELETE FROM groups WHERE first>10", "chunk 2 ends with transaction 20"),
    ],
)
def test_rows_that_do_not_join_are_found(tmp_path: Path, statement: str, message: str) -> None:
    with open_at(tmp_path) as sequencer:
        sequencer.submit(puts(25))
    drops = [f"DROP TRIGGER {table}_{verb}" for table in ("groups", "chunks") for verb in ("UPDATE", "DELETE")]
    tamper(tmp_path, *drops, statement)
    with pytest.raises(Broken, match=message):
        open_at(tmp_path)


def tamper(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path / "journal.db")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_a_lost_program_file_is_restored(tmp_path: Path) -> None:
    with open_at(tmp_path):
        pass
    (tmp_path / "program.json").unlink()
    with open_at(tmp_path):
        assert (tmp_path / "program.json").read_bytes() == FakeEngines.program


def test_an_atomic_write_leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    monkeypatch.setattr(
        "kedge.sequencer.directory.os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "I/O"))
    )
    with pytest.raises(Fault, match="check the path"):
        write_atomic(path, b"new")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("file", b"old")]


def test_a_directory_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Fault, match="cannot create"):
        DataDirectory(tmp_path / "file" / "data").create()

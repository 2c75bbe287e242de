"""The anchor journal: what goes in comes out, also after closing the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kedge.settlement import AnchorJournal, Attempt, Fees, Mined
from kedge.units.errors import Broken, Fault
from tests.unit.batching.world import World

ATTEMPT = Attempt(b"a" * 32, "submit", 1, 4, 100_000, Fees(2**70, 3, 2**66), 12.5)
MINED = Mined("submit", 1, b"a" * 32, 9, b"b" * 32, 1_700_000_000, 90_000, 131_072, 2**80)


def test_everything_survives_closing(tmp_path: Path) -> None:
    header = World().batch().header
    journal = AnchorJournal(tmp_path / "anchor.sqlite")
    journal.bind("here")
    journal.add_batch(header, b"data")
    journal.add_attempt(ATTEMPT)
    journal.close()
    again = AnchorJournal(tmp_path / "anchor.sqlite")
    assert (again.header(1), again.data(1), again.batch_count()) == (header, b"data", 1)
    assert again.open_attempts() == [ATTEMPT]
    again.add_mined(MINED)
    assert again.open_attempts() == []
    assert again.mined("submit", 1) == again.newest_mined() == MINED
    assert again.all_mined() == [MINED]
    again.drop_mined(MINED)
    assert again.open_attempts() == [ATTEMPT]
    again.forget_attempt(ATTEMPT.hash)
    assert (again.open_attempts(), again.newest_mined(), again.last_mined("submit")) == ([], None, 0)
    assert (again.header(2), again.data(2)) == (None, None)
    with pytest.raises(Fault, match="belongs to here"):
        again.bind("there")
    again.close()


def test_a_batch_cannot_be_replaced_or_skipped(tmp_path: Path) -> None:
    world = World()
    first, second, third = (world.batch().header for _ in range(3))
    journal = AnchorJournal(tmp_path / "anchor.sqlite")
    journal.add_batch(first, b"data")
    journal.add_batch(first, b"data")
    with pytest.raises(Broken, match="another content"):
        journal.add_batch(first, b"other")
    with pytest.raises(Broken, match="another content"):
        journal.add_batch(replace(first, clock=1), b"data")
    with pytest.raises(Broken, match="cannot follow"):
        journal.add_batch(third, b"data")
    journal.add_batch(second, b"")
    journal.close()


def test_a_file_that_is_no_journal_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "anchor.sqlite"
    path.write_bytes(b"no database at all, surely" * 100)
    with pytest.raises(Fault, match="cannot be opened"):
        AnchorJournal(path)
    with pytest.raises(Fault, match="cannot be opened"):
        AnchorJournal(tmp_path / "absent" / "anchor.sqlite")


def test_a_full_disk_is_a_fault_and_loses_nothing(tmp_path: Path) -> None:
    world = World()
    journal = AnchorJournal(tmp_path / "anchor.sqlite")
    journal.add_batch(world.batch().header, b"small")
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count={pages + 2}")
    second = world.batch().header
    with pytest.raises(Fault, match="check the disk"):
        journal.add_batch(second, bytes(100_000))
    assert journal.batch_count() == 1
    journal._db.execute("PRAGMA max_page_count=100000")
    journal.add_batch(second, bytes(100_000))
    assert journal.batch_count() == 2
    journal.close()

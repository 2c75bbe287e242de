"""`verify_directory` and `inspect_proof`: what holds is reported, what does not is named, nothing makes them raise."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kedge.proving import NOT_A_PROOF, ProofScheduler, Verdict, inspect_proof, verify_directory
from kedge.sequencer import DataDirectory, Sequencer, Settings, Transaction
from kedge.sequencer.ledger import pack_touched
from kedge.units.errors import Rejected
from tests.unit.proving.fake_proofs import FakeProofs, FakeToolbox
from tests.unit.sequencer.fake_engine import PROGRAM, USER_STEPS, FakeEngines, root_of

Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed data directory: three chunks of five transactions, the second of them empty, and two open ones."""
    path = tmp_path_factory.mktemp("proven") / "data"
    settings = Settings(linger_ms=0, chunk_transactions=5, user_steps=USER_STEPS)
    with Sequencer.open(path, FakeEngines(), settings) as sequencer:
        sequencer.submit([Transaction("put", [n, 1]) for n in range(5)])
        sequencer.seal(empty=True)
        sequencer.submit([Transaction("put", [n, 2]) for n in range(7)])
        chunks = sequencer.chunks()
    with ProofScheduler(DataDirectory(path), FakeProofs()) as prover:
        for chunk in chunks:
            prover.submit(chunk)
        prover.wait(10)
    return path


@pytest.fixture
def data(proven: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(proven, tmp_path / "data"))


def verify(path: Path) -> Verdict:
    return verify_directory(path, FakeToolbox())


def test_a_whole_directory_holds(proven: Path) -> None:
    heard: list[tuple[int, int]] = []
    verdict = verify_directory(proven, FakeToolbox(), lambda done, of: heard.append((done, of)))
    assert verdict.holds, verdict.findings
    assert (verdict.chunks, verdict.transactions, verdict.open_transactions) == (3, 10, 2)
    assert (verdict.first_root, verdict.last_root) == (root_of({}).hex(), root_of(dict.fromkeys(range(5), 2)).hex())
    assert [proof.number for proof in verdict.proofs] == [1, 2, 3]
    assert heard == [(1, 3), (2, 3), (3, 3)]
    shown = json.loads(json.dumps(verdict.as_dict()))
    assert (shown["holds"], shown["proofs"][0]["bits_proven"]) == (True, 57.0)


def test_beside_a_running_node(data: Path) -> None:
    with Sequencer.open(data, FakeEngines(), Settings(user_steps=USER_STEPS)) as sequencer:
        sequencer.submit([Transaction("put", [9, 9])])
        assert verify(data).open_transactions == 3


def proof(path: Path, number: int) -> Path:
    return path / "proofs" / f"{number:08d}.proof"


def sql(*statements: str) -> Change:
    def change(path: Path) -> None:
        db = sqlite3.connect(path / "journal.db")
        for table in ("groups", "chunks", "meta", "touched"):
            for verb in ("UPDATE", "DELETE"):
                db.execute(f"DROP TRIGGER {table}_{verb}")
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()

    return change


def flip(name: str, offset: int) -> Change:
    def change(path: Path) -> None:
        content = bytearray((path / name).read_bytes())
        content[offset] ^= 1
        (path / name).write_bytes(bytes(content))

    return change


def cut(name: str, size: int) -> Change:
    return lambda path: os.truncate(path / name, size)


def remove(name: str) -> Change:
    return lambda path: (path / name).unlink()


def fifo(name: str) -> Change:
    def change(path: Path) -> None:
        (path / name).unlink(missing_ok=True)
        os.mkfifo(path / name)

    return change


def folder(name: str) -> Change:
    def change(path: Path) -> None:
        (path / name).unlink(missing_ok=True)
        (path / name).mkdir()

    return change


def huge(name: str) -> Change:
    return lambda path: os.truncate(path / name, 1 << 40)


WRONG_DATA = pack_touched([(0, [7, 0, 0, 0, 0, 0, 0, 0])]).hex()
ONE, TWO, THREE = (f"proofs/{number:08d}.proof" for number in (1, 2, 3))
SPOILED: dict[str, tuple[Change, set[tuple[str, int | None]]]] = {
    "no proof": (remove(TWO), {("PROOF_MISSING", 2)}),
    "a bit of a proof": (flip(ONE, 60), {("PROOF_REFUSED", 1)}),
    "a proof cut short": (cut(THREE, 40), {("PROOF_REFUSED", 3)}),
    "an empty proof": (cut(THREE, 0), {("PROOF_REFUSED", 3)}),
    "a huge proof": (huge(THREE), {("PROOF_UNREADABLE", 3)}),
    "a pipe for a proof": (fifo(ONE), {("PROOF_UNREADABLE", 1)}),
    "a folder for a proof": (folder(ONE), {("PROOF_UNREADABLE", 1)}),
    "proofs swapped": (
        lambda path: proof(path, 1).write_bytes(proof(path, 3).read_bytes()),
        {("PROOF_MISMATCH", 1)},
    ),
    "a proof of another program": (
        lambda path: proof(path, 1).write_bytes(FakeProofs(b"{}").make(bytes(32), bytes(32))),
        {("PROOF_REFUSED", 1)},
    ),
    "a proof too many": (lambda path: shutil.copy(proof(path, 1), proof(path, 9)), {("PROOF_STRAY", None)}),
    "no program": (remove("program.json"), {("PROGRAM_UNREADABLE", None)}),
    "a program that is none": (
        lambda path: (path / "program.json").write_bytes(b"x"),
        {("PROGRAM_UNREADABLE", None)},
    ),
    "another program": (
        lambda path: (path / "program.json").write_bytes(b"{}"),
        {("PROGRAM_MISMATCH", None), ("PROOF_REFUSED", 1), ("PROOF_REFUSED", 2), ("PROOF_REFUSED", 3)},
    ),
    "no journal": (remove("journal.db"), {("JOURNAL_UNREADABLE", None)}),
    "a pipe for a journal": (fifo("journal.db"), {("JOURNAL_UNREADABLE", None)}),
    "a journal cut short": (cut("journal.db", 5_000), {("JOURNAL_UNREADABLE", None)}),
    "an empty journal": (cut("journal.db", 0), {("JOURNAL_UNREADABLE", None)}),
    "a journal that is none": (flip("journal.db", 3), {("JOURNAL_UNREADABLE", None)}),
    "another schema": (sql("UPDATE meta SET value=2 WHERE key='schema'"), {("JOURNAL_UNREADABLE", None)}),
    "a digest of the wrong type": (sql("UPDATE meta SET value=2 WHERE key='program'"), {("JOURNAL_UNREADABLE", None)}),
    "a changed transaction": (sql("UPDATE groups SET entries=x'00' WHERE first=1"), {("JOURNAL_DAMAGED", None)}),
    "no transactions": (sql("DELETE FROM groups"), {("CHUNK_GAP", 1), ("CHUNK_GAP", 2), ("CHUNK_GAP", 3)}),
    "a root of the wrong type": (sql("UPDATE chunks SET new_root=7"), {("JOURNAL_UNREADABLE", None)}),
    "a first root that is not the empty tree": (
        sql("UPDATE chunks SET old_root=zeroblob(32) WHERE number=1"),
        {("ROOT_GAP", 1), ("PROOF_MISMATCH", 1)},
    ),
    "a root that is not the next one's": (
        sql("UPDATE chunks SET new_root=zeroblob(32) WHERE number=1"),
        {("DATA_MISMATCH", 1), ("PROOF_MISMATCH", 1), ("ROOT_GAP", 2)},
    ),
    "a chunk missing": (
        sql("DELETE FROM chunks WHERE number=1", "DELETE FROM touched WHERE number=1"),
        {("CHUNK_GAP", 2), ("ROOT_GAP", 2), ("DATA_MISMATCH", 2), ("CHUNK_GAP", 3), ("PROOF_STRAY", None)},
    ),
    "other records": (
        sql(f"UPDATE touched SET records=x'{WRONG_DATA}' WHERE number=3"),  # noqa: S608
        {("DATA_MISMATCH", 3)},
    ),
    "records cut short": (sql("UPDATE touched SET records=x'00' WHERE number=3"), {("DATA_UNREADABLE", 3)}),
    "no records": (sql("DELETE FROM touched WHERE number=1"), {("DATA_UNREADABLE", 1)}),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_spoiled_is_named(data: Path, name: str) -> None:
    change, expected = SPOILED[name]
    change(data)
    verdict = verify(data)
    assert {(str(finding.reason), finding.chunk) for finding in verdict.findings} == expected
    assert not verdict.holds
    assert all(str(finding.reason) in str(finding) and finding.text for finding in verdict.findings)


@pytest.mark.parametrize("path", ["nowhere", "\0", "file/inside"])
def test_no_directory_at_all(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert not verify(tmp_path / path).holds


def test_every_byte_of_a_proof_matters(data: Path) -> None:
    """With the fake system this tests the plumbing; the native system has its own test of the same kind."""
    whole = proof(data, 1).read_bytes()
    for offset in range(len(whole)):
        proof(data, 1).write_bytes(whole[:offset] + bytes([whole[offset] ^ 0x80]) + whole[offset + 1 :])
        assert inspect_proof_holds(data) in (False, None)
        proof(data, 1).write_bytes(whole[:offset])
        assert inspect_proof_holds(data) in (False, None)


def inspect_proof_holds(path: Path) -> bool | None:
    try:
        return bool(inspect_proof(proof(path, 1), toolbox=FakeToolbox())["holds"])
    except Rejected as refusal:
        return None if refusal.code == NOT_A_PROOF.code else True


def test_inspect_says_what_the_proof_says(proven: Path) -> None:
    facts = json.loads(json.dumps(inspect_proof(proof(proven, 1), toolbox=FakeToolbox())))
    assert facts["holds"] is True
    assert facts["program"] == FakeProofs().digest.hex()
    assert facts["old_root"] == root_of({}).hex()
    assert facts["log_heights"] == [16, 5]
    assert (facts["bits_conjectured"], facts["tables"]) == (100.5, [["a", 16]])
    assert facts["bytes"] == proof(proven, 1).stat().st_size


def test_inspect_without_and_with_a_program(proven: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copy(proof(proven, 1), tmp_path / "alone.proof"))
    facts = inspect_proof(alone, toolbox=FakeToolbox())
    assert facts["holds"] is None
    assert "no program" in facts["reason"]
    assert inspect_proof(alone, PROGRAM, FakeToolbox())["holds"] is True
    assert inspect_proof(alone, b"{}", FakeToolbox())["reason"] == "for another program"


@pytest.mark.parametrize("content", [None, b"", b"KEDGEPRF", b"x" * 200])
def test_inspect_refuses_what_is_no_proof(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    with pytest.raises(Rejected) as caught:
        inspect_proof(tmp_path / "file", toolbox=FakeToolbox())
    assert caught.value.code == NOT_A_PROOF.code

"""The scheduler: every chunk proven once, in any order, resumable, cancellable; a failure names the chunk."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from kedge.proving import ProcessProofs, ProofCancelled, ProofRecord, ProofScheduler, ProverListeners
from kedge.sequencer import DataDirectory, SealedChunk, Sequencer, Settings, Transaction
from kedge.units.errors import Broken, Fault
from tests.unit.proving.fake_proofs import FakeProofs
from tests.unit.sequencer.fake_engine import PROGRAM, USER_STEPS, FakeEngines


def sealed(path: Path, count: int = 4) -> list[SealedChunk]:
    """A closed data directory with `count` chunks of five transactions."""
    settings = Settings(linger_ms=0, chunk_transactions=5, user_steps=USER_STEPS)
    with Sequencer.open(path, FakeEngines(), settings) as sequencer:
        sequencer.submit([Transaction("put", [n, 1]) for n in range(5 * count)])
        return sequencer.chunks()


def test_every_chunk_gets_its_proof_in_any_order(tmp_path: Path) -> None:
    chunks, system, proved = sealed(tmp_path), FakeProofs(), list[ProofRecord]()
    stages: set[tuple[int, str]] = set()
    listeners = ProverListeners(lambda number, stage, _: stages.add((number, stage)), proved.append)
    with ProofScheduler(DataDirectory(tmp_path), system, listeners=listeners) as prover:
        for chunk in [*reversed(chunks), *chunks]:
            prover.submit(chunk)
        assert prover.wait(10)
        assert prover.pending == 0
        records = prover.records
    assert [record.number for record in records] == [1, 2, 3, 4]
    assert sorted(record.number for record in proved) == [1, 2, 3, 4]
    assert stages == {(number, stage) for number in range(1, 5) for stage in ("replay", "proof")}
    assert all(set(record.seconds) == {"queue", "witness", "prove", "verify", "write"} for record in records)
    assert all(record.total_seconds > 0 and record.bits == 100.5 for record in records)
    for chunk in chunks:
        proof = (tmp_path / "proofs" / f"{chunk.number:08d}.proof").read_bytes()
        assert system.verify(proof)["new_root"] == chunk.new_root
        note = json.loads((tmp_path / "proofs" / f"{chunk.number:08d}.json").read_text())
        assert (note["number"], note["size"]) == (chunk.number, len(proof))


def test_the_lowest_number_comes_first(tmp_path: Path) -> None:
    chunks, system = sealed(tmp_path), FakeProofs()
    system.gate.clear()
    with ProofScheduler(DataDirectory(tmp_path), system) as prover:
        prover.submit(chunks[3])
        while not system.order:
            time.sleep(0.001)
        for chunk in (chunks[2], chunks[0], chunks[1]):
            prover.submit(chunk)
        system.gate.set()
        assert prover.wait(10)
    assert system.order == [chunks[n].new_root for n in (3, 0, 1, 2)]


def test_resumes_where_it_stopped(tmp_path: Path) -> None:
    chunks, system = sealed(tmp_path), FakeProofs()
    with ProofScheduler(DataDirectory(tmp_path), system) as prover:
        prover.submit(chunks[0])
        prover.submit(chunks[1])
        prover.wait(10)
    proofs = tmp_path / "proofs"
    (proofs / "00000002.proof").write_bytes(system.make(chunks[0].old_root, chunks[0].new_root))
    (proofs / "00000003.proof").write_bytes(b"half a pro")
    again = FakeProofs()
    with ProofScheduler(DataDirectory(tmp_path), again, workers=2) as prover:
        for chunk in chunks:
            prover.submit(chunk)
        assert prover.wait(10)
        assert [record.resumed for record in prover.records] == [True, False, False, False]
    assert sorted(again.order) == sorted(chunk.new_root for chunk in chunks[1:])


def test_a_noted_proof_is_not_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks, checks = sealed(tmp_path), list[int]()
    original = FakeProofs.verify

    def verify(self: FakeProofs, proof: bytes) -> dict[str, object]:
        checks.append(len(proof))
        return original(self, proof)

    monkeypatch.setattr(FakeProofs, "verify", verify)
    note = tmp_path / "proofs" / "00000001.json"
    for content, expected in ((None, 1), (None, 1), ("{}", 2), ("[", 3)):
        if content is not None:
            note.write_text(content)
        with ProofScheduler(DataDirectory(tmp_path), FakeProofs()) as prover:
            prover.submit(chunks[0])
            prover.wait(10)
            assert prover.records[0].bits == 100.5
        assert len(checks) == expected


def test_a_wait_ends_when_another_thread_closes(tmp_path: Path) -> None:
    chunks, system = sealed(tmp_path), FakeProofs()
    system.gate.clear()
    prover = ProofScheduler(DataDirectory(tmp_path), system)
    prover.submit(chunks[0])
    threading.Timer(0.05, prover.close).start()
    with pytest.raises(Fault, match="closed"):
        prover.wait(10)


def test_close_cancels_and_leaves_no_partial_file(tmp_path: Path) -> None:
    chunks, system = sealed(tmp_path), FakeProofs()
    system.gate.clear()
    prover = ProofScheduler(DataDirectory(tmp_path), system)
    for chunk in chunks:
        prover.submit(chunk)
    assert not prover.wait(0.02)
    prover.close()
    prover.close()
    assert list((tmp_path / "proofs").iterdir()) == []
    with pytest.raises(Fault, match="closed"):
        prover.submit(chunks[0])


def test_a_failing_proof_is_broken_with_its_chunk(tmp_path: Path) -> None:
    chunks, system, failed = sealed(tmp_path), FakeProofs(), list[Broken]()
    system.broken = chunks[1].new_root
    with ProofScheduler(DataDirectory(tmp_path), system, listeners=ProverListeners(failed=failed.append)) as prover:
        prover.submit(chunks[1])
        with pytest.raises(Broken, match="chunk 2 cannot be proven: the witness cannot be proven"):
            prover.wait(10)
        with pytest.raises(Broken, match="chunk 2"):
            prover.submit(chunks[0])
        assert prover.failure is not None
    assert len(failed) == 1


def test_a_proof_for_other_roots_is_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = sealed(tmp_path)
    monkeypatch.setattr(FakeProofs, "prove", lambda self, *_: self.make(bytes(32), bytes(32)))
    with ProofScheduler(DataDirectory(tmp_path), FakeProofs()) as prover:
        prover.submit(chunks[0])
        with pytest.raises(Broken, match=r"chunk 1 .* other roots"):
            prover.wait(10)
    assert list((tmp_path / "proofs").iterdir()) == []


@pytest.mark.parametrize("content", [None, b"not what was sealed"])
def test_a_lost_or_changed_witness_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    chunk = sealed(tmp_path)[0]
    chunk.witness.unlink()
    if content is not None:
        chunk.witness.write_bytes(content)
    with ProofScheduler(DataDirectory(tmp_path), FakeProofs()) as prover:
        prover.submit(chunk)
        with pytest.raises(Broken, match=r"chunk 1 .* restart the node"):
            prover.wait(10)


def test_a_full_disk_only_delays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks, tries = sealed(tmp_path), list[Path]()

    def write(path: Path, data: bytes) -> None:
        tries.append(path)
        if len(tries) < 3:
            raise Fault("the disk is full")
        path.write_bytes(data)

    monkeypatch.setattr("kedge.proving.chunk.write_atomic", write)
    monkeypatch.setattr("kedge.proving.chunk._RETRY_SECONDS", 0.001)
    with ProofScheduler(DataDirectory(tmp_path), FakeProofs()) as prover:
        prover.submit(chunks[0])
        assert prover.wait(10)
    assert len(tries) == 3


def test_a_fault_of_the_proof_system_only_delays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks, faults = sealed(tmp_path), iter([Fault("no space"), None])
    original = FakeProofs.prove

    def prove(self: FakeProofs, *args: object) -> bytes:
        if (fault := next(faults)) is not None:
            raise fault
        return original(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeProofs, "prove", prove)
    monkeypatch.setattr("kedge.proving.prover._RETRY_SECONDS", 0.001)
    with ProofScheduler(DataDirectory(tmp_path), FakeProofs()) as prover:
        prover.submit(chunks[0])
        assert prover.wait(10)


def test_a_listener_that_fails_harms_nobody(tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no")

    with ProofScheduler(DataDirectory(tmp_path), FakeProofs(), listeners=ProverListeners(fail, fail)) as prover:
        prover.submit(sealed(tmp_path)[0])
        assert prover.wait(10)


def processes() -> ProcessProofs:
    return ProcessProofs(PROGRAM, FakeProofs(), module="tests.unit.proving.worker_module")


WITNESS = json.dumps(["00" * 32, "11" * 32, []]).encode()


def test_a_process_makes_the_proof_and_tells_its_stages() -> None:
    system, stages = processes(), list[tuple[str, float]]()
    proof = system.prove(WITNESS, lambda stage, part: stages.append((stage, part)), system.make_cancel())
    assert system.verify(proof)["new_root"] == b"\x11" * 32
    assert stages == [("replay", 0.0), ("replay", 1.0), ("proof", 1.0)]


def test_a_process_runs_no_file_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "kedge.py", "http.py", "tests.py"):
        (tmp_path / name).write_text("raise SystemExit(77)")
    monkeypatch.chdir(tmp_path)
    system = processes()
    assert system.verify(system.prove(WITNESS, lambda *_: None, system.make_cancel()))["new_root"] == b"\x11" * 32


def test_a_killed_process_costs_a_retry() -> None:
    system = processes()
    proof = system.prove(b"die once" + WITNESS, lambda *_: None, system.make_cancel())
    assert system.verify(proof)["old_root"] == bytes(32)
    with pytest.raises(Broken, match="3 prover processes ended"):
        system.prove(b"die always", lambda *_: None, system.make_cancel())


def test_a_witness_that_is_none_is_broken_at_once() -> None:
    system = processes()
    with pytest.raises(Broken, match="Expecting value"):
        system.prove(b"nonsense", lambda *_: None, system.make_cancel())


@pytest.mark.parametrize("delay", [0.0, 0.2])
def test_a_process_is_cancelled(delay: float) -> None:
    system = processes()
    cancel = system.make_cancel()
    timer = threading.Timer(delay, cancel.cancel)
    timer.start()
    with pytest.raises(ProofCancelled):
        system.prove(b"hang", lambda *_: None, cancel)
    timer.join()

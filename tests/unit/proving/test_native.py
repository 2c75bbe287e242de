"""The real thing, small: orders through the sequencer, native proofs, the directory checked from outside."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kedge.proving import (
    NativeProofs,
    ProcessProofs,
    ProofCancelled,
    ProofScheduler,
    inspect_proof,
    verify_directory,
)
from kedge.rules import program
from kedge.sequencer import DataDirectory, NativeEngines, Origin, Sequencer, Settings, Transaction
from kedge.units.errors import Broken
from kedge.venue import Market

OPENING = [
    Transaction("window_update", [1_000_000_000, 999_999_000]),
    Transaction(*Market(0, "A", 0, 600_000).opening()),
    *(Transaction("deposit", [index, index + 2, 10**13, index, 0, 0, 0, 7]) for index in range(3)),
]
ORDERS = [
    Transaction("place", [2, 0, 0, 1, 600_100, 50, 0, 0, 0]),
    Transaction("place", [3, 0, 0, 0, 600_100, 20, 1, 0, 0]),
    Transaction("cancel", [2, 0]),
]


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a chunk of orders and an empty one, both proven."""
    root = tmp_path_factory.mktemp("native") / "data"
    data = program().data
    with Sequencer.open(root, NativeEngines(data), Settings()) as sequencer:
        receipts = sequencer.submit(OPENING, Origin.SYSTEM) + sequencer.submit(ORDERS)
        assert all(receipt.accepted for receipt in receipts), receipts
        assert [name for name, _ in receipts[6].events].count("fill") == 1
        sequencer.seal()
        sequencer.seal(empty=True)
        chunks = sequencer.chunks()
    with ProofScheduler(DataDirectory(root), NativeProofs(data)) as prover:
        for chunk in chunks:
            prover.submit(chunk)
        assert prover.wait(120)
        assert all(record.bits >= 100 for record in prover.records)
        assert all(record.seconds["prove"] > 0 and record.seconds["witness"] > 0 for record in prover.records)
    return root


def test_the_directory_holds(proven: Path) -> None:
    verdict = verify_directory(proven)
    assert verdict.holds, [str(finding) for finding in verdict.findings]
    assert (verdict.chunks, verdict.transactions, len(verdict.proofs)) == (2, 8, 2)
    json.dumps(verdict.as_dict())


def test_needs_nothing_of_the_process_that_made_it(proven: Path) -> None:
    code = "import sys; from kedge.proving import verify_directory as v; sys.exit(0 if v(sys.argv[1]).holds else 1)"
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path}; {code}", str(proven)]
    assert subprocess.run(command, check=False, env={}).returncode == 0  # noqa: S603


def test_inspect_shows_what_is_proven(proven: Path) -> None:
    facts = json.loads(json.dumps(inspect_proof(proven / "proofs" / "00000001.proof")))
    assert facts["holds"] is True
    assert facts["bits_conjectured"] >= 100
    assert len(facts["tables"]) == len(facts["log_heights"])
    assert facts["terms"]


def test_spoiled_proofs_are_refused(proven: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(proven, tmp_path / "data"))
    proofs = [root / "proofs" / f"0000000{number}.proof" for number in (1, 2)]
    whole = proofs[0].read_bytes()
    proofs[0].write_bytes(proofs[1].read_bytes())
    assert [str(finding.reason) for finding in verify_directory(root).findings] == ["PROOF_MISMATCH"]
    for offset in (0, 9, 20, 50, 90, 200, len(whole) // 2, len(whole) - 1):
        proofs[0].write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        assert [str(finding.reason) for finding in verify_directory(root).findings] == ["PROOF_REFUSED"], offset
    proofs[0].write_bytes(whole[: len(whole) // 2])
    assert [str(finding.reason) for finding in verify_directory(root).findings] == ["PROOF_REFUSED"]


def test_a_process_proves_the_same(proven: Path) -> None:
    data = program().data
    system = ProcessProofs(data, NativeProofs(data))
    witness = (proven / "chunks" / "00000002.witness").read_bytes()
    facts = system.verify(system.prove(witness, lambda *_: None, system.make_cancel()))
    assert facts["old_root"] == facts["new_root"]


def test_a_witness_that_is_none_is_broken() -> None:
    system = NativeProofs(program().data)
    with pytest.raises(Broken, match="cannot be proven"):
        system.prove(b"nonsense", lambda *_: None, system.make_cancel())


def test_a_cancelled_proof_is_none(proven: Path) -> None:
    system = NativeProofs(program().data)
    cancel = system.make_cancel()
    cancel.cancel()
    with pytest.raises(ProofCancelled):
        system.prove((proven / "chunks" / "00000001.witness").read_bytes(), lambda *_: None, cancel)

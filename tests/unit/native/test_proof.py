"""Witness, traces, proof and verification as Python sees them."""

from __future__ import annotations

import threading

import pytest

from kedge._native import (
    Cancel,
    Cancelled,
    Engine,
    Program,
    Sealed,
    check,
    prove,
    survivors,
    traces,
    verify,
    witness_info,
)
from tests.unit.native.purse import DATA


def test_what_a_witness_will_cost(program: Program, sealed: Sealed) -> None:
    info = witness_info(program, sealed.witness)
    assert (info["old_root"], info["new_root"]) == (sealed.old_root, sealed.new_root)
    assert info["steps"] == {"mint": 20, "move": 19}
    assert (info["rows"]["mint"], info["heights"]["mint"]) == (20, 32)
    assert info["heights"]["range16"] == 2**12


def test_traces_hold_and_a_changed_cell_shows(program: Program, sealed: Sealed) -> None:
    tables = traces(program, sealed.witness)
    assert check(program, tables, sealed.old_root, sealed.new_root) == []
    assert check(program, tables, sealed.new_root, sealed.new_root) != []
    tables["move"][3][1] += 1
    reasons = check(program, tables, sealed.old_root, sealed.new_root)
    assert 0 < len(reasons) <= 20


def test_traces_of_the_wrong_shape_are_refused(program: Program, sealed: Sealed) -> None:
    tables = traces(program, sealed.witness)
    tables["move"][0].pop()
    with pytest.raises(ValueError, match="table move"):
        check(program, tables, sealed.old_root, sealed.new_root)
    del tables["move"]
    with pytest.raises(ValueError, match="tables"):
        check(program, tables, sealed.old_root, sealed.new_root)
    with pytest.raises(ValueError, match="32 bytes"):
        check(program, traces(program, sealed.witness), b"", sealed.new_root)


def test_no_cell_of_the_purse_is_free(program: Program, sealed: Sealed) -> None:
    assert survivors(program, sealed.witness, [1, -1, 2**32]) == []


def test_a_proof_says_what_it_proves(program: Program, sealed: Sealed, proof: bytes) -> None:
    report = verify(program, proof)
    assert (report["old_root"], report["new_root"]) == (sealed.old_root, sealed.new_root)
    assert report["program"] == program.digest
    assert report["bits_conjectured"] == min(bits for _, bits in report["terms"]) >= 100
    assert report["bits_proven"] == min(bits for _, bits in report["terms_proven"])
    assert dict(report["tables"])["range16"] == 12


def test_an_empty_chunk_proves(program: Program) -> None:
    sealed = Engine(program).seal()
    report = verify(program, prove(program, sealed.witness))
    assert report["old_root"] == report["new_root"] == sealed.new_root


def test_damaged_proofs_are_refused(program: Program, proof: bytes) -> None:
    for position in (0, 9, 20, 50, 100, len(proof) // 2, len(proof) - 1):
        bent = bytearray(proof)
        bent[position] ^= 1
        with pytest.raises(ValueError, match=r".+"):
            verify(program, bytes(bent))
        with pytest.raises(ValueError, match=r".+"):
            verify(program, proof[:position])
    other = Program(DATA.replace(b'"version":1', b'"version":2'))
    with pytest.raises(ValueError, match="program"):
        verify(other, proof)


def test_damaged_witnesses_are_refused(program: Program, sealed: Sealed) -> None:
    for position in range(0, len(sealed.witness), 7):
        with pytest.raises(ValueError, match="witness"):
            witness_info(program, sealed.witness[:position])


def test_progress_is_told_in_order(program: Program, sealed: Sealed, proof: bytes) -> None:
    told: list[tuple[str, float]] = []
    assert verify(program, prove(program, sealed.witness, lambda stage, part: told.append((stage, part))))
    stages = ["replay", "keys", "trace", "proof", "verify"]
    assert told == [(stage, part) for stage in stages for part in (0.0, 1.0)]


def test_a_proof_can_be_cancelled(program: Program, sealed: Sealed) -> None:
    cancel = Cancel()
    cancel.cancel()
    assert cancel.is_cancelled
    with pytest.raises(Cancelled):
        prove(program, sealed.witness, None, cancel)


def test_an_exception_of_the_listener_stops_the_proof(program: Program, sealed: Sealed) -> None:
    def listen(stage: str, part: float) -> None:
        raise KeyError(stage)

    with pytest.raises(KeyError, match="replay"):
        prove(program, sealed.witness, listen)


def test_other_threads_run_while_a_proof_is_made(program: Program, sealed: Sealed) -> None:
    during: list[int] = []
    thread = threading.Thread(target=prove, args=(program, sealed.witness))
    thread.start()
    while thread.is_alive():
        during.append(len(during))
    assert len(during) > 1000

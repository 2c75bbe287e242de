"""The native engine as Python sees it."""

from __future__ import annotations

import hashlib
import threading

import pytest

from kedge._native import Cancelled, Engine, NativePanic, Program, Tree
from tests.unit.native.purse import DATA, Code

MALFORMED, ALIASED = 1, 2


def address(owner: int) -> int:
    return owner << 13


def test_a_program_knows_its_digest_and_steps(program: Program) -> None:
    assert program.digest == hashlib.sha256(DATA).digest()
    assert program.step_names == ["mint", "move"]


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", DATA[:-1], DATA.replace(b'"mint"', b'"move"'), b"\xff" * 99])
def test_what_is_no_program_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="program"):
        Program(data)


def test_failures_are_ordinary_exceptions() -> None:
    assert issubclass(NativePanic, RuntimeError)
    assert issubclass(Cancelled, Exception)


def test_outcomes(engine: Engine) -> None:
    assert engine.submit("mint", [7, 1]) == (0, [], 1)
    assert engine.submit("move", [5, 6, 10]) == (0, [("moved", [5, 6, 10])], 1)
    assert engine.submit("move", (5, 6, 1000)) == (Code.LOW, [], 0)
    assert engine.submit("move", [5, 5, 1]) == (ALIASED, [], 0)
    assert engine.get(address(5)) == [60, 0, 0, 0, 0, 0, 0, 0]
    assert engine.steps_in_chunk == 4


@pytest.mark.parametrize("args", [[], [5], [5, 1, 1], [5, -1], [5, 2**20], [5, 2**63], [5, -(2**90)]])
def test_arguments_out_of_bounds_are_malformed(engine: Engine, args: list[int]) -> None:
    before = engine.root()
    assert engine.submit("mint", args) == (MALFORMED, [], 0)
    assert engine.submit("nothing", args) == (MALFORMED, [], 0)
    assert engine.root() == before


def test_what_is_no_number_is_an_error_and_runs_nothing(engine: Engine) -> None:
    before = engine.root()
    with pytest.raises(ValueError, match="integer"):
        engine.submit_many([("mint", [5, 1]), ("mint", [5, "1"])])  # type: ignore[list-item]
    assert engine.root() == before


def test_one_by_one_equals_all_at_once(program: Program) -> None:
    txs = [("mint", [i % 9, 50]) for i in range(30)] + [("move", [i % 9, i % 7, 40 * (i % 3)]) for i in range(90)]
    single, batch = Engine(program), Engine(program)
    assert [single.submit(*tx) for tx in txs] == batch.submit_many(txs)
    assert single.root() == batch.root()
    assert single.snapshot() == batch.snapshot()


def test_the_root_is_that_of_the_records(engine: Engine) -> None:
    tree = Tree()
    tree.update(engine.entries())
    assert tree.root() == engine.root()
    assert engine.entries() == [(address(5), [70, *[0] * 7]), (address(6), [30, *[0] * 7])]


def test_sealing(engine: Engine) -> None:
    root = engine.root()
    sealed = engine.seal()
    assert (sealed.old_root, sealed.new_root, sealed.steps) == (Tree.empty_root(), root, 2)
    assert sealed.touched == engine.entries()
    empty = engine.seal()
    assert (empty.old_root, empty.new_root, empty.steps, empty.touched) == (root, root, 0, [])


def test_a_snapshot_restores_everything(program: Program, engine: Engine) -> None:
    copy = Engine.restore(program, engine.snapshot())
    for each in (engine, copy):
        each.submit("move", [6, 5, 3])
    first, second = engine.seal(), copy.seal()
    assert (first.new_root, first.witness, first.touched) == (second.new_root, second.witness, second.touched)


def test_damaged_snapshots_are_refused(program: Program, engine: Engine) -> None:
    snapshot = engine.snapshot()
    for position in range(len(snapshot)):
        bent = bytearray(snapshot)
        bent[position] ^= 0x10
        with pytest.raises(ValueError, match="snapshot"):
            Engine.restore(program, bytes(bent))
        with pytest.raises(ValueError, match="snapshot"):
            Engine.restore(program, snapshot[:position])


def test_threads_share_an_engine(program: Program) -> None:
    engine = Engine(program)
    work = [threading.Thread(target=engine.submit_many, args=([("mint", [k, 1])] * 2000,)) for k in range(4)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert engine.steps_in_chunk == 8000
    assert [engine.get(address(k))[0] for k in range(4)] == [2000] * 4

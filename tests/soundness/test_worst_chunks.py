"""Whatever users fill a chunk with, it can be proven and published, and the next chunk goes on."""

from __future__ import annotations

import json

import pytest

from kedge._native import prove, verify, witness_info
from kedge.batching import Schema, decode, encode
from kedge.machine import BATCH_BYTES
from kedge.rules import program
from tests.soundness.test_limits import limited
from tests.soundness.worst import WORST, distant, publish
from tests.unit.rules.venue import native_program

LIMITS = json.loads(program().data)["limits"]
SCHEMA, _ = Schema.parse(program().data)


@pytest.mark.parametrize("name", WORST)
def test_the_worst_chunk_of_a_kind_is_within_all_bounds(name: str) -> None:
    make, ends = WORST[name]
    crowd, moves = make()
    sealed, usage, count = crowd.fill(moves)
    info = witness_info(native_program(), sealed.witness)
    assert info["permutations"] <= usage["permutations"] <= LIMITS["rows"]
    assert max(info["rows"].values()) <= LIMITS["rows"]
    assert sealed.steps <= LIMITS["steps"]
    assert usage["bytes"] <= LIMITS["bytes"]
    spent = {
        "rows": usage["permutations"],
        "steps": sealed.steps + LIMITS["transaction_steps"],
        "bytes": usage["bytes"],
    }
    assert max(spent, key=lambda limit: spent[limit] / LIMITS[limit]) == ends
    assert spent[ends] > 0.8 * LIMITS[ends]
    batch = publish(sealed, count if name == "withdrawals" else 0)
    data = encode(batch, SCHEMA)
    assert len(data) <= BATCH_BYTES
    assert decode(data, SCHEMA) == batch


def test_a_chunk_full_of_paths_through_the_tree_proves() -> None:
    """The limit of rows met at an eighth of what the rules allow, so that the proof takes seconds."""
    rows = 2**17
    native = limited(rows=rows)
    crowd, moves = distant(native, 12_000)
    sealed, usage, _ = crowd.fill(moves)
    assert rows * 0.99 < usage["permutations"] <= rows
    report = verify(native, prove(native, sealed.witness))
    assert (report["old_root"], report["new_root"]) == (sealed.old_root, sealed.new_root)
    assert report["bits_conjectured"] >= 100

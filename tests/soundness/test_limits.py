"""Accepted implies provable and publishable: the meter counts what the prover fills; no transaction is too large."""

from __future__ import annotations

import json

import pytest

from kedge import _native
from kedge.batching import Schema
from kedge.machine import BATCH_BYTES, BATCH_HEAD_BYTES
from kedge.rules import program
from tests.property.histories import Player, draw_history
from tests.soundness.bounds import Program
from tests.unit.rules.case import CHUNK_FULL, OVERSIZED
from tests.unit.rules.venue import TEN_THOUSAND, TERMS, Venue, native_program

SCHEMA, _ = Schema.parse(program().data)
LIMITS = json.loads(program().data)["limits"]
WITHDRAWAL_BYTES = 32


def limited(**limits: int) -> _native.Program:
    """The rules with other limits."""
    data = json.loads(program().data)
    data["limits"] |= limits
    return _native.Program(json.dumps(data, sort_keys=True, separators=(",", ":")).encode())


def published_most(sealed: _native.Sealed, withdrawals: int) -> int:
    """The greatest length of a chunk's records and messages, by the schema that packs them."""
    bits = sum(SCHEMA.most_bits(address) for address, _ in sealed.touched)
    return -(-bits // 8) + WITHDRAWAL_BYTES * withdrawals


def test_every_transaction_fits_an_empty_chunk() -> None:
    found = Program(program().data)
    cost = found.transaction()
    assert cost.permutations <= LIMITS["rows"], cost
    assert cost.bytes <= LIMITS["bytes"], cost
    assert LIMITS["transaction_steps"] <= LIMITS["steps"] <= LIMITS["rows"]
    assert cost.leaves > LIMITS["transaction_steps"], "the bound counts what every step may touch"


def test_a_step_that_opened_more_would_be_noticed() -> None:
    """Were an order's market not steady, a fill would open its book, its terms and more anew each time."""
    found = Program(program().data)
    found.steady -= {found.data["registers"].index("market")}
    assert found.transaction().leaves > Program(program().data).transaction().leaves + LIMITS["transaction_steps"]


def test_a_chunk_at_the_limit_fits_a_batch() -> None:
    assert LIMITS["bytes"] + BATCH_HEAD_BYTES == BATCH_BYTES


@pytest.mark.parametrize("seed", range(12))
def test_the_meter_counts_what_the_prover_fills(seed: int) -> None:
    player = Player(Venue(oracle=False))
    engine = player.venue.engine
    for start in range(0, 400, 100):
        withdrawals = 0
        for move in draw_history(1000 * seed + start, 25 + seed * 10):
            for step, _, code, _ in player.play(move):
                withdrawals += step == "withdraw" and not code
        usage = engine.usage()
        assert _native.Engine.restore(native_program(), engine.snapshot()).usage() == usage
        sealed = engine.seal()
        info = _native.witness_info(native_program(), sealed.witness)
        rows, hashing = info["rows"], [s for s in ("deposit", "withdraw") if usage["steps"].get(s)]
        assert usage["steps"] == {name: rows[name] for name in usage["steps"] if usage["steps"][name]} | {
            name: 0 for name, runs in usage["steps"].items() if not runs
        }
        assert (usage["leaves"], usage["nodes"]) == (rows["leaf"], rows["node"])
        assert usage["permutations"] == 2 * (rows["leaf"] + rows["node"]) + sum(rows[s] for s in hashing)
        assert info["permutations"] <= usage["permutations"]
        assert usage["bytes"] == published_most(sealed, withdrawals)


def test_a_refused_transaction_leaves_the_meter_alone() -> None:
    player, refused = Player(Venue(oracle=False)), 0
    engine = player.venue.engine
    for move in draw_history(5, 400):
        before = engine.usage()
        for _, _, code, _ in player.play(move):
            if code:
                assert engine.usage() == before
                refused += 1
            before = engine.usage()
    assert refused > 20


@pytest.mark.parametrize("limits", [{"rows": 65_000}, {"bytes": 1_000}])
def test_a_full_chunk_asks_for_a_seal_and_nothing_is_lost(limits: dict[str, int]) -> None:
    """The same deposits in one chunk and in many give the same state."""
    wide, narrow = Venue(oracle=False), Venue(oracle=False, native=limited(**limits))
    seals = 0
    for venue in (wide, narrow):
        venue.open_markets()
        for number in range(5_000):
            args = venue.deposit_args(2 + number * 3_000, TEN_THOUSAND + number)
            code, _, _ = venue.submit("deposit", *args)
            if code:
                assert (code, venue) == (CHUNK_FULL, narrow)
                assert venue.code("cancel_all", 2) == CHUNK_FULL, "nothing overtakes what waits"
                venue.seal()
                seals += 1
                venue.ok("deposit", *args)
            venue.deposits += 1
    assert seals > 0
    assert wide.engine.root() == narrow.engine.root()


def test_a_transaction_that_no_chunk_can_hold_is_refused_for_good() -> None:
    venue = Venue(oracle=False, native=limited(bytes=80))
    root = venue.engine.root()
    venue.ok("window_update", 2, 1)
    venue.seal()
    assert venue.code("open_market", 0, 600_000, *TERMS) == OVERSIZED
    assert venue.engine.root() != root
    assert venue.code("window_update", 3, 1) == 0, "the chunk is not full"

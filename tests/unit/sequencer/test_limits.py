"""Chunks that end because the engine says so: nobody sees CHUNK_FULL, nothing is lost, and a restart agrees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kedge import _native
from kedge.machine import address_of
from kedge.rules import Clock, program
from kedge.sequencer import EngineLike, NativeEngines, Origin, Receipt, SealedChunk, Sequencer, Settings, Transaction
from kedge.venue import Market

OVERSIZED = 7


def limited(**limits: int) -> bytes:
    """The rules with other limits."""
    data = json.loads(program().data)
    data["limits"] |= limits
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def deposits(count: int) -> list[Transaction]:
    """Of accounts far from each other."""
    return [Transaction("deposit", (n, 2 + 2_000 * n, 10**9, 2 + n, 0, 0, 0, 7)) for n in range(count)]


def usage_of(engine: EngineLike) -> _native.Usage:
    assert isinstance(engine, _native.Engine)
    return engine.usage()


def run(home: Path, data: bytes, work: list[Transaction]) -> tuple[list[Receipt], list[SealedChunk], bytes]:
    """Chunks end by the engine's word only, not by their number of transactions."""
    settings = Settings(snapshot_every=3, chunk_transactions=10_000)
    with Sequencer.open(home, NativeEngines(data), settings) as sequencer:
        receipts = sequencer.submit(work, Origin.SYSTEM)
        chunks = sequencer.chunks()
        usage = sequencer.read(usage_of)
        root = sequencer.read(lambda engine: engine.root())
    with Sequencer.open(home, NativeEngines(data)) as again:
        assert again.chunks() == chunks
        assert again.read(usage_of) == usage, "the meter survives a restart"
        assert again.read(lambda engine: engine.root()) == root
    return receipts, chunks, root


@pytest.mark.parametrize(("limits", "most"), [({"rows": 65_000}, 60), ({"bytes": 2_000}, 60)])
def test_chunks_end_where_the_meter_says_so(tmp_path: Path, limits: dict[str, int], most: int) -> None:
    work = deposits(8_000 if "rows" in limits else 300)
    receipts, chunks, root = run(tmp_path / "narrow", limited(**limits), work)
    assert all(receipt.accepted for receipt in receipts)
    assert [receipt.sequence for receipt in receipts] == list(range(1, len(work) + 1))
    assert 1 < len(chunks) < most
    parsed = _native.Program(limited(**limits))
    for chunk in chunks:
        info = _native.witness_info(parsed, chunk.witness.read_bytes())
        assert max(info["rows"].values()) <= limits.get("rows", 1 << 20)
    wide, few, same = run(tmp_path / "wide", program().data, work)
    assert ([receipt.events for receipt in wide], same) == ([receipt.events for receipt in receipts], root)
    assert len(few) < len(chunks)


def test_a_transaction_without_room_anywhere_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    market = Transaction(*Market(0, "A", 0, 600_000).opening())
    clocks = [Transaction("window_update", (now, 1)) for now in range(2, 9)]
    work = [clocks[0], market, clocks[1], clocks[2], market, market, *clocks[3:]]
    receipts, chunks, _ = run(tmp_path, limited(bytes=80), work)
    assert [receipt.code for receipt in receipts] == [OVERSIZED if item is market else 0 for item in work]
    assert receipts[1].name == "OVERSIZED"
    assert [chunk.transactions for chunk in chunks] == [1, 2], "each refusal costs one seal at most"


def test_a_limit_met_exactly_is_met(tmp_path: Path) -> None:
    """A chunk whose records take all of the bytes: the clock's, 21 bytes."""
    with Sequencer.open(tmp_path, NativeEngines(limited(bytes=21))) as sequencer:
        receipts = sequencer.submit([Transaction("window_update", (now, 1)) for now in range(2, 30)], Origin.SYSTEM)
        assert all(receipt.accepted for receipt in receipts)
        assert sequencer.read(lambda engine: engine.get(address_of(Clock, 0)))[0] == 29
        assert sequencer.read(usage_of)["bytes"] == 21
        assert sequencer.chunks() == []

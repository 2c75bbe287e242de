"""Where chunks end changes nothing, and whatever was accepted can be published, rebuilt and proven."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kedge._native import Engine, Program, Sealed, Tree, poseidon2, prove, verify, witness_info
from kedge.batching import (
    Batch,
    Chunk,
    Header,
    Rebuilder,
    Schema,
    collect_messages,
    compute_batch,
    encode,
    reconstruct,
)
from kedge.machine import BATCH_HEAD_BYTES, address_of
from kedge.rules import EXCHANGE, Clock, program
from tests.property.histories import Move, Player, draw_history, histories
from tests.soundness.test_limits import limited
from tests.unit.rules.case import CHUNK_FULL
from tests.unit.rules.venue import Event, Venue, native_program

Outcome = tuple[int, list[Event], int]
SCHEMA, DIGEST = Schema.parse(program().data)
EXAMPLES, SEEDS, LENGTH = 100, range(4), 600
WIDE = {"transaction_steps": 96, "steps": 4_096, "rows": 2**16, "bytes": 2**16}
NARROW = {"bytes": {"bytes": 800}, "rows": {"steps": 256, "rows": 400}, "steps": {"steps": 128}}


class Cut:
    """An engine that runs a log of transactions, and the chunks that it was cut into."""

    def __init__(self, native: Program) -> None:
        self.native = native
        self.engine = Engine(native)
        self.outcomes: list[Outcome] = []
        self.sealed: list[Sealed] = []
        self.chunks: list[Chunk] = []
        self._events: list[Event] = []

    def run(self, log: Iterable[tuple[str, list[int]]], ends: Callable[[], bool]) -> None:
        """A chunk ends where `ends` says so before a transaction, and where the engine does."""
        for step, args in log:
            if ends():
                self.seal()
            outcome = self.engine.submit(step, args)
            if outcome[0] == CHUNK_FULL:
                self.seal()
                outcome = self.engine.submit(step, args)
            self.outcomes.append(outcome)
            self._events += outcome[1]
        self.seal()

    def seal(self) -> None:
        sealed, (deposits, withdrawals) = self.engine.seal(), collect_messages(self._events)
        now, anchored = self.engine.get(address_of(Clock, EXCHANGE))[:2]
        number, self._events = len(self.chunks) + 1, []
        self.sealed.append(sealed)
        self.chunks.append(
            Chunk(number, sealed.old_root, sealed.new_root, sealed.touched, deposits, withdrawals, now, anchored)
        )

    def publish(self, length: Callable[[], int]) -> list[tuple[Header, bytes]]:
        """All chunks in batches of these lengths."""
        batches: list[Batch] = []
        rest = self.chunks
        while rest:
            count = length()
            batches.append(compute_batch(rest[:count], DIGEST, batches[-1].header if batches else None))
            rest = rest[count:]
        return [(batch.header, encode(batch, SCHEMA)) for batch in batches]

    def rebuild(self, history: list[tuple[Header, bytes]]) -> bytes:
        """The root that the published bytes lead to; their records are those of the engine."""
        deposits = [deposit for chunk in self.chunks for deposit in chunk.deposits]
        state = reconstruct(history, deposits, Rebuilder(SCHEMA, DIGEST, Tree(), poseidon2))
        places = [address for address, _ in self.engine.entries()]
        assert state.records == {address: tuple(self.engine.get(address)) for address in places}
        return state.root


def played(moves: Iterable[Move]) -> tuple[list[tuple[str, list[int]]], bytes]:
    """The transactions of a history and the root after it, in one chunk."""
    player = Player(Venue(oracle=False))
    for move in moves:
        for _ in player.play(move):
            pass
    return player.venue.log, player.venue.engine.root()


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories, st.randoms(use_true_random=False), st.floats(0.02, 0.9))
def test_chunks_may_end_anywhere(history: list[Move], dice: random.Random, often: float) -> None:
    log, root = played(history)
    whole, cut = Cut(native_program()), Cut(native_program())
    whole.run(log, lambda: False)
    cut.run(log, lambda: dice.random() < often)
    assert cut.outcomes == whole.outcomes
    assert cut.engine.entries() == whole.engine.entries()
    assert cut.rebuild(cut.publish(lambda: dice.randint(1, 9))) == whole.rebuild(whole.publish(lambda: 1)) == root


@pytest.mark.parametrize("limit", NARROW)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_accepted_can_be_published_and_proven(seed: int, limit: str) -> None:
    """Under limits so narrow that the engine ends chunks itself; one chunk of each history is proven."""
    log, root = played(draw_history(seed, LENGTH))
    limits = WIDE | NARROW[limit]
    whole, narrow = Cut(native_program()), Cut(limited(**limits))
    whole.run(log, lambda: False)
    narrow.run(log, lambda: False)
    assert len(narrow.sealed) > 5
    assert narrow.outcomes == whole.outcomes
    alone = narrow.publish(lambda: 1)
    assert narrow.rebuild(alone) == root
    assert max(len(data) for _, data in alone) <= BATCH_HEAD_BYTES + limits["bytes"]
    for sealed in narrow.sealed:
        info = witness_info(narrow.native, sealed.witness)
        rows = [info["rows"][table] for table in info["rows"] if table != "range16"]
        assert max(rows) <= limits["rows"], "that of range checks has always the same"
    proven = random.Random(seed).choice(narrow.sealed)
    report = verify(narrow.native, prove(narrow.native, proven.witness))
    assert (report["old_root"], report["new_root"]) == (proven.old_root, proven.new_root)

"""Batches by their bytes: as many chunks as one L1 transaction can publish, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kedge._native import Tree, poseidon2
from kedge.batching import (
    Batch,
    Deposit,
    Header,
    Rebuilder,
    Reconstruction,
    Schema,
    owner_bytes,
    reconstruct,
)
from kedge.machine import BATCH_BYTES
from kedge.node.batches import BatchMaker
from kedge.rules import BOND, program
from kedge.sequencer import NativeEngines, Origin, SealedChunk, Sequencer, Settings, Transaction
from kedge.units.errors import Rejected
from kedge.venue import Market

GENESIS = 1_700_000_000_000
MARK, SELL, GTC, IOC = 600_000, 1, 0, 1
SCHEMA, DIGEST = Schema.parse(program().data)


@dataclass
class Attacked:
    """An exchange with the chunks that it has sealed, none of which is in a batch."""

    sequencer: Sequencer
    maker: BatchMaker
    chunks: list[SealedChunk]
    deposits: list[Deposit]

    def batches(self) -> list[tuple[Batch, bytes]]:
        """What anchoring would make of all chunks, offered all at once."""
        made: list[tuple[Batch, bytes]] = []
        rest, after = self.chunks, None
        while rest:
            batch, data = self.maker.make(rest, after, GENESIS)
            made.append((batch, data))
            rest, after = [chunk for chunk in rest if chunk.number > batch.last_chunk], batch.header
        return made

    def rebuild(self, made: Sequence[tuple[Batch, bytes]]) -> Reconstruction:
        history = [(batch.header, data) for batch, data in made]
        return reconstruct(history, self.deposits, Rebuilder(SCHEMA, DIGEST, Tree(), poseidon2))


def place(account: int, slot: int, price: int, terms: int, side: int = SELL) -> Transaction:
    return Transaction("place", (account, slot, 0, side, price, 1, terms, 0, 0))


def attack(sequencer: Sequencer, users: int, slots: int, takers: int) -> list[Deposit]:
    """`users` with nothing but their bonds fill their slots and let all lapse; one more account takes what it meets."""
    taker = 2 + users
    deposits = [("deposit", (n, 2 + n, 1 + slots * BOND, 2 + n, 0, 0, 0, 7)) for n in range(users + 1)]
    opening = [("window_update", (GENESIS + 1, GENESIS)), Market(0, "A", 0, MARK).opening(), *deposits]
    orders = [place(2 + n, slot, MARK + slot % 7, GTC) for n in range(users) for slot in range(slots)]
    lapse = [Transaction("cancel_all", (2 + n,)) for n in range(users)]
    takes = [place(taker, 0, MARK + 7, IOC, side=0)] * takers
    for work in ([Transaction(*item) for item in opening], orders, lapse, takes):
        for start in range(0, len(work), 5_000):
            receipts = sequencer.submit(work[start : start + 5_000], Origin.SYSTEM)
            assert all(receipt.accepted for receipt in receipts)
    sequencer.seal()
    return [Deposit(args[0], args[1], owner_bytes(args[3:]), args[2]) for _, args in deposits]


def opened(folder: Path, users: int, slots: int, takers: int, each: int) -> Iterator[Attacked]:
    with Sequencer.open(folder, NativeEngines(program().data), Settings(chunk_transactions=each)) as sequencer:
        deposits = attack(sequencer, users, slots, takers)

        def words(address: int) -> list[int]:
            return sequencer.read(lambda engine: engine.get(address))

        maker = BatchMaker(sequencer.directory, program().data, words)
        yield Attacked(sequencer, maker, sequencer.chunks(), deposits)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """27 users with nothing but their bonds, 26 chunks of plain orders, and whoever takes must remove every order."""
    yield from opened(tmp_path_factory.mktemp("attacked"), 26, 1_000, 7, 1_000)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Attacked]:
    """Three users with 40 orders each, in chunks of ten transactions."""
    yield from opened(tmp_path, 3, 40, 0, 10)


def test_27_users_with_nothing_but_bonds_and_27_waiting_chunks_stop_nothing(attacked: Attacked) -> None:
    """What froze version 1: seven takers in one chunk, 799,804 bytes of it, and six blobs hold 761,852."""
    made = attacked.batches()
    assert len(attacked.chunks) >= 28
    assert 1 < len(made) < len(attacked.chunks)
    assert all(len(data) <= BATCH_BYTES for _, data in made)
    assert [batch.first_chunk for batch, _ in made[1:]] == [batch.last_chunk + 1 for batch, _ in made[:-1]]
    state = attacked.rebuild(made)
    assert state.root == attacked.chunks[-1].new_root == attacked.sequencer.read(lambda engine: engine.root())
    assert attacked.sequencer.read(lambda engine: len(engine.entries())) == len(state.records)


def test_a_batch_is_as_long_as_it_can_be(attacked: Attacked) -> None:
    """One chunk more, and it would not fit."""
    batch, data = attacked.maker.make(attacked.chunks, None, GENESIS)
    taken = batch.last_chunk - batch.first_chunk + 1
    assert attacked.maker.make(attacked.chunks[:taken], None, GENESIS) == (batch, data)
    again, _ = attacked.maker.make(attacked.chunks[: taken + 1], None, GENESIS)
    assert again == batch


def test_what_several_chunks_touch_is_published_once(small: Attacked) -> None:
    ((batch, data),) = small.batches()
    assert (batch.first_chunk, batch.last_chunk) == (1, len(small.chunks))
    addresses = [address for address, _ in batch.records]
    assert sorted(set(addresses)) == addresses
    one_by_one = []
    after: Header | None = None
    for chunk in small.chunks:
        alone, bytes_alone = small.maker.make([chunk], after, GENESIS)
        one_by_one.append((alone, bytes_alone))
        after = alone.header
    assert sum(len(alone) for _, alone in one_by_one) > 2 * len(data)
    assert small.rebuild(one_by_one).records == small.rebuild([(batch, data)]).records


@pytest.mark.parametrize("most", [1_200, 1_700, 4_000])
def test_however_little_fits_everything_is_published(
    small: Attacked, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    whole = small.rebuild(small.batches())
    monkeypatch.setattr("kedge.batching.codec.MAX_BYTES", most)
    made = small.batches()
    assert len(made) > 1
    assert all(len(data) <= most for _, data in made)
    assert small.rebuild(made).records == whole.records


def test_one_chunk_that_does_not_fit_is_refused_by_number(small: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kedge.batching.codec.MAX_BYTES", 300)
    with pytest.raises(Rejected) as refused:
        small.maker.make(small.chunks, None, GENESIS)
    assert (refused.value.code, refused.value.name) == (1003, "TOO_LARGE")

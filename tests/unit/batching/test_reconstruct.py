"""Reconstruct: true histories rebuild, each false claim is refused with its own number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kedge.batching import (
    DEPOSITS_HEAD,
    Batch,
    Deposit,
    Header,
    Rebuilder,
    Reconstruction,
    encode,
    fold_head,
    reconstruct,
)
from kedge.units.errors import Rejected
from tests.unit.batching.world import DIGEST, SCHEMA, FakeTree, World, address, fake_hash

OWNER = bytes(range(20))
DEPOSITS = [Deposit(i, 2 + i, OWNER, 1000 + i) for i in range(4)]


def history() -> World:
    world = World()
    world.batch(world.seal(DEPOSITS[:2], records=[(address(2, 0), (1000, 0)), (address(2, 3, 1), (50, 1, 1))]))
    world.batch(
        world.seal(DEPOSITS[2:3], world.owe((2, OWNER, 7), (3, OWNER, 8))),
        world.seal(records=[(address(2, 3, 1), (0, 0, 0))]),
    )
    world.batch(world.seal(withdrawals=world.owe((2, OWNER, 9))))
    return world


def rebuild(batches: list[tuple[Header, bytes]], deposits: list[Deposit] = DEPOSITS) -> Reconstruction:
    return reconstruct(batches, deposits, Rebuilder(SCHEMA, DIGEST, FakeTree(), fake_hash))


def published(batches: list[Batch]) -> list[tuple[Header, bytes]]:
    return [(batch.header, encode(batch, SCHEMA)) for batch in batches]


def test_a_true_history_rebuilds() -> None:
    world = history()
    state = rebuild(published(world.batches))
    assert state.root == world.tree.root()
    assert (state.batches, state.deposits, len(state.withdrawals)) == (3, 3, 3)
    assert state.records[address(2, 0)][0] == 1000
    assert address(2, 3, 1) not in state.records
    assert state.published_bytes == sum(len(data) for _, data in published(world.batches))


def test_the_heads_chain_every_message() -> None:
    one = fold_head([0] * 4, DEPOSITS[:1], fake_hash)
    assert fold_head([0] * 4, DEPOSITS[:2], fake_hash) == fold_head(one, DEPOSITS[1:2], fake_hash)


def test_batches_out_of_order_are_refused() -> None:
    good = published(history().batches)
    for order in ((1,), (0, 2), (0, 0), (0, 1, 1)):
        with pytest.raises(Rejected) as refused:
            rebuild([good[i] for i in order])
        assert refused.value.code == 1007


def lie(code: int, change: Callable[[Batch], Batch]) -> tuple[int, Callable[[Batch], Batch]]:
    return code, change


LIES = [
    lie(1008, lambda b: replace(b, new_root=b"x" * 32)),
    lie(1008, lambda b: replace(b, records=b.records[1:])),
    lie(1007, lambda b: replace(b, old_root=b"x" * 32)),
    lie(1006, lambda b: replace(b, program=b"x" * 32)),
    lie(1009, lambda b: replace(b, deposits_before=1, deposits=2)),
    lie(1009, lambda b: replace(b, deposits=9)),
    lie(1009, lambda b: replace(b, deposit_chain=b"x" * 32)),
    lie(
        1010,
        lambda b: replace(
            b, withdrawals_before=1, withdrawals=tuple(replace(w, index=w.index + 1) for w in b.withdrawals)
        ),
    ),
    lie(1010, lambda b: replace(b, withdrawals=b.withdrawals[:1])),
    lie(1010, lambda b: replace(b, withdrawals=tuple(replace(w, amount=w.amount + 1) for w in b.withdrawals))),
]


@pytest.mark.parametrize(("code", "change"), LIES)
def test_a_lying_operator_is_refused(code: int, change: Callable[[Batch], Batch]) -> None:
    world = history()
    false = [world.batches[0], change(world.batches[1])]
    with pytest.raises(Rejected) as refused:
        rebuild(published(false))
    assert refused.value.code == code


def test_a_head_that_skips_a_deposit_is_refused() -> None:
    world = World()
    chunk = world.seal(DEPOSITS[:1])
    tree = FakeTree()
    words = (1, 1, 2, 3, 4, 0, 0, 0)
    tree.set(DEPOSITS_HEAD, list(words))
    forged = replace(chunk, touched=[(DEPOSITS_HEAD, words)], new_root=tree.root())
    world.batch(forged)
    with pytest.raises(Rejected) as refused:
        rebuild(published(world.batches))
    assert refused.value.code == 1009


@pytest.mark.parametrize(
    "field", ["number", "new_root", "first_chunk", "last_chunk", "deposits", "withdrawals", "clock", "anchored"]
)
def test_data_that_tell_another_story_than_the_header_are_refused(field: str) -> None:
    world = history()
    (header, data), second = published(world.batches)[:2]
    value = getattr(second[0], field)
    change: dict[str, Any] = {field: b"x" * 32 if isinstance(value, bytes) else value + 1}
    changed = replace(second[0], **change)
    with pytest.raises(Rejected) as refused:
        rebuild([(header, data), (changed, second[1])])
    assert refused.value.code in (1006, 1007)


def test_other_deposits_on_l1_are_refused() -> None:
    batches = published(history().batches)
    for deposits in (DEPOSITS[:1], DEPOSITS[1:], [replace(DEPOSITS[0], amount=1), *DEPOSITS[1:]]):
        with pytest.raises(Rejected) as refused:
            rebuild(batches, deposits)
        assert refused.value.code == 1009

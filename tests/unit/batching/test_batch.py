"""Batches: chunks join, messages count, the last words of a record win."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kedge.batching import (
    ZERO_HASH,
    Deposit,
    Withdrawal,
    chain_deposits,
    collect_messages,
    compute_batch,
    owner_bytes,
    owner_words,
    prove_withdrawal,
    withdrawals_root,
)
from kedge.units.errors import Broken
from tests.unit.batching.world import DIGEST, World, address

OWNER = bytes(range(100, 120))


def test_several_chunks_become_one_batch() -> None:
    world = World()
    deposit = Deposit(0, 2, OWNER, 5)
    first = world.seal([deposit], records=[(address(2, 0), (1, 0)), (address(3, 0), (3, 0))])
    second = world.seal(withdrawals=world.owe((2, OWNER, 4)), records=[(address(2, 0), (9, 0))])
    batch = world.batch(first, second)
    assert (batch.first_chunk, batch.last_chunk, batch.number) == (1, 2, 1)
    assert (batch.old_root, batch.new_root) == (first.old_root, second.new_root)
    assert dict(batch.records)[address(2, 0)][0] == 9
    assert [where for where, _ in batch.records] == sorted(where for where, _ in batch.records)
    header = batch.header
    assert (header.deposits, header.withdrawals) == (1, 1)
    assert header.deposit_chain == chain_deposits(ZERO_HASH, [deposit])
    assert header.withdrawals_root == withdrawals_root(batch.withdrawals)
    assert batch.anchored == max(first.anchored, second.anchored)
    following = world.batch().header
    assert (following.number, following.deposits, following.deposit_chain) == (2, 1, header.deposit_chain)
    assert following.withdrawals_root == ZERO_HASH


def test_chunks_that_do_not_join_are_our_own_failure() -> None:
    world = World()
    first, second = world.seal(), world.seal(records=[(address(2, 0), (1, 0))])
    header = compute_batch([first], DIGEST, None).header
    for chunks, after in (
        ([], None),
        ([second, first], None),
        ([first, replace(second, old_root=b"x" * 32)], None),
        ([first], header),
        ([replace(first, deposits=(Deposit(1, 2, OWNER, 1),))], None),
        ([replace(first, withdrawals=(Withdrawal(3, 2, OWNER, 1),))], None),
    ):
        with pytest.raises(Broken):
            compute_batch(chunks, DIGEST, after)


def test_messages_are_read_from_events() -> None:
    words = owner_words(OWNER)
    events = [("fill", [1, 2]), ("deposited", [0, 2, 5, *words]), ("withdrawn", [7, 3, 6, *words])]
    assert collect_messages(events) == ((Deposit(0, 2, OWNER, 5),), (Withdrawal(7, 3, OWNER, 6),))
    assert owner_bytes(words) == OWNER


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9])
def test_proof_lengths_follow_the_count(count: int) -> None:
    items = [Withdrawal(10 + i, 2, OWNER, 1 + i) for i in range(count)]
    lengths = {len(prove_withdrawal(items, item.index)) for item in items}
    assert lengths == {(count - 1).bit_length()}
    with pytest.raises(Broken):
        prove_withdrawal(items, 10 + count)

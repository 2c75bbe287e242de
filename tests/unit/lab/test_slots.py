"""Slots: the lowest free one, never one that is in use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedge.lab.slots import SLOTS, SlotAllocator, order_address, split_address
from kedge.units.errors import Broken


def test_the_lowest_free_slot_is_reused_first() -> None:
    slots = SlotAllocator()
    assert [slots.take(7) for _ in range(4)] == [0, 1, 2, 3]
    slots.free(7, 2)
    slots.free(7, 0)
    assert [slots.take(7) for _ in range(3)] == [0, 2, 4]
    assert slots.take(8) == 0


def test_all_slots_can_be_taken_and_no_more() -> None:
    slots = SlotAllocator()
    assert [slots.take(2) for _ in range(SLOTS)] == list(range(SLOTS))
    assert slots.take(2) is None
    slots.free(2, 1_000)
    assert slots.take(2) == 1_000


def test_events_free_slots_and_may_be_repeated() -> None:
    slots = SlotAllocator()
    for _ in range(4):
        slots.take(5)
    filled = ("fill", [5, 6, 0, 0, 10, 1, order_address(5, 0), 0, 0, 0])
    partly = ("fill", [5, 6, 0, 0, 10, 1, order_address(5, 1), 0, 0, 3])
    events = [filled, partly, ("removed", [5, order_address(5, 2), 4, 1]), ("done", [5, order_address(5, 3), 0])]
    slots.apply(events)
    slots.apply(events)
    assert slots.count(5) == 1
    assert slots.is_taken(5, 1)


def test_a_slot_chosen_by_somebody_else_is_respected() -> None:
    slots = SlotAllocator()
    slots.claim(3, 2)
    slots.claim(3, 0)
    slots.claim(3, 0)
    assert [slots.take(3) for _ in range(3)] == [1, 3, 4]
    with pytest.raises(Broken):
        slots.claim(3, SLOTS)


def test_addresses_split_into_what_they_were_made_of() -> None:
    assert split_address(order_address(16_000_000, 1_023)) == (16_000_000, 1_023)


@given(st.lists(st.tuples(st.sampled_from(["take", "free", "claim"]), st.integers(0, 12)), max_size=60))
def test_a_taken_slot_is_never_handed_out(moves: list[tuple[str, int]]) -> None:
    slots, taken = SlotAllocator(), set[int]()
    for move, slot in moves:
        if move == "take":
            got = slots.take(1)
            assert got == min(set(range(64)) - taken)
            taken.add(got)
        elif move == "free":
            slots.free(1, slot)
            taken.discard(slot)
        else:
            slots.claim(1, slot)
            taken.add(slot)
    assert slots.count(1) == len(taken)

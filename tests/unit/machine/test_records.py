"""Addresses: where a record lies, and what an address says about it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kedge.machine import Field, P, address_of, kind_of, lift, signed, unsigned
from kedge.rules import RECORDS, Account, Market, Order


@given(account=st.integers(1, 2**24 - 1), slot=st.integers(0, 1023), record=st.sampled_from(RECORDS))
def test_an_address_tells_account_kind_and_slot(account: int, slot: int, record: type[Order]) -> None:
    owner = account if record.kind < 8 else 0
    address = address_of(record, owner, slot)
    assert 0 <= address < 2**37
    assert (address >> 13, kind_of(address), address & 1023) == (owner, record.kind, slot)


def test_known_addresses() -> None:
    assert address_of(Account, 2) == 2 << 13
    assert address_of(Order, 2, 5) == (2 << 13) + (3 << 10) + 5
    assert address_of(Market, 0, 7) == (2 << 10) + 7


def test_bounds() -> None:
    assert unsigned(3) == Field(0, 7)
    assert signed(3) == Field(-8, 7)


@given(st.integers(-(2**80), 2**80))
def test_lift_is_the_nearest_representative(x: int) -> None:
    assert (lift(x) - x) % P == 0
    assert abs(lift(x)) <= P // 2

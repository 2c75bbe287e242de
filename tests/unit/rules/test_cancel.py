"""cancel and cancel_all."""

from __future__ import annotations

from itertools import permutations

import pytest

from kedge._native import poseidon2
from kedge.machine import OracleEngine, address_of
from kedge.rules import Account, Code, Order, rules
from tests.unit.rules.venue import BUY, IOC, MARK, SELL, Venue, of_kind
from tests.unit.rules.world import World


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("sequence", list(permutations(range(3))))
def test_any_order_of_cancels_leaves_a_whole_book(side: int, sequence: tuple[int, ...]) -> None:
    venue = Venue().open()
    for slot, price in enumerate((MARK + 1, MARK, MARK + 1)):
        venue.order(2, side, price, 5, slot=slot)
    for slot in sequence:
        (removed,) = of_kind(venue.ok("cancel", 2, slot), "removed")
        assert removed == {"account": 2, "order": address_of(Order, 2, slot), "remaining": 5, "reason": 1}
        World.of(venue.engine.entries()).check()
    assert venue.book(side) == []


def test_cancel_after_a_partial_fill_reports_what_was_left() -> None:
    venue = Venue().open()
    venue.order(2, SELL, MARK, 5)
    venue.order(3, BUY, MARK, 2, IOC)
    assert of_kind(venue.ok("cancel", 2, 0), "removed")[0]["remaining"] == 3
    assert venue.code("cancel", 2, 0) == Code.NO_SUCH_ORDER


def test_cancel_all_spares_later_orders_and_other_accounts() -> None:
    venue = Venue().open()
    venue.order(2, SELL, MARK, 5)
    venue.order(3, SELL, MARK, 5)
    venue.ok("cancel_all", 2)
    venue.order(2, SELL, MARK, 5, slot=1)
    fills = of_kind(venue.order(4, BUY, MARK, 10, IOC), "fill")
    assert [f["maker"] for f in fills] == [3, 2]


def test_a_stale_order_can_still_be_cancelled_one_by_one() -> None:
    venue = Venue().open()
    venue.order(2, SELL, MARK, 5)
    venue.ok("cancel_all", 2)
    venue.ok("cancel", 2, 0)
    assert venue.book(SELL) == []


def test_the_last_epoch() -> None:
    """No account lives to see it; the record is edited."""
    oracle = OracleEngine(rules, poseidon2)
    words = [0, 0, 0, 2**32 - 2, 0, 0, 0, 0]
    oracle.world.records[address_of(Account, 2)] = words
    assert oracle.submit("cancel_all", [2])[0] == 0
    assert oracle.submit("cancel_all", [2]) == (Code.EPOCH_EXHAUSTED, [], 0)

"""The list of an account's positions: how it grows, and how unlist makes room in it."""

from __future__ import annotations

from itertools import permutations

import pytest

from kedge.rules import Account, Position
from tests.unit.rules.venue import BUY, IOC, MARK, SELL, TERMS, Venue
from tests.unit.rules.world import World


def listed(venue: Venue) -> list[int]:
    numbers, head = [], venue.get(Account, 2).head
    while head:
        numbers.append(head - 1)
        head = venue.get(Position, 2, head - 1).next
    return numbers


@pytest.mark.parametrize("sequence", list(permutations(range(3))))
def test_any_order_of_unlisting_leaves_a_whole_list(sequence: tuple[int, ...]) -> None:
    venue = Venue().open()
    venue.ok("open_market", 2, MARK, *TERMS)
    for market in range(3):
        venue.order(2, SELL, MARK, 1, IOC, market=market)
    assert listed(venue) == [2, 1, 0]
    for market in sequence:
        before = listed(venue)
        place = before.index(market)
        venue.ok("unlist", 2, market, before[place - 1] + 1 if place else 0)
        assert listed(venue) == [number for number in before if number != market]
        World.of(venue.engine.entries()).check()
    assert venue.get(Account, 2).positions == 0


def test_a_position_is_listed_once_however_many_orders_come() -> None:
    venue = Venue().open()
    for _ in range(3):
        venue.order(2, BUY, MARK, 1, IOC)
    assert listed(venue) == [0]


def test_the_ninth_market_fits_after_an_unlist() -> None:
    venue = Venue().open()
    for market in range(2, 9):
        venue.ok("open_market", market, MARK, *TERMS)
    for market in range(8):
        venue.order(2, SELL, MARK, 1, IOC, market=market)
    venue.ok("unlist", 2, 7, 0)
    venue.order(2, SELL, MARK, 1, IOC, market=8)
    assert listed(venue) == [8, 6, 5, 4, 3, 2, 1, 0]

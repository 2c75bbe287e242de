"""funding_tick and the samples that oracle_price takes: who pays whom, how much, and where the dust goes."""

from __future__ import annotations

from math import floor

import pytest

from kedge.rules import Account, Book, Market, Position
from tests.unit.rules.venue import BUY, HOUR, IOC, MARK, SELL, Venue, of_kind
from tests.unit.rules.world import World


@pytest.fixture
def venue() -> Venue:
    """Account 3 is long seven lots, account 2 short seven."""
    venue = Venue().open()
    venue.trade(2, 3, MARK, 7)
    return venue


def quote(venue: Venue, bid: int, ask: int) -> None:
    venue.order(6, BUY, bid, 1, slot=1)
    venue.order(7, SELL, ask, 1, slot=1)


def tick(venue: Venue, samples: int = 1) -> dict[str, int]:
    for _ in range(samples):
        venue.ok("oracle_price", 0, MARK)
    venue.pass_time(HOUR)
    (funded,) = of_kind(venue.ok("funding_tick", 0), "funded")
    return funded


@pytest.mark.parametrize(("bid", "ask"), [(MARK + 10, MARK + 30), (MARK - 30, MARK - 10), (MARK - 5, MARK + 5)])
def test_an_eighth_of_the_premium_each_hour(venue: Venue, bid: int, ask: int) -> None:
    quote(venue, bid, ask)
    funded = tick(venue, samples=3)
    premium = (bid + ask) / 2 - MARK
    assert funded["rate"] == premium / 8 * 2**16
    assert funded["index"] == venue.get(Market, 0).funding == funded["rate"]
    assert (venue.get(Book, 0).samples, venue.get(Book, 0).premium) == (0, 0)


@pytest.mark.parametrize("sign", [1, -1])
def test_longs_pay_when_the_book_stands_above_the_mark(venue: Venue, sign: int) -> None:
    quote(venue, MARK + sign * 20 - 3, MARK + sign * 20 + 3)
    before = [World.of(venue.engine.entries()).equity(account) for account in (2, 3)]
    tick(venue)
    after = [World.of(venue.engine.entries()).equity(account) for account in (2, 3)]
    owed = sign * 7 * 20 / 8
    short, long = (b - a for a, b in zip(before, after, strict=True))
    assert (short, long) == (floor(owed), floor(-owed))


def test_the_rate_is_capped_at_half_a_percent_of_the_mark(venue: Venue) -> None:
    quote(venue, 2 * MARK, 5 * MARK)
    assert tick(venue)["rate"] == MARK * 328


def test_no_sample_without_both_sides(venue: Venue) -> None:
    venue.order(6, BUY, MARK - 100, 1, slot=1)
    assert tick(venue)["rate"] == 0


def test_one_sample_is_bounded(venue: Venue) -> None:
    quote(venue, 2 * MARK, 2**28 - 1)
    venue.ok("oracle_price", 0, MARK)
    assert venue.get(Book, 0).premium == 2**26 - 1


def test_dust_is_lost_by_the_account_and_never_created(venue: Venue) -> None:
    quote(venue, MARK - 3, MARK + 4)
    tick(venue)
    for account, side in ((3, SELL), (2, BUY)):
        venue.order(5, 1 - side, MARK, 7, slot=side)
        venue.order(account, side, MARK, 7, IOC)
    world = World.of(venue.engine.entries())
    costs = sum(p.cost for p in world.records[Position].values())
    assert world.held() - costs == 6 * 10**10 - 1
    World.of(venue.engine.entries()).check()


def test_a_position_opened_later_does_not_pay_for_the_past(venue: Venue) -> None:
    quote(venue, MARK + 10, MARK + 30)
    tick(venue)
    venue.ok("cancel", 6, 1)
    venue.trade(4, 5, MARK, 7)
    world = World.of(venue.engine.entries())
    assert world.equity(5) == world.get(Account, 5).collateral

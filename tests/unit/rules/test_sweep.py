"""sweep and spare: what a taker would remove is removed, by whoever asks for it, and nothing else happens."""

from __future__ import annotations

import pytest

from kedge.rules import BOND, FUND, Account, Code
from kedge.rules.matching import AGED, EXPIRED, OVERSIZE, STALE, UNDERMARGINED, UNLISTED
from tests.unit.rules.venue import (
    BUY,
    FOK,
    IOC,
    MARK,
    OTHER_MARK,
    SELL,
    START,
    Event,
    Venue,
    dict_of,
    of_kind,
    order,
    terms,
)
from tests.unit.rules.world import World


@pytest.fixture
def venue() -> Venue:
    """Account 7 bears what it offers, behind everybody else."""
    venue = Venue().open()
    venue.order(7, SELL, MARK + 9, 50)
    return venue


def sweep(venue: Venue, size: int = 5, side: int = BUY, price: int = MARK + 9, market: int = 0) -> list[Event]:
    events = venue.ok("sweep", market, side, price, size)
    World.of(venue.engine.entries()).check()
    assert dict_of(events[0]) == {"market": market, "side": side, "price": price, "size": size}
    assert dict_of(events[-1]) == {"account": 0, "order": 0, "remaining": size}
    return events[1:-1]


def removed(events: list[Event]) -> list[tuple[int, int]]:
    assert {name for name, _ in events} <= {"removed"}
    return [(e["account"], e["reason"]) for e in of_kind(events, "removed")]


def test_it_ends_at_the_first_order_that_bears_its_fill(venue: Venue) -> None:
    venue.deposit(8, 50_000)
    for slot, account in enumerate((8, 2, 8)):
        venue.order(account, SELL, MARK + slot, 5, slot=slot)
    before = venue.get(Account, 2)
    assert removed(sweep(venue)) == [(8, UNDERMARGINED)]
    assert venue.book(SELL) == [(2, MARK + 1, 5), (8, MARK + 2, 5), (7, MARK + 9, 50)]
    assert venue.get(Account, 2) == before


def test_the_size_decides_who_bears_as_a_takers_would(venue: Venue) -> None:
    venue.deposit(8, 50_000)
    venue.order(8, SELL, MARK, 5)
    assert removed(sweep(venue, size=4)) == []
    assert removed(sweep(venue, size=5)) == [(8, UNDERMARGINED)]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_limit_holds_on_both_sides(side: int) -> None:
    venue = Venue().open()
    away = 1 if side == BUY else -1
    for slot in range(4):
        venue.order(2, 1 - side, MARK + away * slot, 5, slot=slot)
    venue.ok("cancel_all", 2)
    assert removed(sweep(venue, side=side, price=MARK + away)) == [(2, STALE)] * 2
    assert len(venue.book(1 - side)) == 2
    assert removed(sweep(venue, side=1 - side, price=MARK)) == []


def test_an_order_whose_fill_is_free_is_spared_unassessed(venue: Venue) -> None:
    """Account 3 is in debt; its offer only reduces, at a gain."""
    venue.trade(2, 3, MARK, 700_000)
    venue.mark(580_000)
    venue.order(3, SELL, 580_000 * 10_003 // 10_000, 100)
    assert World.of(venue.engine.entries()).equity(3) < 0
    assert removed(sweep(venue, size=100)) == []


def test_dead_orders_leave_and_their_bonds_go_where_an_eviction_takes_them(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5, expiry=START + 10)
    venue.order(3, SELL, MARK, 5)
    venue.ok("cancel_all", 3)
    venue.order(4, SELL, MARK, 5)
    venue.ok("unlist", 4, 0, 0)
    venue.pass_time(11)
    assert removed(sweep(venue)) == [(2, EXPIRED), (3, STALE), (4, UNLISTED)]
    assert venue.get(Account, FUND).collateral == 3 * BOND


def test_an_order_that_would_grow_too_large_leaves() -> None:
    venue = Venue().open()
    venue.ok("open_market", 2, MARK, *terms(largest=50))
    venue.order(2, SELL, MARK, 10, market=2)
    venue.trade(2, 3, MARK - 1, 41, market=2)
    assert removed(sweep(venue, size=9, market=2)) == []
    assert removed(sweep(venue, size=10, market=2)) == [(2, OVERSIZE)]


def test_who_cannot_be_valued_leaves_and_keeps_the_bond(venue: Venue) -> None:
    venue.trade(4, 3, OTHER_MARK, 1, market=1)
    venue.order(3, SELL, MARK, 5)
    before = venue.get(Account, 3).collateral
    venue.ok("window_update", START + 60_001, START)
    for market in (0, 1):
        venue.ok("margin_update", market)
    venue.ok("oracle_price", 0, MARK)
    assert removed(sweep(venue)) == [(3, AGED)]
    assert venue.get(Account, 3).collateral == before + BOND


def test_nobodys_own_order_is_met(venue: Venue) -> None:
    """A sweep is no account's, so that none can clear its own side with its bonds kept."""
    assert removed(sweep(venue)) == []
    assert len(venue.book(SELL)) == 1


def test_what_a_refused_taker_left_standing_goes() -> None:
    """Fill-or-kill against a wall is refused and undone; the sweep of the same size takes the wall, and its bonds."""
    venue = Venue().open()
    venue.deposit(8, 50 * BOND + 1)
    for slot in range(50):
        venue.order(8, SELL, MARK, 100, slot=slot)
    wanted = order(3, BUY, MARK, 101, FOK)
    for _ in range(2):
        assert venue.code("place", *wanted) == Code.NOT_FILLED
        assert len(venue.book(SELL)) == 50
    assert removed(sweep(venue, size=101)) == [(8, UNDERMARGINED)] * 50
    assert venue.book(SELL) == []
    assert venue.get(Account, FUND).collateral == 50 * BOND
    assert venue.get(Account, 8).collateral == 1
    assert venue.submit("place", *wanted)[2] < 10


def test_a_wall_longer_than_an_order_may_be_takes_several() -> None:
    venue = Venue(oracle=False).open()
    for account in (2, 3, 4, 5):
        venue.engine.submit_many([("place", order(account, SELL, MARK, 1, slot=slot)) for slot in range(1_024)])
        venue.ok("cancel_all", account)
    assert len(removed(sweep(venue))) == 3_799
    assert len(removed(sweep(venue))) == 297
    assert venue.get(Account, FUND).collateral == 4_096 * BOND


def test_an_empty_book_is_swept(venue: Venue) -> None:
    assert removed(sweep(venue, side=SELL, price=MARK)) == []
    assert removed(sweep(venue, side=SELL, price=OTHER_MARK, market=1)) == []


def test_it_takes_what_a_taker_would_take_first(venue: Venue) -> None:
    """A sweep and the same order agree, order by order."""
    venue.deposit(8, 50_000)
    venue.order(8, SELL, MARK, 5)
    venue.order(2, SELL, MARK, 5, expiry=START + 10)
    venue.order(8, SELL, MARK + 1, 4, slot=1)
    venue.pass_time(11)
    other = Venue(oracle=False)
    for step, args in venue.log:
        other.ok(step, *args)
    swept = removed(sweep(venue, size=5))
    events = other.order(6, BUY, MARK + 9, 5, IOC)
    assert swept == [(e["account"], e["reason"]) for e in of_kind(events, "removed")]
    assert len(swept) == 3

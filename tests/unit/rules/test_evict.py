"""offer, assess and evict: whose resting orders leave the book, why, and that the taker goes on."""

from __future__ import annotations

import pytest

from kedge import _native
from kedge.rules import Order, Position
from kedge.rules.matching import AGED, EXPIRED, OVERSIZE, SELF_TRADE, STALE, UNDERMARGINED, UNLISTED
from tests.unit.rules.venue import BUY, IOC, MARK, OTHER_MARK, SELL, START, Venue, native_program, of_kind, order, terms
from tests.unit.rules.world import World

BIG = 700_000


@pytest.fixture
def venue() -> Venue:
    """Account 7 quotes behind everybody else, so that a taker always finds somebody to go on with."""
    venue = Venue().open()
    venue.order(7, SELL, MARK + 9, 50)
    return venue


def take(venue: Venue, account: int = 6, size: int = 5) -> tuple[list[tuple[int, int]], list[int]]:
    """Buy: (account, reason) of what was removed, and who sold."""
    events = venue.order(account, BUY, MARK + 9, size, IOC)
    World.of(venue.engine.entries()).check()
    removed = [(e["account"], e["reason"]) for e in of_kind(events, "removed")]
    return removed, [e["maker"] for e in of_kind(events, "fill")]


def test_a_healthy_maker_is_filled(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    assert take(venue) == ([], [2])


def test_an_expired_order_leaves(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5, expiry=START + 10)
    venue.pass_time(11)
    assert take(venue) == ([(2, EXPIRED)], [7])


def test_a_stale_order_leaves(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.ok("cancel_all", 2)
    venue.order(2, SELL, MARK + 1, 5, slot=1)
    assert take(venue) == ([(2, STALE)], [2])


def test_the_own_order_leaves(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    assert take(venue, account=2) == ([(2, SELF_TRADE)], [7])
    assert venue.get(Order, 2).remaining == 0


def test_an_order_without_a_listed_position_leaves(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.ok("unlist", 2, 0, 0)
    assert take(venue) == ([(2, UNLISTED)], [7])


def test_a_maker_who_cannot_bear_the_fill_leaves(venue: Venue) -> None:
    venue.deposit(8, 50_000)
    venue.order(8, SELL, MARK, 5)
    assert take(venue) == ([(8, UNDERMARGINED)], [7])


def test_what_the_taker_wants_decides_whether_the_maker_can_bear_it(venue: Venue) -> None:
    venue.deposit(8, 50_000)
    venue.order(8, SELL, MARK, 5)
    assert take(venue, size=1) == ([], [8])
    assert take(venue, size=4) == ([(8, UNDERMARGINED)], [7])


def test_positions_in_other_markets_count(venue: Venue) -> None:
    venue.deposit(8, 50_000)
    venue.order(8, SELL, MARK, 2)
    venue.trade(7, 8, 30_000, 60, market=1)
    assert take(venue, size=2) == ([(8, UNDERMARGINED)], [7])


def test_a_maker_that_reduces_without_a_loss_is_filled_whatever_its_margin(venue: Venue) -> None:
    venue.trade(2, 3, MARK, BIG)
    venue.mark(580_000)
    assert World.of(venue.engine.entries()).equity(3) < 0
    price = 580_000 + 580_000 * 3 // 10_000
    venue.order(3, SELL, price, 100)
    assert take(venue, size=100) == ([], [3])


@pytest.mark.parametrize(("mark", "filled"), [(592_000, True), (591_000, False)])
def test_a_maker_that_reduces_at_the_mark_pays_its_fee_from_half_of_its_margin(
    venue: Venue, mark: int, filled: bool
) -> None:
    venue.trade(2, 3, MARK, BIG)
    venue.mark(mark)
    world = World.of(venue.engine.entries())
    assert (world.equity(3) * 2 > world.required(3)) == filled
    venue.order(3, SELL, mark, 100)
    assert take(venue) == (([], [3]) if filled else ([(3, UNDERMARGINED)], [7]))


def test_a_maker_that_gives_its_position_away_is_assessed(venue: Venue) -> None:
    venue.trade(2, 3, MARK, BIG)
    venue.mark(593_000)
    venue.order(3, SELL, 580_000, 100)
    assert take(venue) == ([(3, UNDERMARGINED)], [7])


@pytest.mark.parametrize("side", [SELL, BUY])
@pytest.mark.parametrize("largest", [50, 2**30 - 1])
@pytest.mark.parametrize("room", [10, 9])
def test_a_maker_whose_position_would_grow_too_large_does_not_stop_the_taker(
    venue: Venue, side: int, largest: int, room: int
) -> None:
    """An order fits when it comes; met later it is filled up to the market's largest position, else leaves the book."""
    venue.ok("open_market", 2, 3, *terms(largest=largest))
    away = 1 if side == SELL else -1
    venue.order(2, side, 3 + away, 10, market=2)
    venue.trade(*((2, 3) if side == SELL else (3, 2)), 3, largest - room, market=2)
    venue.order(7, side, 3 + away, 10, market=2, slot=1)
    events = venue.order(6, 1 - side, 3 + away, 10, IOC, market=2)
    fits = room == 10
    assert [(e["account"], e["reason"]) for e in of_kind(events, "removed")] == ([] if fits else [(2, OVERSIZE)])
    assert [e["maker"] for e in of_kind(events, "fill")] == [2 if fits else 7]
    assert abs(venue.get(Position, 2, 2).size) == (largest if fits else largest - room)


def test_several_leave_before_one_is_filled(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.order(3, SELL, MARK, 5, expiry=START)
    venue.ok("cancel_all", 2)
    venue.order(6, SELL, MARK, 5)
    venue.order(4, SELL, MARK, 3)
    venue.pass_time(1)
    assert take(venue) == ([(2, STALE), (3, EXPIRED), (6, SELF_TRADE)], [4, 7])


def test_a_book_of_dead_orders_stops_nobody() -> None:
    """An order ends after 3,800 steps with its evictions done, so the next one gets through to who is alive."""
    venue = Venue(oracle=False).open()
    for account in (2, 3, 4, 5):
        venue.engine.submit_many([("place", order(account, SELL, MARK, 1, slot=slot)) for slot in range(1024)])
        venue.ok("cancel_all", account)
    venue.order(7, SELL, MARK + 9, 50)
    removed, makers = take(venue)
    assert (len(removed), makers) == (3_799, [])
    sealed, program = venue.seal(), native_program()
    rows = _native.traces(program, sealed.witness)
    assert _native.check(program, rows, sealed.old_root, sealed.new_root) == []
    removed, makers = take(venue)
    assert (len(removed), makers) == (297, [7])


def test_a_maker_that_cannot_be_valued_does_not_stop_the_taker(venue: Venue) -> None:
    """Account 3 holds something in a market whose mark nobody has set for more than a minute."""
    venue.trade(4, 3, OTHER_MARK, 1, market=1)
    venue.order(3, SELL, MARK, 5)
    venue.ok("window_update", START + 60_001, START)
    for market in (0, 1):
        venue.ok("margin_update", market)
    venue.ok("oracle_price", 0, MARK)
    assert take(venue) == ([(3, AGED)], [7])

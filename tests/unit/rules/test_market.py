"""open_market, announce, parameter_update, oracle_price, and the bounds that a market sets."""

from __future__ import annotations

import pytest

from kedge.rules import ANNOUNCED, Book, Code, Market, Parameters, Position, Terms
from tests.unit.rules.case import MALFORMED
from tests.unit.rules.venue import BUY, HOUR, IOC, MARK, NAMES, SELL, START, TERMS, Venue, order, terms
from tests.unit.rules.world import World


def test_a_new_market_has_an_empty_book_and_its_floor_as_rate() -> None:
    venue = Venue().open()
    market, book = venue.get(Market, 0, 1), venue.get(Book, 0, 1)
    assert vars(market) == {
        "mark": 30_000,
        "marked": START,
        "funding": 0,
        "rate": 20_000,
        "kept": 20_000,
        "cuts": 0,
        "updated": START,
        "slope": 100,
    }
    assert in_force(venue, 1) == (list(TERMS), 0)
    assert vars(book) == dict.fromkeys(Book.fields, 0) | {"ask_price": 2**28, "funded": START}


def in_force(venue: Venue, slot: int) -> tuple[list[int], int]:
    """The terms in a slot in their order, and when they take effect."""
    found = vars(venue.get(Terms, 0, slot)) | vars(venue.get(Parameters, 0, slot))
    return [found[name] for name in NAMES], found["effective"]


NEW = [9, 1, 2, 3, 4, 5, 6, 7, 90_000, 8, 9, 10, 11, 12]


def test_parameters_are_announced_an_hour_ahead() -> None:
    venue = Venue().open()
    assert venue.ok("announce", 0, *NEW) == [("announced", [0, START + HOUR])]
    assert in_force(venue, 0) == (list(TERMS), 0)
    assert in_force(venue, ANNOUNCED) == (NEW, START + HOUR), "whoever reads the state sees what is coming"
    venue.ok("window_update", START + HOUR - 1, START)
    assert venue.code("parameter_update", 0) == Code.NOTICE_RUNNING
    venue.ok("window_update", START + HOUR, START)
    rate = venue.get(Market, 0).rate
    assert venue.ok("parameter_update", 0) == [("changed", [0])]
    assert in_force(venue, 0) == (NEW, 0)
    market = venue.get(Market, 0)
    assert (market.rate, market.kept, market.slope) == (rate, rate, 100), "margin moves along its ramp alone"
    assert venue.code("parameter_update", 0) == Code.NOT_ANNOUNCED, "they take effect once"
    assert in_force(venue, 1) == (list(TERMS), 0)


def test_a_second_announcement_takes_the_place_of_the_first_and_its_hour_begins_anew() -> None:
    venue = Venue().open()
    venue.ok("announce", 0, *terms(taker_fee=5_000))
    venue.ok("window_update", START + HOUR, START)
    venue.ok("announce", 0, *NEW)
    assert venue.code("parameter_update", 0) == Code.NOTICE_RUNNING
    venue.ok("window_update", START + 2 * HOUR, START)
    venue.ok("parameter_update", 0)
    assert in_force(venue, 0)[0] == NEW


@pytest.mark.parametrize(
    ("name", "bound"), [("maker_fee", 5_000), ("taker_fee", 5_000), ("penalty", 20_000), ("tolerance", 20_000)]
)
def test_what_a_market_may_charge_is_capped(name: str, bound: int) -> None:
    venue = Venue().open()
    venue.ok("announce", 0, *terms(**{name: bound}))
    assert venue.code("announce", 0, *terms(**{name: bound + 1})) == MALFORMED
    assert venue.code("open_market", 2, MARK, *terms(**{name: bound + 1})) == MALFORMED


def test_no_announcement_liquidates_at_once() -> None:
    """An account at four times its margin: a higher add-on comes an hour later, and by a unit a second."""
    venue = Venue().open()
    venue.trade(2, 3, MARK, 100_000)
    world = World.of(venue.engine.entries())
    assert world.equity(3) > 3 * world.required(3)
    venue.change_terms(0, slope=1_023)
    assert venue.get(Market, 0).slope == 100
    assert venue.code("liquidate", 3, 0, 4, 1) == Code.NOT_LIQUIDATABLE
    slopes = [venue.get(Market, 0).slope for _ in range(5) if venue.pass_time(10_000)]
    assert slopes == [110, 120, 130, 140, 150]


def test_open_interest_counts_both_sides() -> None:
    venue = Venue().open()
    for seller, buyer, lots, interest in ((2, 3, 10, 20), (3, 2, 4, 12), (4, 2, 6, 12), (4, 5, 5, 22), (3, 4, 20, 28)):
        venue.trade(seller, buyer, MARK, lots)
        assert venue.get(Book, 0).interest == interest
        assert interest == sum(abs(venue.get(Position, account).size) for account in range(2, 8))


def test_at_the_caps_positions_can_only_shrink() -> None:
    venue = Venue().open()
    venue.ok("open_market", 2, MARK, *terms(largest=10, cap=12))
    venue.trade(2, 3, MARK, 10, market=2)
    assert venue.code("place", *order(3, BUY, MARK, 1, market=2)) == Code.ABOVE_LARGEST
    assert venue.code("place", *order(3, SELL, MARK, 21, market=2)) == Code.ABOVE_LARGEST
    venue.trade(4, 5, MARK, 3, market=2)
    assert venue.get(Book, 0, 2).interest == 26, "an order may pass the cap, none may come after it"
    assert venue.code("place", *order(3, SELL, MARK, 1, market=2)) == Code.INTEREST_FULL
    assert venue.code("place", *order(3, SELL, MARK, 1, IOC, market=2, reduce_only=1)) == 0


@pytest.mark.parametrize("side", [BUY, SELL])
def test_the_band_bounds_the_side_that_takes(side: int) -> None:
    venue = Venue().open()
    venue.ok("open_market", 2, MARK, *terms(band=50_000))
    sign = 1 if side == BUY else -1
    edge = MARK + sign * MARK // 20
    venue.order(3, side, edge, 1, IOC, market=2)
    assert venue.code("place", *order(3, side, edge + sign, 1, IOC, market=2)) == Code.OUTSIDE_BAND
    venue.order(3, side, MARK - sign * MARK // 2, 1, market=2)


@pytest.mark.parametrize("mark", [MARK, MARK + MARK // 5, MARK - MARK // 5])
def test_the_mark_moves_by_up_to_a_fifth(mark: int) -> None:
    venue = Venue().open()
    assert venue.ok("oracle_price", 0, mark) == [("marked", [0, mark])]


@pytest.mark.parametrize("mark", range(1, 8))
def test_a_low_mark_can_always_move_by_a_tick(mark: int) -> None:
    venue = Venue()
    venue.ok("open_market", 0, mark, *TERMS)
    venue.ok("oracle_price", 0, mark + 1)
    venue.ok("oracle_price", 0, mark)
    reach = -(-mark // 5)
    assert venue.code("oracle_price", 0, mark + reach + 1) == Code.PRICE_JUMP

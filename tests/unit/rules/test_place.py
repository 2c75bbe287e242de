"""place, fill, rest and finish: who trades with whom, at what price, and what remains."""

from __future__ import annotations

import pytest

from kedge.rules import FUND, Account, Order, Position
from tests.unit.rules.venue import (
    BUY,
    FOK,
    GTC,
    IOC,
    MARK,
    POST_ONLY,
    SELL,
    START,
    TEN_THOUSAND,
    TERMS,
    Venue,
    of_kind,
    order,
    terms,
)
from tests.unit.rules.world import World

FAR = 2 * MARK
"""As far as the band of these markets lets a bid reach."""


@pytest.fixture
def venue() -> Venue:
    return Venue().open()


def fills(events: list[tuple[str, list[int]]]) -> list[tuple[int, int, int]]:
    """(maker, price, size) of each fill, in order."""
    return [(f["maker"], f["price"], f["size"]) for f in of_kind(events, "fill")]


@pytest.mark.parametrize(("side", "step"), [(SELL, 1), (BUY, -1)])
def test_better_prices_first_then_earlier_orders(venue: Venue, side: int, step: int) -> None:
    away = [2, 1, 2, 3, 1]
    for slot, (account, distance) in enumerate(zip((2, 3, 4, 5, 6), away, strict=True)):
        venue.order(account, side, MARK + step * distance, 10, slot=slot)
    assert venue.book(side) == [(a, MARK + step * d, 10) for a, d in ((3, 1), (6, 1), (2, 2), (4, 2), (5, 3))]
    events = venue.order(7, 1 - side, FAR if side else 1, 45, IOC)
    assert fills(events) == [
        (a, MARK + step * d, n) for a, d, n in ((3, 1, 10), (6, 1, 10), (2, 2, 10), (4, 2, 10), (5, 3, 5))
    ]
    assert venue.book(side) == [(5, MARK + 3 * step, 5)]
    World.of(venue.engine.entries()).check()


def test_a_partial_fill_keeps_its_place(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 10)
    venue.order(3, SELL, MARK, 10)
    venue.order(4, BUY, MARK, 4, IOC)
    assert fills(venue.order(4, BUY, MARK, 8, IOC)) == [(2, MARK, 6), (3, MARK, 2)]


def test_the_limit_holds_and_the_rest_rests(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 10)
    venue.order(2, SELL, MARK + 2, 10, slot=1)
    events = venue.order(3, BUY, MARK + 1, 25, GTC)
    assert fills(events) == [(2, MARK, 10)]
    assert of_kind(events, "rested")[0]["remaining"] == 15
    assert venue.book(BUY) == [(3, MARK + 1, 15)]


def test_both_sides_settle_at_the_maker_price_and_fees_go_to_the_fund(venue: Venue) -> None:
    venue.order(2, SELL, MARK - 7, 3)
    (fill,) = of_kind(venue.order(3, BUY, MARK, 3, IOC), "fill")
    notional = 3 * (MARK - 7)
    fees = (-(-notional * 200 // 10**6), -(-notional * 500 // 10**6))
    assert (fill["maker_fee"], fill["taker_fee"]) == fees
    seller, buyer = venue.get(Position, 2), venue.get(Position, 3)
    assert (seller.size, seller.cost, buyer.size, buyer.cost) == (-3, -notional, 3, notional)
    assert venue.get(Account, 2).collateral == TEN_THOUSAND - fees[0]
    assert venue.get(Account, 3).collateral == TEN_THOUSAND - fees[1]
    assert venue.get(Account, FUND).collateral == sum(fees)


def test_a_position_that_ends_flat_is_realised(venue: Venue) -> None:
    venue.trade(2, 3, MARK, 10)
    before = venue.get(Account, 3).collateral
    venue.order(4, BUY, MARK + 5, 10)
    (fill,) = of_kind(venue.order(3, SELL, MARK + 5, 10, IOC), "fill")
    position = venue.get(Position, 3)
    assert (position.size, position.cost, position.listed) == (0, 0, 1)
    assert venue.get(Account, 3).collateral == before + 50 - fill["taker_fee"]


def test_immediate_or_cancel_never_rests(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    events = venue.order(3, BUY, MARK, 9, IOC)
    assert of_kind(events, "done")[0]["remaining"] == 4
    assert venue.book(BUY) == []


def test_fill_or_kill_fills_whole_or_changes_nothing(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    assert fills(venue.order(3, BUY, MARK, 5, FOK)) == [(2, MARK, 5)]
    assert venue.book(SELL) == []


def test_post_only_rests_behind_the_spread(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.order(3, BUY, MARK - 1, 5, POST_ONLY)
    assert venue.book(BUY) == [(3, MARK - 1, 5)]


def test_post_only_passes_a_dead_order(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.ok("cancel_all", 2)
    events = venue.order(3, BUY, MARK, 5, POST_ONLY)
    assert [name for name, _ in events] == ["placed", "removed", "rested"]


def test_an_order_may_expire_now_but_not_before(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5, expiry=START)
    assert fills(venue.order(3, BUY, MARK, 1, IOC)) == [(2, MARK, 1)]


def test_reduce_only_is_cut_to_the_position(venue: Venue) -> None:
    venue.trade(2, 3, MARK, 5)
    venue.order(4, BUY, MARK, 9)
    assert fills(venue.order(3, SELL, MARK, 9, IOC, reduce_only=1)) == [(4, MARK, 5)]
    assert venue.get(Position, 3).size == 0


def test_reduce_only_needs_no_collateral(venue: Venue) -> None:
    """Part of a gain is realised only when the position is flat: until then fees may eat all of the collateral."""
    venue.ok("open_market", 2, MARK, *terms(taker_fee=5_000))
    venue.deposit(8, 15_100)
    venue.trade(2, 8, MARK, 1, market=2)
    venue.mark(2 * MARK, market=2)
    for _ in range(3):
        venue.trade(2, 8, 2 * MARK, 1, market=2)
    assert venue.get(Account, 8).collateral <= 0
    assert venue.code("place", *order(8, SELL, 2 * MARK, 1, IOC, market=2)) == 21
    venue.order(4, BUY, 2 * MARK, 4, market=2)
    assert fills(venue.order(8, SELL, 2 * MARK, 4, IOC, reduce_only=1, market=2)) == [(4, 2 * MARK, 4)]
    assert venue.get(Account, 8).collateral > 300_000


def test_a_taker_that_only_reduces_near_the_mark_needs_half_of_its_margin(venue: Venue) -> None:
    venue.trade(2, 3, MARK, 700_000)
    venue.mark(593_000)
    world = World.of(venue.engine.entries())
    assert world.equity(3) < world.required(3)
    venue.order(4, BUY, 593_000, 100_000)
    assert fills(venue.order(3, SELL, 593_000, 100_000, IOC)) == [(4, 593_000, 100_000)]


TAKER_FEE = TERMS[2]


def test_a_reduction_without_a_loss_needs_no_margin_at_all(venue: Venue) -> None:
    """The fee counts: 500 ppm, so the bid must be that much above the mark."""
    venue.trade(2, 3, MARK, 700_000)
    venue.mark(582_000)
    world = World.of(venue.engine.entries())
    assert world.equity(3) < 0
    enough = -(-582_000 * 1_000_000 // (1_000_000 - TAKER_FEE))
    venue.order(4, BUY, enough - 1, 1)
    assert venue.code("place", *order(3, SELL, 1, 1, IOC)) == 28
    venue.order(4, BUY, enough, 1, slot=1)
    assert fills(venue.order(3, SELL, enough, 1, IOC)) == [(4, enough, 1)]


@pytest.mark.parametrize(("rate", "band"), [(20_000, 8_000), (100_000, 10_000)])
def test_how_much_a_reduction_may_lose_below_initial_margin(rate: int, band: int) -> None:
    """Two fifths of the rate, the fee included, but never more than 1 % of the mark: the window does not widen it."""
    venue = Venue().open()
    venue.ok("open_market", 2, MARK, *terms(floor=rate))
    lots = 10**10 * 10**6 // (MARK * rate) * 9 // 10
    venue.trade(2, 3, MARK, lots, market=2)
    mark = MARK - MARK * rate // 4_000_000
    venue.mark(mark, market=2)
    world = World.of(venue.engine.entries())
    assert world.required(3) / 2 < world.equity(3) < world.required(3)
    lowest = -(-mark * (1_000_000 - band) // (1_000_000 - TAKER_FEE))
    venue.order(4, BUY, lowest - 1, 1, market=2)
    assert venue.code("place", *order(3, SELL, 1, 1, IOC, market=2)) == 28
    venue.order(4, BUY, lowest, 1, slot=1, market=2)
    assert fills(venue.order(3, SELL, lowest, 1, IOC, market=2)) == [(4, lowest, 1)]


def test_below_half_of_initial_margin_no_reduction_may_lose(venue: Venue) -> None:
    venue.trade(2, 3, MARK, 700_000)
    for mark, code in ((592_000, 0), (591_000, 28)):
        venue.mark(mark)
        world = World.of(venue.engine.entries())
        assert (world.equity(3) * 2 > world.required(3)) == (code == 0)
        venue.order(4, BUY, mark, 1)
        assert venue.code("place", *order(3, SELL, mark, 1, IOC)) == code


def test_one_fill_that_takes_risk_wants_initial_margin_for_all(venue: Venue) -> None:
    """The first fill reduces at the mark, the second far below it: the order is refused with both."""
    venue.trade(2, 3, MARK, 700_000)
    venue.mark(593_000)
    venue.order(4, BUY, 593_000, 10)
    venue.order(5, BUY, 580_000, 10)
    assert venue.code("place", *order(3, SELL, 580_000, 20, IOC)) == 28
    assert fills(venue.order(3, SELL, 593_000, 10, IOC)) == [(4, 593_000, 10)]


def test_turning_a_position_around_is_assessed(venue: Venue) -> None:
    venue.trade(2, 3, MARK, 700_000)
    venue.mark(593_000)
    for account in (4, 5):
        venue.order(account, BUY, 593_000, 700_000)
    assert venue.code("place", *order(3, SELL, 593_000, 1_400_000, IOC)) == 28
    venue.order(3, SELL, 593_000, 700_000, IOC)
    assert venue.get(Position, 3).size == 0


def test_slot_is_free_again_after_the_fill(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.order(3, BUY, MARK, 5, IOC)
    assert venue.get(Order, 2).remaining == 0
    venue.order(2, SELL, MARK + 1, 5)
    assert venue.book(SELL) == [(2, MARK + 1, 5)]


def test_extreme_limits_cross_no_empty_side(venue: Venue) -> None:
    highest = 2**28 - 1
    venue.ok("open_market", 2, 2**27, *TERMS)
    assert [n for n, _ in venue.order(2, BUY, highest, 1, IOC, market=2)] == ["placed", "done"]
    assert [n for n, _ in venue.order(2, SELL, 1, 1, IOC, market=2)] == ["placed", "done"]
    venue.order(2, BUY, 1, 1, market=2)
    venue.order(3, SELL, highest, 1, market=2)
    assert (venue.book(BUY, 2), venue.book(SELL, 2)) == ([(2, 1, 1)], [(3, highest, 1)])

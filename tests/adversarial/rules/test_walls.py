"""Walls of orders that cannot be filled: each taker that they stop costs whoever built them four coins."""

from __future__ import annotations

from kedge.rules import BOND, FUND, Account, Position
from tests.unit.rules.venue import BUY, FOK, GTC, IOC, MARK, POST_ONLY, SELL, TERMS, Venue, of_kind, order
from tests.unit.rules.world import World

WALL, MAKER, USER = 2, 3, 4
BID = MARK - 1
COINS = 10**6


def eight_markets() -> Venue:
    """The user is long and wants to get out; there is real liquidity, one tick behind the mark."""
    venue = Venue(oracle=False)
    venue.open_markets()
    for market in range(2, 8):
        venue.ok("open_market", market, MARK, *TERMS)
    venue.deposit(MAKER, 10**6 * COINS)
    venue.deposit(USER, 10**4 * COINS)
    venue.trade(MAKER, USER, MARK, 100_000)
    venue.order(MAKER, BUY, BID, 1_000_000, slot=1)
    return venue


def list_positions(venue: Venue, account: int) -> None:
    """One in each market, so that assessing the account takes as long as it can."""
    for market in range(1, 8):
        venue.submit("place", *order(account, SELL, 2 * MARK, 1, IOC, market=market))


def build(venue: Venue, account: int, slots: int) -> int:
    """Bids that cannot be filled, in every free slot: how many stand."""
    for slot in range(slots):
        venue.submit("place", *order(account, BUY, MARK, 2**30 - 1, POST_ONLY, slot=slot))
    return int(venue.get(Account, account).resting)


def test_one_quote_builds_no_wall() -> None:
    venue = eight_markets()
    venue.deposit(WALL, 1)
    list_positions(venue, WALL)
    assert build(venue, WALL, 100) == 0
    events = venue.order(USER, SELL, 1, 100_000, GTC)
    assert [fill["size"] for fill in of_kind(events, "fill")] == [100_000]


def test_each_taker_that_a_wall_stops_costs_it_four_coins() -> None:
    """400 bids a taker, each assessed over eight positions; the fund has all of them, and the wall is used up."""
    venue = eight_markets()
    venue.deposit(WALL, 10 * COINS)
    list_positions(venue, WALL)
    assert build(venue, WALL, 1_000) == 1_000
    assert venue.code("withdraw", WALL, 1) != 0
    fund, stopped = venue.get(Account, FUND).collateral, 0
    while venue.get(Position, USER).size:
        events = venue.order(USER, SELL, 1, 100_000, IOC, reduce_only=1)
        stopped += not of_kind(events, "fill")
    assert stopped == 2
    fees = -(-100_000 * BID * TERMS[1] // 10**6) - (-100_000 * BID * TERMS[2] // 10**6)
    assert venue.get(Account, FUND).collateral - fund == 1_000 * BOND + fees
    assert World.of(venue.engine.entries()).equity(WALL) == 0


def test_a_sweep_takes_the_wall_that_refused_takers_leave() -> None:
    """Fill-or-kill against one's own wall was undone whole, each time at 3,800 steps; three sweeps, and it is gone."""
    venue = eight_markets()
    venue.deposit(WALL, 10 * COINS)
    list_positions(venue, WALL)
    build(venue, WALL, 1_000)
    friend = order(USER, SELL, 1, 100_000, FOK)
    for _ in range(2):
        assert venue.code("place", *friend) != 0
        assert venue.get(Account, WALL).resting == 1_000
    for left in (620, 240, 0):
        events = venue.ok("sweep", 0, SELL, 1, 100_000)
        assert of_kind(events, "fill") == []
        assert venue.get(Account, WALL).resting == left
    assert World.of(venue.engine.entries()).equity(WALL) == 0
    assert [fill["size"] for fill in of_kind(venue.ok("place", *friend), "fill")] == [100_000]


def test_an_honest_maker_pays_nothing_for_a_thousand_orders() -> None:
    venue = eight_markets()
    before = World.of(venue.engine.entries()).equity(MAKER)
    for slot in range(1_000):
        venue.order(MAKER, BUY, BID - 1 - slot, 10, slot=2 + slot)
    venue.ok("sweep", 0, SELL, 1, 100_000)
    assert venue.get(Account, MAKER).resting == 1_001
    assert World.of(venue.engine.entries()).equity(MAKER) == before
    for slot in range(1_000):
        venue.ok("cancel", MAKER, 2 + slot)
    assert World.of(venue.engine.entries()).equity(MAKER) == before

"""liquidate, takeover, cover and absorb: who pays, in which order."""

from __future__ import annotations

import pytest

from kedge.rules import FUND, Account, Code, Position
from kedge.rules.matching import STALE
from tests.unit.rules.case import MALFORMED
from tests.unit.rules.venue import BUY, IOC, MARK, SELL, Venue, of_kind, terms
from tests.unit.rules.world import World

BIG = 700_000
ABOVE_CLOSE_OUT, BELOW_CLOSE_OUT, BANKRUPT = 593_000, 590_000, 580_000


@pytest.fixture
def venue() -> Venue:
    """Account 3 is long 700,000 lots, account 2 short as many."""
    venue = Venue().open()
    venue.trade(2, 3, MARK, BIG)
    return venue


def test_the_marks_of_these_tests_are_what_they_are_called(venue: Venue) -> None:
    for mark, low, high in ((ABOVE_CLOSE_OUT, 2 / 5, 3 / 5), (BELOW_CLOSE_OUT, 0, 2 / 5), (BANKRUPT, -9, 0)):
        venue.mark(mark)
        world = World.of(venue.engine.entries())
        assert low <= world.equity(3) / world.required(3) < high


def test_half_first_at_a_discount_of_a_fifth_of_the_rate(venue: Venue) -> None:
    venue.mark(ABOVE_CLOSE_OUT)
    equity = World.of(venue.engine.entries()).equity(3)
    events = venue.ok("liquidate", 3, 0, 4, BIG // 2)
    price = ABOVE_CLOSE_OUT - ABOVE_CLOSE_OUT * 20_000 // 5 // 1_000_000
    assert of_kind(events, "liquidated") == [
        {"account": 3, "liquidator": 4, "market": 0, "size": BIG // 2, "price": price}
    ]
    world = World.of(venue.engine.entries())
    world.check()
    assert world.equity(3) == equity - BIG // 2 * (ABOVE_CLOSE_OUT - price)
    assert world.get(Position, 4).size == BIG // 2
    assert world.get(Position, 4).listed == 1
    assert world.equity(3) * 5 >= world.required(3) * 3, "half was enough"
    assert venue.code("liquidate", 3, 0, 4, 1) == Code.NOT_LIQUIDATABLE


def test_a_short_is_taken_over_above_the_mark(venue: Venue) -> None:
    venue.mark(607_000)
    (event,) = of_kind(venue.ok("liquidate", 2, 0, 4, BIG // 2), "liquidated")
    assert event["price"] == 607_000 + 607_000 * 20_000 // 5 // 1_000_000
    assert event["size"] == -BIG // 2
    World.of(venue.engine.entries()).check()


def test_a_single_lot_can_be_taken_over_whole() -> None:
    venue = Venue().open()
    venue.deposit(8, 13_000)
    venue.trade(2, 8, MARK, 1)
    venue.mark(594_300)
    venue.ok("liquidate", 8, 0, 4, 1)


def test_orders_of_a_liquidated_account_are_stale(venue: Venue) -> None:
    venue.order(3, SELL, MARK, 5)
    venue.mark(ABOVE_CLOSE_OUT)
    venue.ok("liquidate", 3, 0, 4, 1)
    (removed,) = of_kind(venue.order(5, BUY, MARK, 5, IOC), "removed")
    assert (removed["account"], removed["reason"]) == (3, STALE)


def test_below_close_out_all_may_go_at_once(venue: Venue) -> None:
    venue.mark(BELOW_CLOSE_OUT)
    venue.deposit(4, 10**10)
    venue.ok("liquidate", 3, 0, 4, BIG)
    assert venue.get(Position, 3).size == 0


def in_the_red(venue: Venue, lots: int) -> int:
    """Account 8 sells what it bought at a loss of three percent, when it had less than nothing; returns its debt."""
    venue.ok("open_market", 2, MARK, *terms(maker_fee=0, taker_fee=0))
    venue.deposit(8, 13_000 * lots)
    venue.trade(2, 8, MARK, lots, market=2)
    venue.mark(582_000, market=2)
    venue.order(8, SELL, 582_000, lots, market=2)
    venue.order(2, BUY, 582_000, lots, IOC, market=2)
    debt = -venue.get(Account, 8).collateral
    assert debt > 0 == venue.get(Position, 8, 2).size
    return int(debt)


def test_the_fund_pays_the_debt_of_who_has_no_positions(venue: Venue) -> None:
    fund = venue.get(Account, FUND).collateral
    debt = in_the_red(venue, 1)
    assert of_kind(venue.ok("cover", 8), "covered") == [{"account": 8, "amount": debt}]
    assert venue.get(Account, 8).collateral == 0
    assert venue.get(Account, FUND).collateral == fund - debt
    World.of(venue.engine.entries()).check()


def test_the_fund_pays_what_it_has_and_the_rest_when_it_has_it(venue: Venue) -> None:
    debt, fund = in_the_red(venue, 100_000), venue.get(Account, FUND).collateral
    assert of_kind(venue.ok("cover", 8), "covered") == [{"account": 8, "amount": fund}]
    assert venue.get(Account, FUND).collateral == 0
    assert venue.code("cover", 8) == Code.FUND_EXHAUSTED
    venue.trade(5, 6, MARK, 100_000)
    more = venue.get(Account, FUND).collateral
    assert of_kind(venue.ok("cover", 8), "covered") == [{"account": 8, "amount": more}]
    assert venue.get(Account, 8).collateral == fund + more - debt


def test_nobody_can_name_the_fund(venue: Venue) -> None:
    venue.mark(BELOW_CLOSE_OUT)
    assert venue.code("liquidate", 3, 0, FUND, BIG) == MALFORMED


def test_nobody_takes_over_from_who_has_less_than_nothing(venue: Venue) -> None:
    venue.mark(BANKRUPT)
    assert venue.code("liquidate", 3, 0, 4, BIG) == Code.BELOW_NOTHING
    venue.ok("deleverage", 3, 0)


def test_the_fund_cannot_be_drained_by_a_takeover_above_close_out(venue: Venue) -> None:
    """The discount is half of close-out margin: who has that much left has something left afterwards."""
    venue.mark(ABOVE_CLOSE_OUT)
    for _ in range(30):
        world = World.of(venue.engine.entries())
        if world.equity(3) * 5 >= world.required(3) * 3:
            break
        venue.ok("liquidate", 3, 0, 4, max(1, world.get(Position, 3).size // 4))
    assert World.of(venue.engine.entries()).equity(3) > 0


def test_the_liquidator_is_assessed_with_what_it_took(venue: Venue) -> None:
    venue.mark(BELOW_CLOSE_OUT)
    venue.trade(6, 4, BELOW_CLOSE_OUT, 600_000)
    assert venue.code("liquidate", 3, 0, 4, BIG // 2) == Code.UNDERMARGINED
    venue.ok("liquidate", 3, 0, 5, BIG // 2)


def test_equity_counts_every_market(venue: Venue) -> None:
    """A gain in another market keeps the account from liquidation."""
    venue.deposit(8, 10**10)
    venue.trade(8, 3, 30_000, 100_000, market=1)
    venue.mark(ABOVE_CLOSE_OUT)
    venue.mark(90_000, market=1)
    assert venue.code("liquidate", 3, 0, 4, 1) == Code.NOT_LIQUIDATABLE


def test_a_low_margin_rate_makes_the_discount_small() -> None:
    venue = Venue().open()
    venue.ok("open_market", 2, MARK, *terms(floor=1_000, maker_fee=0, taker_fee=0, slope=0))
    venue.deposit(8, 700)
    venue.trade(2, 8, MARK, 1, market=2)
    venue.mark(MARK - 350, market=2)
    (event,) = of_kind(venue.ok("liquidate", 8, 2, 4, 1), "liquidated")
    assert event["price"] == MARK - 350 - (MARK - 350) * 1_000 // 5_000_000

"""deleverage and adjust: whom a bankruptcy costs what, to the quote."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kedge._native import poseidon2
from kedge.machine import OracleEngine, address_of
from kedge.rules import EXCHANGE, FUND, Account, Book, Code, Cut, Market, Pool, Position, rules
from tests.unit.rules.current import FULL, current, remaining
from tests.unit.rules.venue import BUY, GTC, IOC, MARK, SELL, Venue, of_kind, order
from tests.unit.rules.world import World

BIG = 700_000
BANKRUPT, NEARLY = 580_000, 586_100


def world_of(venue: Venue) -> World:
    return World.of(venue.engine.entries())


def adjust_all(venue: Venue, market: int = 0) -> None:
    """Everybody, in the order of their numbers; the result is that of the specification."""
    expected = current(world_of(venue))
    for account, number in sorted(world_of(venue).records[Position]):
        while number == market and venue.get(Position, account, market).cuts != venue.get(Market, 0, market).cuts:
            venue.ok("adjust", account, market)
    world = world_of(venue)
    world.check()
    assert world.records[Position] == expected.records[Position]
    assert world.records[Account] == expected.records[Account]
    assert world.pool(market) == expected.pool(market)


@pytest.fixture
def venue() -> Venue:
    """Account 3 is long 700,000 lots, account 2 short 500,000 and account 4 200,000 of them; the fund has something."""
    venue = Venue().open()
    venue.trade(2, 3, MARK, 500_000)
    venue.trade(4, 3, MARK, 200_000)
    return venue


def fill_fund(venue: Venue, amount: int) -> None:
    """Bring the fund's collateral up by what large honest trades pay in fees."""
    for account in (20, 21):
        venue.deposit(account, 10**13)
    while venue.get(Account, FUND).collateral < amount:
        venue.trade(20, 21, MARK, 10**7)
        venue.trade(21, 20, MARK, 10**7)


def test_with_something_left_it_closes_at_the_mark_and_the_fund_pays_nothing(venue: Venue) -> None:
    venue.mark(NEARLY)
    before, fund = world_of(venue), venue.get(Account, FUND).collateral
    assert 0 < before.equity(3) * 20 < before.required(3)
    (event,) = of_kind(venue.ok("deleverage", 3, 0), "deleveraged")
    assert event == {"account": 3, "market": 0, "size": -BIG, "price": NEARLY, "paid": 0, "shared": 0}
    assert venue.get(Account, 3).collateral == before.equity(3)
    assert venue.get(Account, FUND).collateral == fund
    adjust_all(venue)
    after = world_of(venue)
    for account in (2, 4):
        assert after.get(Position, account).size == 0
        assert after.equity(account) == before.equity(account)
    assert (after.pool(0).size, after.pool(0).cost) == (0, 0)


def test_the_fund_pays_what_is_missing_and_the_others_close_at_the_mark(venue: Venue) -> None:
    fill_fund(venue, 10**10)
    venue.mark(BANKRUPT)
    before = world_of(venue)
    debt, fund = -before.equity(3), before.get(Account, FUND).collateral
    assert 0 < debt < fund
    (event,) = of_kind(venue.ok("deleverage", 3, 0), "deleveraged")
    assert (event["price"], event["paid"], event["shared"]) == (BANKRUPT, debt, 0)
    assert venue.get(Account, 3).collateral == 0
    assert venue.get(Account, FUND).collateral == fund - debt
    adjust_all(venue)
    for account in (2, 4):
        assert world_of(venue).equity(account) == before.equity(account)


@pytest.mark.parametrize("side", [BUY, SELL], ids=["long", "short"])
def test_what_the_fund_cannot_pay_the_other_side_does(side: int) -> None:
    """Pro rata to their lots, up to a tick a lot; whoever lost everything has exactly nothing, and so has the fund."""
    venue, way = Venue().open(), 1 if side == BUY else -1
    for other, lots in ((2, 500_000), (4, 200_000)):
        venue.trade(*((other, 3) if side == BUY else (3, other)), MARK, lots)
    mark = MARK - way * 20_000
    venue.mark(mark)
    before = world_of(venue)
    debt, fund = -before.equity(3), before.get(Account, FUND).collateral
    assert debt > fund > 0
    (event,) = of_kind(venue.ok("deleverage", 3, 0), "deleveraged")
    shift = -(-(debt - fund) // BIG)
    assert event == {
        "account": 3,
        "market": 0,
        "size": -way * BIG,
        "price": mark + way * shift,
        "paid": fund,
        "shared": debt - fund,
    }
    assert venue.get(Account, FUND).collateral == 0
    assert venue.get(Account, 3).collateral == venue.get(Position, 3).size == venue.get(Position, 3).cost == 0
    adjust_all(venue)
    after = world_of(venue)
    for account, lots in ((2, 500_000), (4, 200_000)):
        assert before.equity(account) - after.equity(account) == lots * shift
    assert after.pool(0).size == 0
    assert -after.pool(0).cost == BIG * shift - (debt - fund) < BIG


def test_lots_are_shared_out_to_the_fraction() -> None:
    """Three shorts share 100 closed lots of 1,001; what whole lots cannot share stays in the fund's book."""
    venue = Venue().open()
    for account, lots in ((2, 301), (4, 333), (5, 367)):
        venue.trade(account, 6, MARK, lots)
    venue.deposit(8, 1_300_000)
    venue.order(6, SELL, MARK, 100)
    venue.order(8, BUY, MARK, 100, IOC)
    venue.mark(MARK * 97 // 100)
    assert venue.get(Book, 0).interest == 2 * 1_001
    venue.ok("deleverage", 8, 0)
    assert venue.get(Book, 0).interest == 2 * 901
    assert venue.get(Pool, EXCHANGE).size == 100
    world = world_of(venue)
    for account, lots in ((2, 301), (4, 333), (5, 367)):
        assert abs(remaining(world, account, 0) + Fraction(lots * 901, 1_001)) < Fraction(1, 2**20)
    adjust_all(venue)
    assert [venue.get(Position, account).size for account in (2, 4, 5)] == [-271, -300, -330]
    assert venue.get(Position, 6).size == 901
    assert venue.get(Pool, EXCHANGE).size == 0


def test_no_order_of_adjustments_closes_more_or_less(venue: Venue) -> None:
    """A hundred deleveragings of one lot, after each of which one short adjusts at once and the other never does."""
    venue.trade(2, 6, MARK, 100_000)
    for account in range(100, 200):
        venue.deposit(account, 12_500)
        venue.trade(6, account, MARK, 1)
    venue.mark(MARK * 97 // 100)
    for account in range(100, 200):
        venue.ok("deleverage", account, 0)
        venue.ok("adjust", 4, 0)
    closed = 100 * Fraction(200_000, 800_000)
    assert abs(200_000 + venue.get(Position, 4).size - closed) <= 1
    adjust_all(venue)
    assert abs(600_000 + venue.get(Position, 2).size - 3 * closed) <= 1
    assert abs(venue.get(Pool, EXCHANGE).size) <= 2


def test_a_side_that_is_closed_to_nothing_begins_a_new_era(venue: Venue) -> None:
    venue.mark(NEARLY)
    venue.ok("deleverage", 3, 0)
    pool, end = venue.get(Pool, EXCHANGE), venue.get(Cut, 2, 512)
    assert (pool.long_era, pool.short_era, end.short_gone, end.following) == (0, 1, FULL, 1)
    assert venue.get(Cut, 2).short_gone == 0
    venue.deposit(8, 10**10)
    venue.trade(5, 8, NEARLY, 300)
    assert venue.get(Position, 5).cuts == 1
    venue.trade(8, 5, NEARLY, 100)
    venue.ok("adjust", 2, 0)
    assert (venue.get(Position, 2).size, venue.get(Position, 2).cuts) == (0, 1)
    adjust_all(venue)
    assert venue.get(Position, 5).size == -200


def test_a_position_older_than_an_era_goes_through_each_of_them() -> None:
    """Every deleveraging closes 70 % of ten million short lots: an era ends with every fourth, and another account that
    adjusts at each step ends where one does that slept through all of them.
    """
    venue = Venue(oracle=False)
    venue.open_markets()
    for account in (2, 4, 5):
        venue.deposit(account, 10**17)
    mark, left = MARK, Fraction(10**7)
    venue.trade(2, 4, MARK, 5 * 10**6)
    venue.trade(5, 4, MARK, 5 * 10**6)
    for n in range(14):
        lots = max(1, int(left * 7 / 10))
        venue.deposit(100 + n, lots * mark * 22 // 1_000)
        venue.trade(4, 100 + n, mark, lots)
        mark = mark * 97 // 100
        venue.mark(mark)
        venue.ok("deleverage", 100 + n, 0)
        left = remaining(world_of(venue), 2, 0) * -2
        venue.ok("adjust", 5, 0)
    assert venue.get(Pool, EXCHANGE).short_era >= 4
    assert venue.get(Pool, EXCHANGE).long_era == 0
    adjust_all(venue)
    assert abs(venue.get(Position, 2).size - venue.get(Position, 5).size) <= 1


def test_funding_of_what_was_closed_ends_when_it_was_closed(venue: Venue) -> None:
    """Longs pay funding for an hour after half of account 3's lots were closed: for the half that it still has."""
    venue.trade(5, 6, MARK, BIG)
    venue.mark(614_000)
    for account in (2, 4, 5):
        venue.submit("deleverage", account, 0)
    before = world_of(venue)
    longs = {account: remaining(before, account, 0) for account in (3, 6)}
    venue.order(7, BUY, 700_000, 5)
    venue.order(7, SELL, 710_000, 5, slot=1)
    for _ in range(60):
        venue.pass_time(60_000)
    venue.ok("funding_tick", 0)
    funding = venue.get(Market, 0).funding
    assert funding > 0
    adjust_all(venue)
    after = world_of(venue)
    paid = {a: current(before).equity(a) - after.equity(a) for a in (3, 6)}
    for account in (3, 6):
        assert longs[account] < BIG
        assert abs(paid[account] - longs[account] * funding / 2**16) <= BIG, "up to a tick for each lot"


def test_losses_in_several_markets_are_shared_by_margin(venue: Venue) -> None:
    """Account 3 is long in both markets; market 0 falls. The fund is empty of nearly everything."""
    venue.trade(5, 3, 30_000, 1_000_000, market=1)
    venue.mark(MARK * 90 // 100)
    before = world_of(venue)
    debt, fund = -before.equity(3), before.get(Account, FUND).collateral
    (first,) = of_kind(venue.ok("deleverage", 3, 1), "deleveraged")
    share = before.margin(1_000_000, 1, kept=True) * (debt * 16 // before.required(3, kept=True)) // 16
    assert first["paid"] + first["shared"] == share
    (last,) = of_kind(venue.ok("deleverage", 3, 0), "deleveraged")
    assert last["paid"] + last["shared"] == debt - share
    assert first["paid"] + last["paid"] == fund
    assert venue.get(Account, 3).collateral == 0


def test_no_price_is_below_nothing() -> None:
    """A short of one lot in a market that rose, and a large loss elsewhere: its share is more than its long can pay."""
    venue = Venue().open()
    venue.deposit(8, 10**9)
    venue.trade(8, 2, 30_000, 10_000, market=1)
    venue.trade(2, 8, MARK, 30_000)
    venue.mark(MARK // 20)
    venue.mark(10, market=1)
    for number in (1, 0):
        venue.submit("deleverage", 8, number)
    world_of(venue).check()
    assert venue.get(Account, 8).collateral <= 0


def test_makers_and_takers_are_brought_up_to_date_when_they_trade(venue: Venue) -> None:
    venue.trade(5, 6, MARK, 100_000)
    venue.mark(NEARLY)
    venue.ok("deleverage", 3, 0)
    venue.order(5, BUY, NEARLY, 100, slot=3)
    events = venue.order(2, SELL, NEARLY, 100, IOC, slot=3)
    assert [e["account"] for e in of_kind(events, "adjusted")] == [2]
    assert venue.get(Position, 2).cuts == venue.get(Position, 5).cuts == 1
    venue.order(4, BUY, NEARLY, 100, slot=4)
    assert venue.get(Position, 4).cuts == 1
    World.of(venue.engine.entries()).check()


def test_a_makers_position_is_adjusted_before_its_order_is_decided(venue: Venue) -> None:
    venue.trade(5, 6, MARK, 100_000)
    venue.order(4, BUY, MARK * 97 // 100, 150_000, slot=4)
    venue.mark(NEARLY)
    venue.ok("deleverage", 3, 0)
    events = venue.ok("place", *order(7, SELL, MARK * 97 // 100, 1_000, IOC))
    assert [name for name, _ in events] == ["placed", "adjusted", "fill", "done"]
    assert venue.get(Position, 4).cuts == 1


def test_a_withdrawal_counts_what_was_closed(venue: Venue) -> None:
    venue.mark(NEARLY)
    venue.ok("deleverage", 3, 0)
    events = venue.ok("withdraw", 2, 1_000)
    assert [name for name, _ in events] == ["withdrawn", "adjusted"]
    profit = 500_000 * (MARK - NEARLY)
    fee = 500_000 * MARK * 200 // 10**6
    assert venue.get(Account, 2).collateral == 10**10 + profit - fee - 1_000


def test_orders_of_the_closed_account_are_stale(venue: Venue) -> None:
    epoch = venue.get(Account, 3).epoch
    venue.mark(NEARLY)
    venue.ok("deleverage", 3, 0)
    assert venue.get(Account, 3).epoch == epoch + 1


def test_only_the_fund_stands_against_lots_beyond_the_open_interest() -> None:
    """Two shorts of one lot share the closing of one: half a lot each, of which whole lots keep both. Both longs go:
    the second stands against the fund's book alone.
    """
    venue = Venue().open()
    for account in (8, 9):
        venue.deposit(account, 12_500)
    for seller, buyer in ((2, 8), (4, 9)):
        venue.trade(seller, buyer, MARK, 1)
    venue.mark(MARK * 97 // 100)
    venue.ok("deleverage", 8, 0)
    adjust_all(venue)
    assert venue.get(Book, 0).interest == 2
    venue.ok("deleverage", 9, 0)
    assert venue.get(Book, 0).interest == 0
    adjust_all(venue)
    assert venue.get(Position, 2).size == venue.get(Position, 4).size == venue.get(Pool, EXCHANGE).size == 0


def test_the_last_deleveraging() -> None:
    """No market lives to see it; records are edited."""
    oracle = OracleEngine(rules, poseidon2)
    venue = Venue(oracle=False).open()
    venue.trade(2, 3, MARK, BIG)
    venue.mark(BANKRUPT)
    oracle.world.records = {address: list(words) for address, words in venue.engine.entries()}
    oracle.world.records[address_of(Market, EXCHANGE)][list(Market.fields).index("cuts")] = 2**23 - 2
    oracle.world.records[address_of(Position, 3)][list(Position.fields).index("cuts")] = 2**23 - 2
    assert oracle.submit("deleverage", [3, 0]) == (Code.CUTS_EXHAUSTED, [], 0)


def test_an_open_position_waits_for_nobody(venue: Venue) -> None:
    """GTC orders of a stale account rest as usual; a reduce-only one must be adjusted first."""
    venue.trade(5, 6, MARK, 100_000)
    venue.mark(NEARLY)
    venue.ok("deleverage", 3, 0)
    reduce = order(2, BUY, NEARLY, 5, IOC, slot=1, reduce_only=1)
    assert venue.code("place", *reduce) == Code.ADJUST_FIRST
    venue.ok("adjust", 2, 0)
    venue.ok("place", *reduce)
    venue.ok("place", *order(4, BUY, NEARLY - 5, 5, GTC, slot=1))

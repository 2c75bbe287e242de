"""Several accounts of one person: no trade or takeover between them moves a loss to the fund, however the price gaps
and however long nothing is anchored.

An account below zero walks away from its debt, so what the person has is the sum of the accounts above zero. A gap or a
growing window may change that sum; nothing that the person then does may raise it.
"""

from __future__ import annotations

from itertools import product

import pytest

from kedge._native import Engine
from kedge.rules import FUND, Account, Market, Position
from tests.unit.rules.venue import BUY, HOUR, IOC, MARK, SELL, TERMS, Venue, native_program, order
from tests.unit.rules.world import World

LONG, SHORT, LIQUIDATOR, HONEST = 2, 3, 4, (6, 7)
STAKE, LOTS = 6_300_000_000, 500_000
"""6,300 coins on a notional of 300,000: just above 2 %."""

GAPS = (0, 500, 1_000, 1_500, 1_900, 2_000, 2_050, 2_500, 4_000)
"""Falls of the mark, in hundred-thousandths."""

BANDS = (-100, 0, 20, 100, 400, 800, 1_600, 5_000, 20_000)
"""Prices at which the long side gives its position away: below the mark, in hundred-thousandths."""


def colluders() -> Venue:
    """The person is long and short the same; honest trade has filled the fund."""
    venue = Venue(oracle=False)
    venue.open_markets()
    for account in (LONG, SHORT, LIQUIDATOR):
        venue.deposit(account, STAKE)
    for account in HONEST:
        venue.deposit(account, 100_000_000_000)
    for _ in range(2):
        venue.trade(HONEST[0], HONEST[1], MARK, 1_000_000)
        venue.trade(HONEST[1], HONEST[0], MARK, 1_000_000)
    venue.trade(SHORT, LONG, MARK, LOTS)
    return venue


def purse(venue: Venue) -> int:
    """What the person could take home: all that is above zero."""
    world = World.of(venue.engine.entries())
    return sum(max(0, world.equity(account)) for account in (LONG, SHORT, LIQUIDATOR))


def give_away(venue: Venue, band: int, lots: int) -> None:
    """The short side bids, the long side sells to it, at a price of their own choice."""
    mark = venue.get(Market, 0).mark
    price = max(1, mark - mark * band // 100_000)
    venue.submit("place", *order(SHORT, BUY, price, lots, slot=1))
    venue.submit("place", *order(LONG, SELL, price, lots, IOC, slot=1, reduce_only=1))
    venue.submit("cancel", SHORT, 1)


def take_over(venue: Venue, share: int, by: int = LIQUIDATOR) -> None:
    held = venue.get(Position, LONG).size
    venue.submit("liquidate", LONG, 0, by, max(1, held // share))


def close_out(venue: Venue) -> None:
    """The long side is deleveraged, and the short side takes what it gained."""
    venue.submit("deleverage", LONG, 0)
    venue.submit("adjust", SHORT, 0)


def wait(venue: Venue, hours: int) -> None:
    """Time passes and nothing is anchored; the mark stands still, and is said to every 50 seconds."""
    for _ in range(hours * HOUR // 50_000):
        venue.pass_time(50_000)


def fork(venue: Venue) -> Venue:
    """Another exchange in the same state."""
    copy = Venue(oracle=False)
    copy.engine = Engine.restore(native_program(), venue.engine.snapshot())
    return copy


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("hours", [0, 2, 24])
def test_nothing_that_colluders_do_after_a_move_pays(gap: int, hours: int) -> None:
    """Every pair of a give-away and a takeover or a deleveraging, of a part and of the whole, in both orders."""
    moved, best = colluders(), 0
    if gap:
        moved.ok("oracle_price", 0, MARK - MARK * gap // 100_000)
    if hours:
        wait(moved, hours)
    for band, share, first, other in product(BANDS, (1, 2, 10), (True, False), ("take", "close")):
        venue = fork(moved)
        begin = purse(venue)
        for way in ("give", other) if first else (other, "give"):
            if way == "give":
                give_away(venue, band, LOTS // share)
            elif way == "take":
                take_over(venue, share)
            else:
                close_out(venue)
            best = max(best, purse(venue) - begin)
    assert best == 0, f"a gap of {gap / 1_000} % and {hours} h without an anchor are worth {best / 1e6:,.1f} coins"


def test_the_window_alone_hands_nobody_a_growing_discount() -> None:
    """Three days without an anchor: whoever is taken over loses at most half a percent of the lots, not a fifth of a
    rate that grew.
    """
    venue = colluders()
    wait(venue, 72)
    assert venue.get(Market, 0).rate > 300_000
    before = World.of(venue.engine.entries()).equity(LONG)
    take_over(venue, 1)
    after = World.of(venue.engine.entries()).equity(LONG)
    assert venue.get(Market, 0).kept > 300_000, "also what positions must keep"
    taken = LOTS - venue.get(Position, LONG).size
    assert 0 <= before - after <= taken * MARK * 5_000 // 1_000_000


def test_nobody_can_use_up_the_fund_with_small_bankruptcies() -> None:
    """Nine bankrupt positions in nine markets: the fund pays what is owed for each, and takes nothing over."""
    venue = colluders()
    for market in range(2, 11):
        venue.ok("open_market", market, MARK, *TERMS)
        account = 20 + market
        venue.deposit(account, 13_000)
        venue.trade(HONEST[market % 2], account, MARK, 1, market=market)
        venue.mark(586_000, market=market)
        debt, fund = -World.of(venue.engine.entries()).equity(account), venue.get(Account, FUND).collateral
        venue.ok("deleverage", account, market)
        assert 0 < fund - venue.get(Account, FUND).collateral == debt
    assert venue.get(Account, FUND).positions == 0
    World.of(venue.engine.entries()).check()

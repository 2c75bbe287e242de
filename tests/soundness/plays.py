"""States in which a cheat pays, each with the transaction in which it does."""

from __future__ import annotations

from tests.unit.rules.case import Attempt
from tests.unit.rules.venue import BUY, HOUR, IOC, MARK, OTHER_MARK, SELL, START, Venue, order, terms


def two_offers(v: Venue) -> Attempt:
    """Account 2 sells below account 3; account 4 buys."""
    v.order(2, SELL, MARK, 5)
    v.order(3, SELL, MARK + 1, 5)
    return "place", order(4, BUY, MARK + 1, 5, IOC)


def two_in_line(v: Venue) -> Attempt:
    """Account 3 comes after account 2, at the same price."""
    v.order(2, SELL, MARK, 5)
    return "place", order(3, SELL, MARK, 5)


def best_comes_last(v: Venue) -> Attempt:
    """Account 3 betters account 2."""
    v.order(2, SELL, MARK, 5)
    return "place", order(3, SELL, MARK - 1, 5)


def two_sides(v: Venue) -> Attempt:
    """Account 2 bids, account 3 offers."""
    v.order(2, BUY, MARK - 1, 5)
    return "place", order(3, SELL, MARK, 5)


def equal_sizes(v: Venue) -> Attempt:
    """An order that may rest, filled to the last lot."""
    v.order(2, SELL, MARK, 5)
    return "place", order(3, BUY, MARK, 5)


def too_much(v: Venue) -> Attempt:
    """Account 3 buys what it cannot bear, and wants more."""
    v.deposit(7, 10**10)
    v.order(7, SELL, MARK, 900_000)
    return "place", order(3, BUY, MARK, 900_001)


def unlisted_maker(v: Venue) -> Attempt:
    """Account 2 offers in a market that is not in its list; another market is."""
    v.order(2, SELL, MARK, 5)
    v.order(2, BUY, OTHER_MARK, 1, IOC, market=1)
    v.ok("unlist", 2, 0, 2)
    return "place", order(3, BUY, MARK, 5, IOC)


def expired_maker(v: Venue) -> Attempt:
    """Account 2's offer, which only reduces its position at no loss, expired."""
    v.trade(3, 2, MARK, 5)
    v.order(2, SELL, MARK + 1_000, 5, expiry=START)
    v.pass_time(1)
    return "place", order(4, BUY, MARK + 1_000, 5, IOC)


def stale_maker(v: Venue) -> Attempt:
    """Account 2's offer, which only reduces its position at no loss, was cancelled with all of its others."""
    v.trade(3, 2, MARK, 5)
    v.order(2, SELL, MARK + 1_000, 5)
    v.ok("cancel_all", 2)
    return "place", order(4, BUY, MARK + 1_000, 5, IOC)


def filled_before_a_stale_maker(v: Venue) -> Attempt:
    """Account 4 has all that it wants from account 2; behind it stands an offer of account 3 that was cancelled."""
    v.order(2, SELL, MARK, 5)
    v.order(3, SELL, MARK + 1, 5)
    v.ok("cancel_all", 3)
    return "place", order(4, BUY, MARK + 1, 5, IOC)


def weak_maker(v: Venue) -> Attempt:
    """Account 3 lies below its margin and offers lots of its own at no loss: no assessment may stand in its way."""
    v.trade(2, 3, MARK, 700_000)
    v.mark(590_000)
    v.order(3, SELL, 591_000, 100)
    return "place", order(4, BUY, 591_000, 100, IOC)


def swept_offers(v: Venue) -> Attempt:
    """Account 2's offer bears its fill; a sweep meets it."""
    v.order(2, SELL, MARK, 5)
    return "sweep", [0, BUY, MARK, 5]


def swept_wall(v: Venue) -> Attempt:
    """Account 2's offer was cancelled with all of its others; a sweep meets it."""
    v.order(2, SELL, MARK, 5)
    v.ok("cancel_all", 2)
    return "sweep", [0, BUY, MARK, 5]


def poor_neighbour(v: Venue) -> Attempt:
    """Account 8 holds one quote and one position."""
    v.deposit(8, 1)
    v.order(8, BUY, MARK, 1, IOC)
    return "place", order(3, SELL, MARK, 5)


def two_positions(v: Venue) -> Attempt:
    """Account 4 trades in both markets."""
    v.trade(2, 4, 30_000, 5, market=1)
    return two_offers(v)


def funding(v: Venue) -> Attempt:
    """Longs must pay."""
    v.trade(2, 3, MARK, 5)
    v.order(4, BUY, MARK + 10, 5)
    v.order(5, SELL, MARK + 20, 5)
    v.ok("oracle_price", 0, MARK)
    v.pass_time(HOUR)
    return "funding_tick", [0]


def falling(v: Venue) -> Attempt:
    """Account 3 is below maintenance."""
    v.trade(2, 3, MARK, 700_000)
    v.mark(593_000)
    return "liquidate", [3, 0, 4, 1_000]


def pause(v: Venue) -> Attempt:
    """Half a day without an anchor."""
    v.ok("window_update", START + 12 * HOUR, START)
    return "margin_update", [0]


def cancelled_middle(v: Venue) -> Attempt:
    """The second of three orders goes."""
    for slot in range(3):
        v.order(2, SELL, MARK + slot, 5, slot=slot)
    return "cancel", [2, 1]


def money_in(v: Venue) -> Attempt:
    return "deposit", v.deposit_args(9, 1_000)


def money_out(_: Venue) -> Attempt:
    return "withdraw", [2, 1_000]


def new_terms(v: Venue) -> Attempt:
    for market in (0, 1):
        v.ok("announce", market, *terms(floor=40_000 + market))
    v.pass_time(HOUR)
    return "parameter_update", [0]

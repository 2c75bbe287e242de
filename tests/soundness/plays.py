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


def asleep(v: Venue) -> None:
    """Market 3 has had three deleveragings: the second ended the era of its short side. Account 2 sleeps through all of
    them, account 4 through the last; either has an offer in the book, and account 2 a bid that reduces its position at
    a gain. Account 14 sold out with a debt.
    """
    v.ok("open_market", 3, MARK, *terms(maker_fee=0, taker_fee=0))
    v.deposit(14, 13_000_000)
    v.trade(2, 14, MARK, 1_000, market=3)
    v.mark(582_000, market=3)
    v.order(14, SELL, 582_000, 1_000, market=3)
    v.order(2, BUY, 582_000, 1_000, IOC, market=3)
    for account, seller, lots in ((15, 2, 900), (16, 4, 60), (5, 4, 40)):
        v.deposit(account, 13_000 * lots)
        v.trade(seller, account, 582_000, lots, market=3)
    v.order(2, SELL, 582_000, 7, slot=90, market=3)
    v.order(2, BUY, 530_000, 3, slot=92, market=3)
    v.mark(560_000, market=3)
    v.ok("deleverage", 15, 3)
    v.ok("deleverage", 16, 3)
    v.ok("adjust", 4, 3)
    v.order(4, SELL, 582_000, 7, slot=90, market=3)
    v.deposit(18, 13_000 * 100)
    v.trade(6, 18, 560_000, 100, market=3)
    v.mark(540_000, market=3)
    v.ok("deleverage", 18, 3)


def sleeping_taker(v: Venue) -> Attempt:
    """Account 2 buys, with two steps of deleveraging to apply first."""
    asleep(v)
    v.order(7, SELL, 540_000, 5, slot=90, market=3)
    return "place", order(2, BUY, 540_000, 5, IOC, slot=91, market=3)


def sleeping_makers(v: Venue) -> Attempt:
    """Account 7 buys of accounts 2 and 4, which have deleveraging to apply."""
    asleep(v)
    return "place", order(7, BUY, 582_000, 14, IOC, slot=90, market=3)


def sleeping_reducer(v: Venue) -> Attempt:
    """Account 7 sells to account 2, whose fill needs no assessment."""
    asleep(v)
    return "place", order(7, SELL, 530_000, 3, IOC, slot=90, market=3)


def sleeping_swept(v: Venue) -> Attempt:
    """A sweep meets account 2's bid."""
    asleep(v)
    return "sweep", [3, SELL, 530_000, 3]


def sleeping_neighbour(v: Venue) -> Attempt:
    """Account 7 buys what account 2 offers, and nothing of account 4, whose offer comes next."""
    asleep(v)
    return "place", order(7, BUY, 582_000, 7, IOC, slot=90, market=3)


def sleeping_bystander(v: Venue) -> Attempt:
    """Account 7's bid crosses nobody's."""
    asleep(v)
    return "place", order(7, BUY, 535_000, 7, slot=90, market=3)


def sleeping_withdrawal(v: Venue) -> Attempt:
    """Account 2 takes out what it may, with two steps of deleveraging to apply."""
    asleep(v)
    return "withdraw", [2, 1_000]


def waking(v: Venue) -> Attempt:
    asleep(v)
    return "adjust", [2, 3]


def debt_of_the_flat(v: Venue) -> Attempt:
    """Account 14 owes more than the fund holds."""
    asleep(v)
    v.trade(5, 6, MARK, 100)
    return "cover", [14]


def gap(v: Venue) -> Attempt:
    """Account 3 owes more than the fund has; accounts 2 and 4 are on the other side."""
    v.trade(2, 3, MARK, 500_000)
    v.trade(4, 3, MARK, 200_000)
    v.mark(580_000)
    return "deleverage", [3, 0]


def nearly_nothing(v: Venue) -> Attempt:
    """Account 3 has so little left that nobody is paid for taking over, but nothing is owed."""
    v.trade(2, 3, MARK, 700_000)
    v.mark(586_100)
    return "deleverage", [3, 0]


def withdrawal_of_a_gain(v: Venue) -> Attempt:
    """Account 2's lots were all closed against those of account 3; it has not taken its gain yet."""
    step, args = nearly_nothing(v)
    v.ok(step, *args)
    return "withdraw", [2, 1_000]


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

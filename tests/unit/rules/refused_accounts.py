"""Refusals about money, prices, time, liquidations and position lists."""

from __future__ import annotations

from kedge.rules import Code, Market
from tests.unit.rules.case import BIG, LARGEST_DEPOSIT, Attempt, in_debt, refused
from tests.unit.rules.venue import BUY, HOUR, IOC, MARK, OTHER_MARK, SELL, START, Venue, terms


@refused(Code.COLLATERAL_OVERFLOW)
def collateral_beyond_its_bounds(v: Venue) -> Attempt:
    v.deposit(8, LARGEST_DEPOSIT)
    v.deposit(8, LARGEST_DEPOSIT)
    return "deposit", v.deposit_args(8, 2)


@refused(Code.EQUITY_OVERFLOW)
def liquidation_of_the_richest(v: Venue) -> Attempt:
    v.deposit(8, LARGEST_DEPOSIT)
    v.deposit(8, LARGEST_DEPOSIT)
    v.trade(2, 8, MARK, 1)
    return "liquidate", [8, 0, 4, 1]


@refused(Code.NO_SUCH_ORDER)
def cancel_of_an_empty_slot(v: Venue) -> Attempt:
    return "cancel", [2, 5]


@refused(Code.DEPOSIT_OUT_OF_ORDER)
def deposit_taken_twice(v: Venue) -> Attempt:
    return "deposit", [v.deposits - 1, *v.deposit_args(2, 5)[1:]]


@refused(Code.DEPOSIT_OUT_OF_ORDER)
def deposit_left_out(v: Venue) -> Attempt:
    return "deposit", [v.deposits + 1, *v.deposit_args(2, 5)[1:]]


@refused(Code.OWNER_MISMATCH)
def deposit_with_another_owner(v: Venue) -> Attempt:
    return "deposit", [*v.deposit_args(2, 5)[:-1], 8]


@refused(Code.INSUFFICIENT_COLLATERAL)
def withdrawal_of_more_than_there_is(v: Venue) -> Attempt:
    return "withdraw", [2, 10_000_000_001]


@refused(Code.ACCOUNT_UNKNOWN)
def withdrawal_of_nobody(v: Venue) -> Attempt:
    return "withdraw", [99, 1]


@refused(Code.PRICE_JUMP)
def mark_that_rises_too_far(v: Venue) -> Attempt:
    return "oracle_price", [0, MARK + MARK // 5 + 1]


@refused(Code.PRICE_JUMP)
def mark_that_falls_too_far(v: Venue) -> Attempt:
    return "oracle_price", [0, MARK - MARK // 5 - 1]


@refused(Code.FUNDING_TOO_EARLY)
def funding_within_the_hour(v: Venue) -> Attempt:
    v.ok("window_update", START + HOUR - 1, START)
    return "funding_tick", [0]


@refused(Code.FUNDING_OVERFLOW, long=True)
def funding_of_years(v: Venue) -> Attempt:
    """The largest mark, bid twice as high, pays the cap of half a percent each hour: some 800 hours fill the index."""
    v.ok("open_market", 2, 2**28 - 1, *terms(floor=1, sigma=0))
    v.ok("oracle_price", 2, 2**28 - 2**25)
    v.ok("margin_update", 2)
    v.order(2, BUY, 2**28 - 2, 1, market=2)
    v.order(3, SELL, 2**28 - 1, 1, market=2)
    hour, cap = 0, (2**28 - 2**25) * 328
    while v.get(Market, 0, 2).funding + cap < 2**46:
        hour += 1
        v.ok("window_update", START + hour * HOUR, START)
        v.ok("oracle_price", 2, 2**28 - 2**25)
        v.ok("funding_tick", 2)
    v.ok("window_update", START + (hour + 1) * HOUR, START)
    v.ok("oracle_price", 2, 2**28 - 2**25)
    return "funding_tick", [2]


@refused(Code.TIME_BACKWARDS)
def clock_that_goes_back(v: Venue) -> Attempt:
    return "window_update", [START - 1, START - 1]


@refused(Code.ANCHOR_BACKWARDS)
def anchor_that_goes_back(v: Venue) -> Attempt:
    return "window_update", [START, START - 1_001]


@refused(Code.ANCHOR_AHEAD)
def anchor_in_the_future(v: Venue) -> Attempt:
    return "window_update", [START, START + 1]


@refused(Code.NO_POSITIONS)
def liquidation_of_an_account_without_positions(v: Venue) -> Attempt:
    return "liquidate", [2, 0, 3, 1]


@refused(Code.NOT_LIQUIDATABLE)
def liquidation_of_a_healthy_account(v: Venue) -> Attempt:
    v.trade(2, 3, MARK, BIG)
    return "liquidate", [3, 0, 4, 1]


@refused(Code.SIZE_EXCEEDS_POSITION)
def takeover_of_more_than_there_is(v: Venue) -> Attempt:
    in_debt(v, 590_000)
    return "liquidate", [3, 0, 4, BIG + 1]


@refused(Code.SIZE_EXCEEDS_POSITION)
def takeover_in_a_market_without_a_position(v: Venue) -> Attempt:
    in_debt(v, 590_000)
    return "liquidate", [3, 1, 4, 1]


@refused(Code.PARTIAL_FIRST)
def takeover_of_all_above_close_out(v: Venue) -> Attempt:
    in_debt(v, 593_000)
    return "liquidate", [3, 0, 4, BIG // 2 + 1]


@refused(Code.SELF_LIQUIDATION)
def takeover_of_the_own_position(v: Venue) -> Attempt:
    in_debt(v, 590_000)
    return "liquidate", [3, 0, 3, 1]


@refused(Code.HAS_POSITIONS)
def debt_of_an_account_with_positions(v: Venue) -> Attempt:
    in_debt(v, 580_000)
    return "cover", [3]


@refused(Code.NOT_BANKRUPT)
def cover_without_a_debt(v: Venue) -> Attempt:
    return "cover", [2]


@refused(Code.NOT_BANKRUPT)
def cover_of_nothing(v: Venue) -> Attempt:
    return "cover", [99]


@refused(Code.FUND_EXHAUSTED)
def debt_that_a_fund_without_anything_cannot_pay(v: Venue) -> Attempt:
    """Account 3 sells to account 2 at the mark, below zero already; what the fund had went to account 4 before."""
    v.trade(2, 3, MARK, BIG)
    v.trade(5, 4, MARK, BIG)
    v.mark(580_000)
    v.ok("deleverage", 4, 0)
    v.mark(560_000)
    v.ok("adjust", 2, 0)
    v.ok("deleverage", 3, 0)
    v.deposit(8, 12_500_000)
    v.ok("open_market", 2, MARK, *terms(maker_fee=0, taker_fee=0))
    v.trade(2, 8, MARK, 1_000, market=2)
    v.mark(570_000, market=2)
    v.order(8, SELL, 570_000, 1_000, market=2)
    v.order(2, BUY, 570_000, 1_000, IOC, market=2)
    return "cover", [8]


@refused(Code.BELOW_NOTHING)
def takeover_of_who_has_less_than_nothing(v: Venue) -> Attempt:
    in_debt(v, 580_000)
    return "liquidate", [3, 0, 4, 1]


@refused(Code.BIDDERS_FIRST)
def deleveraging_while_bidders_are_paid(v: Venue) -> Attempt:
    in_debt(v, 590_000)
    return "deleverage", [3, 0]


@refused(Code.NOTHING_TO_CLOSE)
def deleveraging_in_a_market_without_a_position(v: Venue) -> Attempt:
    in_debt(v, 580_000)
    return "deleverage", [3, 1]


@refused(Code.NO_POSITIONS)
def deleveraging_of_an_account_without_positions(v: Venue) -> Attempt:
    return "deleverage", [2, 0]


@refused(Code.EQUITY_OVERFLOW)
def deleveraging_of_the_richest(v: Venue) -> Attempt:
    v.deposit(8, LARGEST_DEPOSIT)
    v.deposit(8, LARGEST_DEPOSIT)
    v.trade(2, 8, MARK, 1)
    return "deleverage", [8, 0]


@refused(Code.MARK_STALE)
def deleveraging_at_an_old_mark(v: Venue) -> Attempt:
    in_debt(v, 580_000)
    v.ok("window_update", START + 40_000, START)
    v.ok("window_update", START + 80_000, START)
    v.ok("margin_update", 0)
    return "deleverage", [3, 0]


@refused(Code.GRACE)
def deleveraging_right_after_a_silence(v: Venue) -> Attempt:
    in_debt(v, 580_000)
    v.pass_time(120_001)
    return "deleverage", [3, 0]


@refused(Code.ADJUST_FIRST)
def takeover_onto_lots_that_are_closed_already(v: Venue) -> Attempt:
    """Of account 5's short lots half are closed with those of account 4."""
    v.trade(5, 4, MARK, BIG)
    in_debt(v, 586_100)
    v.ok("deleverage", 4, 0)
    return "liquidate", [3, 0, 5, 1]


@refused(Code.NOTHING_TO_ADJUST)
def adjustment_of_nothing(v: Venue) -> Attempt:
    v.trade(2, 3, MARK, 5)
    return "adjust", [3, 0]


@refused(Code.NOTHING_TO_ADJUST)
def adjustment_of_what_is_adjusted(v: Venue) -> Attempt:
    in_debt(v, 580_000)
    v.ok("deleverage", 3, 0)
    v.ok("adjust", 2, 0)
    return "adjust", [2, 0]


@refused(Code.POSITION_OPEN)
def unlist_of_an_open_position(v: Venue) -> Attempt:
    v.trade(2, 3, MARK, 5)
    return "unlist", [3, 0, 0]


@refused(Code.POSITION_OPEN)
def unlist_of_a_position_that_is_not_listed(v: Venue) -> Attempt:
    return "unlist", [3, 0, 0]


@refused(Code.LIST_MISMATCH)
def unlist_of_the_first_that_is_not(v: Venue) -> Attempt:
    v.order(2, BUY, MARK, 1, IOC)
    v.order(2, BUY, OTHER_MARK, 1, IOC, market=1)
    return "unlist", [2, 0, 0]


@refused(Code.LIST_MISMATCH)
def unlist_behind_a_stranger(v: Venue) -> Attempt:
    v.order(2, BUY, MARK, 1, IOC)
    return "unlist", [2, 0, 2]


@refused(Code.LIST_MISMATCH)
def unlist_behind_the_wrong_neighbour(v: Venue) -> Attempt:
    v.order(2, BUY, MARK, 1, IOC)
    v.order(2, BUY, OTHER_MARK, 1, IOC, market=1)
    return "unlist", [2, 1, 1]


@refused(Code.MARK_STALE)
def takeover_at_an_old_mark(v: Venue) -> Attempt:
    in_debt(v, 590_000)
    v.ok("window_update", START + 40_000, START)
    v.ok("window_update", START + 80_000, START)
    v.ok("margin_update", 0)
    return "liquidate", [3, 0, 4, 1]


@refused(Code.MARK_STALE)
def withdrawal_at_an_old_mark(v: Venue) -> Attempt:
    """The mark of a market that the account holds something in; that of another is fresh."""
    v.trade(2, 3, MARK, 1)
    v.ok("window_update", START + 61_000, START)
    v.ok("margin_update", 0)
    v.ok("oracle_price", 1, OTHER_MARK)
    return "withdraw", [3, 1]


@refused(Code.GRACE)
def takeover_right_after_a_silence(v: Venue) -> Attempt:
    in_debt(v, 590_000)
    v.pass_time(120_001)
    return "liquidate", [3, 0, 4, 1]


@refused(Code.NOT_ANNOUNCED)
def parameters_that_nobody_announced(v: Venue) -> Attempt:
    return "parameter_update", [0]


@refused(Code.NOTICE_RUNNING)
def parameters_before_their_time(v: Venue) -> Attempt:
    v.ok("announce", 0, *terms(floor=50_000))
    v.ok("window_update", START + HOUR - 1, START)
    return "parameter_update", [0]

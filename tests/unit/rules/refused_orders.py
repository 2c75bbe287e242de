"""Refusals of orders, and by the engine itself."""

from __future__ import annotations

from kedge.rules import BOND, Code
from tests.unit.rules.case import ALIASED, BIG, CHUNK_FULL, MALFORMED, Attempt, in_debt, refused
from tests.unit.rules.venue import (
    BUY,
    FOK,
    GTC,
    IOC,
    MARK,
    OTHER_MARK,
    POST_ONLY,
    SELL,
    START,
    TERMS,
    Venue,
    order,
    terms,
)


@refused(MALFORMED)
def unknown_transaction(v: Venue) -> Attempt:
    return "gift", []


@refused(MALFORMED)
def step_that_is_no_transaction(v: Venue) -> Attempt:
    return "fill", []


@refused(MALFORMED)
def missing_argument(v: Venue) -> Attempt:
    return "place", order(2, BUY, MARK, 1)[:-1]


@refused(MALFORMED)
def price_of_zero(v: Venue) -> Attempt:
    return "place", order(2, BUY, 0, 1)


@refused(MALFORMED)
def size_beyond_the_unit(v: Venue) -> Attempt:
    return "place", order(2, BUY, MARK, 2**30)


@refused(MALFORMED)
def order_of_the_fund(v: Venue) -> Attempt:
    return "place", order(1, BUY, MARK, 1)


@refused(MALFORMED)
def parameter_beyond_its_bounds(v: Venue) -> Attempt:
    return "announce", [0, *terms(floor=1_000_001)]


@refused(ALIASED)
def neighbour_is_the_position_itself(v: Venue) -> Attempt:
    v.order(2, BUY, MARK, 1, IOC)
    return "unlist", [2, 0, 1]


@refused(CHUNK_FULL, long=True)
def chunk_without_room(v: Venue) -> Attempt:
    while v.engine.steps_in_chunk + 4096 <= 65_000:
        v.engine.submit_many([("cancel_all", [2])] * 1000)
    return "cancel_all", [2]


@refused(Code.MARKET_UNKNOWN)
def order_in_no_market(v: Venue) -> Attempt:
    return "place", order(2, BUY, MARK, 1, market=7)


@refused(Code.MARKET_UNKNOWN)
def parameters_of_no_market(v: Venue) -> Attempt:
    return "announce", [7, *TERMS]


@refused(Code.MARKET_UNKNOWN)
def price_of_no_market(v: Venue) -> Attempt:
    return "oracle_price", [7, MARK]


@refused(Code.MARKET_UNKNOWN)
def funding_of_no_market(v: Venue) -> Attempt:
    return "funding_tick", [7]


@refused(Code.MARKET_UNKNOWN)
def margin_of_no_market(v: Venue) -> Attempt:
    return "margin_update", [7]


@refused(Code.MARKET_EXISTS)
def market_opened_twice(v: Venue) -> Attempt:
    return "open_market", [0, MARK, *TERMS]


@refused(Code.SIZE_BELOW_MINIMUM)
def order_below_the_minimum(v: Venue) -> Attempt:
    v.ok("open_market", 2, MARK, *terms(minimum=10))
    return "place", order(2, BUY, MARK, 9, market=2)


@refused(Code.ORDER_EXPIRED)
def order_that_expired_before_it_came(v: Venue) -> Attempt:
    return "place", order(2, BUY, MARK, 1, expiry=START - 1)


@refused(Code.MARGIN_STALE)
def order_while_margin_is_stale(v: Venue) -> Attempt:
    v.ok("window_update", START + 60_001, START)
    v.ok("oracle_price", 0, MARK)
    return "place", order(2, BUY, MARK, 1)


@refused(Code.MARK_STALE)
def order_while_the_mark_is_stale(v: Venue) -> Attempt:
    v.ok("window_update", START + 60_001, START)
    v.ok("margin_update", 0)
    return "place", order(2, BUY, MARK, 1)


@refused(Code.MARK_STALE)
def taker_that_holds_something_at_an_old_mark(v: Venue) -> Attempt:
    v.trade(4, 3, OTHER_MARK, 1, market=1)
    v.ok("window_update", START + 60_001, START)
    for market in (0, 1):
        v.ok("margin_update", market)
    v.ok("oracle_price", 0, MARK)
    v.order(2, SELL, MARK, 5)
    return "place", order(3, BUY, MARK, 5, IOC)


@refused(Code.OUTSIDE_BAND)
def bid_beyond_the_band(v: Venue) -> Attempt:
    v.ok("open_market", 2, MARK, *terms(band=100_000))
    return "place", order(2, BUY, MARK * 11 // 10 + 1, 1, market=2)


@refused(Code.OUTSIDE_BAND)
def offer_beyond_the_band(v: Venue) -> Attempt:
    v.ok("open_market", 2, MARK, *terms(band=100_000))
    return "place", order(2, SELL, MARK * 9 // 10 - 1, 1, IOC, market=2)


@refused(Code.ABOVE_LARGEST)
def order_that_would_pass_the_largest_position(v: Venue) -> Attempt:
    v.ok("open_market", 2, MARK, *terms(largest=10))
    v.trade(2, 3, MARK, 6, market=2)
    return "place", order(3, BUY, MARK, 5, market=2)


@refused(Code.INTEREST_FULL)
def order_at_the_cap_of_open_interest(v: Venue) -> Attempt:
    v.ok("open_market", 2, MARK, *terms(cap=10))
    v.trade(2, 3, MARK, 10, market=2)
    return "place", order(4, BUY, MARK, 1, market=2)


@refused(Code.ACCOUNT_EMPTY)
def order_without_collateral(v: Venue) -> Attempt:
    return "place", order(99, BUY, MARK, 1)


@refused(Code.TOO_MANY_POSITIONS)
def ninth_position(v: Venue) -> Attempt:
    for market in range(2, 9):
        v.ok("open_market", market, MARK, *TERMS)
    for market in range(8):
        v.order(2, SELL, MARK, 1, IOC, market=market)
    return "place", order(2, BUY, MARK, 1, IOC, market=8)


@refused(Code.SLOT_TAKEN)
def second_order_in_a_slot(v: Venue) -> Attempt:
    v.order(2, BUY, MARK - 1, 1)
    return "place", order(2, BUY, MARK - 2, 1)


@refused(Code.BOND_MISSING)
def order_whose_bond_is_not_paid(v: Venue) -> Attempt:
    v.deposit(8, 2 * BOND - 1)
    v.order(8, BUY, MARK - 1, 1)
    return "place", order(8, BUY, MARK - 1, 1, slot=1)


@refused(Code.WOULD_CROSS)
def post_only_that_would_take(v: Venue) -> Attempt:
    v.order(2, SELL, MARK, 1)
    return "place", order(3, BUY, MARK, 1, POST_ONLY)


@refused(Code.WOULD_CROSS)
def post_only_against_a_maker_that_needs_no_assessment(v: Venue) -> Attempt:
    v.trade(3, 2, MARK, 5)
    v.order(2, SELL, MARK, 5)
    return "place", order(4, BUY, MARK, 5, POST_ONLY)


@refused(Code.NOT_FILLED)
def fill_or_kill_for_more_than_there_is(v: Venue) -> Attempt:
    v.order(2, SELL, MARK, 5)
    return "place", order(3, BUY, MARK, 6, FOK)


@refused(Code.TERMS_CONFLICT)
def reduce_only_order_that_may_rest(v: Venue) -> Attempt:
    v.trade(2, 3, MARK, 5)
    return "place", order(3, SELL, MARK, 5, GTC, reduce_only=1)


@refused(Code.NOTHING_TO_REDUCE)
def reduce_only_on_the_side_that_adds(v: Venue) -> Attempt:
    v.trade(2, 3, MARK, 5)
    return "place", order(3, BUY, MARK, 5, IOC, reduce_only=1)


@refused(Code.UNDERMARGINED)
def taker_beyond_its_margin(v: Venue) -> Attempt:
    v.deposit(7, 10 * TERMS[0] * 10**10)
    v.order(7, SELL, MARK, 900_000)
    return "place", order(3, BUY, MARK, 900_000, IOC)


@refused(Code.UNDERMARGINED)
def reduction_far_from_the_mark(v: Venue) -> Attempt:
    """Account 3 would give its position, and more than it has, to a friend who bids one tick."""
    v.trade(2, 3, MARK, BIG)
    v.order(4, BUY, 1, BIG)
    return "place", order(3, SELL, 1, BIG, IOC)


@refused(Code.UNDERMARGINED)
def withdrawal_of_margin(v: Venue) -> Attempt:
    v.trade(2, 3, MARK, BIG)
    return "withdraw", [3, 5_000_000_000]


@refused(Code.UNDERMARGINED)
def liquidator_without_margin(v: Venue) -> Attempt:
    in_debt(v, 593_000)
    v.deposit(8, 1_000)
    return "liquidate", [3, 0, 8, BIG // 2]


@refused(Code.POSITION_TOO_LARGE)
def takeover_beyond_the_unit(v: Venue) -> Attempt:
    """Orders stay below the market's largest position; a liquidator is bound by what a record can hold."""
    v.ok("open_market", 2, 100, *terms(slope=0))
    v.trade(2, 3, 100, 2**30 - 1, market=2)
    v.deposit(8, 2_200)
    v.trade(4, 8, 100, 1_000, market=2)
    v.mark(98, market=2)
    return "liquidate", [8, 2, 3, 1_000]

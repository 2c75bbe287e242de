"""Refusals of sweeps: where no order could be placed, none is swept for."""

from __future__ import annotations

from kedge.rules import Code
from tests.unit.rules.case import Attempt, refused
from tests.unit.rules.venue import BUY, MARK, SELL, START, Venue, terms


@refused(Code.MARKET_UNKNOWN)
def sweep_of_no_market(v: Venue) -> Attempt:
    return "sweep", [7, BUY, MARK, 5]


@refused(Code.SIZE_BELOW_MINIMUM)
def sweep_below_the_minimum(v: Venue) -> Attempt:
    v.ok("open_market", 2, MARK, *terms(minimum=10))
    return "sweep", [2, BUY, MARK, 9]


@refused(Code.MARGIN_STALE)
def sweep_while_margin_is_stale(v: Venue) -> Attempt:
    v.ok("window_update", START + 60_001, START)
    v.ok("oracle_price", 0, MARK)
    return "sweep", [0, BUY, MARK, 5]


@refused(Code.MARK_STALE)
def sweep_while_the_mark_is_stale(v: Venue) -> Attempt:
    v.ok("window_update", START + 60_001, START)
    v.ok("margin_update", 0)
    return "sweep", [0, BUY, MARK, 5]


@refused(Code.OUTSIDE_BAND)
def sweep_beyond_the_band(v: Venue) -> Attempt:
    v.ok("open_market", 2, MARK, *terms(band=100_000))
    return "sweep", [2, BUY, MARK * 11 // 10 + 1, 1]


@refused(Code.OUTSIDE_BAND)
def sweep_below_the_band(v: Venue) -> Attempt:
    v.ok("open_market", 2, MARK, *terms(band=100_000))
    return "sweep", [2, SELL, MARK * 9 // 10 - 1, 1]

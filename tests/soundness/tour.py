"""A chunk in which every step runs, most of them on both sides of every condition they test."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from kedge._native import Program, Sealed, traces
from tests.soundness.plays import asleep
from tests.unit.rules.venue import (
    BUY,
    FOK,
    HOUR,
    IOC,
    MARK,
    OTHER_MARK,
    POST_ONLY,
    SELL,
    START,
    TERMS,
    Venue,
    native_program,
    terms,
)

Traces = dict[str, list[list[int]]]


@dataclass(frozen=True)
class Tour:
    """A sealed chunk and what it fills the tables with."""

    program: Program
    sealed: Sealed
    venue: Venue

    def traces(self) -> Traces:
        """A fresh copy: tests change it."""
        return traces(self.program, self.sealed.witness)


def _trade(v: Venue) -> None:
    """Orders of every kind, on both sides, first, last and in between; the last maker sells at a gain, unassessed."""
    for side, away in ((SELL, 1), (BUY, -1)):
        for slot, (account, distance) in enumerate(((2, 3), (3, 1), (4, 2), (2, 1), (5, 3))):
            v.order(account, side, MARK + away * distance, 1000 + slot, slot=10 * side + slot)
        v.order(6, side, MARK + 2 * away, 700, POST_ONLY, slot=side, expiry=START + HOUR)
    v.order(6, BUY, MARK + 2, 3500, IOC, slot=5)
    v.order(7, SELL, MARK - 2, 3500, slot=5)
    v.order(6, SELL, MARK - 3, 1500, IOC, slot=5, reduce_only=1)
    v.order(7, BUY, MARK + 3, 900, FOK, slot=5)
    v.order(7, BUY, MARK + 1, 900, slot=6)
    v.order(7, SELL, MARK - 3, 5000, slot=7)
    for slot, price in enumerate((MARK + 5, MARK + 6, MARK + 7, MARK + 8)):
        v.order(4, SELL, price, 5, slot=40 + slot)
    for slot in (41, 40, 43):
        v.ok("cancel", 4, slot)
    v.trade(3, 4, OTHER_MARK, 50, market=1)
    v.trade(4, 5, OTHER_MARK + 1, 70, market=1)
    v.trade(5, 3, OTHER_MARK - 1, 90, market=1)
    v.order(3, SELL, OTHER_MARK + 100, 7, slot=98, market=1)
    v.ok("sweep", 1, BUY, OTHER_MARK + 100, 7)
    v.ok("cancel", 3, 98)
    v.trade(3, 6, OTHER_MARK + 100, 7, market=1)


def _lose_orders(v: Venue) -> None:
    """Evictions for every reason but size, and orders that go on after them."""
    v.deposit(8, 50_000)
    v.order(8, SELL, MARK - 1, 5, slot=1)
    v.order(3, SELL, MARK - 1, 5, slot=21, expiry=START + 5)
    v.order(7, SELL, MARK - 1, 5, slot=21)
    v.order(2, SELL, MARK - 1, 5, slot=22)
    v.ok("cancel_all", 2)
    v.pass_time(10)
    v.ok("sweep", 0, SELL, MARK - 1, 5)
    v.ok("sweep", 0, BUY, MARK - 1, 2)
    v.deposit(13, 50_000)
    v.order(13, SELL, MARK - 4, 5)
    v.ok("sweep", 0, BUY, MARK - 4, 5)
    v.order(7, BUY, MARK, 5, slot=22)
    v.order(8, BUY, 2 * OTHER_MARK, 1, slot=2, market=1)
    v.order(6, SELL, 1, 4, slot=23)


def _sample_and_fund(v: Venue) -> None:
    for market, mark in ((0, MARK + 9), (1, OTHER_MARK - 9), (0, MARK - 3), (1, OTHER_MARK)):
        v.ok("oracle_price", market, mark)
    v.order(2, SELL, OTHER_MARK + 40, 3, slot=30, market=1)
    v.order(3, BUY, OTHER_MARK + 20, 3, slot=30, market=1)
    v.ok("oracle_price", 1, OTHER_MARK + 1)
    v.ok("oracle_price", 0, MARK)
    v.pass_time(HOUR, anchored=START + HOUR // 2)
    v.ok("funding_tick", 0)
    v.ok("funding_tick", 1)
    for age in (2_000, 86_400_000, 86_402_000, 86_460_000):
        v.ok("window_update", START + 2 * HOUR + age, START + HOUR)
        v.ok("margin_update", 0)
        v.ok("margin_update", 1)
    anchored = START + 2 * HOUR + 86_460_000
    v.pass_time(60_000, anchored=anchored)
    v.ok("funding_tick", 0)
    v.ok("announce", 0, *terms(sigma=0, slope=0))
    v.ok("announce", 1, *terms(minimum=2, cap=10**9))
    v.pass_time(HOUR)
    for market in (0, 1):
        v.ok("parameter_update", market)
    for _ in range(20):  # the grace after a silence, and the notice of a rate that stays above what is kept
        v.pass_time(50_000)
    v.pass_time(1_000, anchored=anchored + HOUR)


def _liquidate(v: Venue) -> None:
    v.ok("open_market", 2, MARK, *TERMS)
    for seller, buyer in ((2, 9), (10, 2), (2, 11)):
        v.deposit(max(seller, buyer), 13_000_000)
        v.trade(seller, buyer, MARK, 1000, market=2)
    v.mark(594_000, market=2)
    v.ok("liquidate", 9, 2, 4, 500)
    v.ok("oracle_price", 2, 586_000)
    v.ok("deleverage", 11, 2)
    v.mark(635_000, market=2)
    v.ok("adjust", 4, 2)
    v.ok("liquidate", 10, 2, 4, 100)
    v.ok("liquidate", 10, 2, 5, 100)


def _deleverage(v: Venue) -> None:
    """Both sides, with eras; positions that slept are woken by every step that uses one."""
    asleep(v)
    v.trade(5, 6, 635_000, 100, market=2)
    v.ok("cover", 14)
    v.ok("withdraw", 2, 1_000)
    v.order(7, BUY, 582_000, 3, IOC, slot=90, market=3)
    v.order(4, BUY, 530_000, 5, slot=91, market=3)
    v.deposit(19, 13_000 * 301)
    v.trade(19, 7, 540_000, 300, market=3)
    v.order(19, BUY, OTHER_MARK + 40, 2, IOC, market=1)
    v.mark(600_000, market=3)
    v.ok("deleverage", 19, 3)
    v.order(6, BUY, 590_000, 5, slot=92, market=3)
    v.ok("adjust", 5, 3)


def _leave(v: Venue) -> None:
    v.ok("withdraw", 6, 1_000)
    v.ok("withdraw", 12, 5)
    v.ok("withdraw", 3, 77)
    v.order(7, BUY, OTHER_MARK - 2000, 2, IOC, market=1)
    v.ok("unlist", 7, 1, 0)
    v.order(7, BUY, OTHER_MARK - 2000, 2, IOC, market=1)
    v.order(7, BUY, MARK - 9, 2, IOC, market=2)
    v.ok("unlist", 7, 1, 3)


@cache
def tour() -> Tour:
    """The grand tour; two earlier transactions lie in the chunk before, so that its old root is not the empty one."""
    venue = Venue(oracle=False)
    venue.deposit(12, 5_000)
    venue.seal()
    venue.open()
    for part in (_trade, _lose_orders, _sample_and_fund, _liquidate, _deleverage, _leave):
        part(venue)
    return Tour(native_program(), venue.seal(), venue)

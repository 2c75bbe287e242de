"""Bonds: what an order holds while it rests, who gets it back when, and that it backs margin but does not leave."""

from __future__ import annotations

import pytest

from kedge.rules import BOND, FUND, Account, Code, Position
from kedge.rules.matching import EXPIRED, OVERSIZE, STALE, UNDERMARGINED, UNLISTED
from tests.unit.rules.venue import (
    BUY,
    FOK,
    IOC,
    MARK,
    OTHER_MARK,
    SELL,
    START,
    TEN_THOUSAND,
    TERMS,
    Venue,
    of_kind,
    order,
    terms,
)
from tests.unit.rules.world import World

FEE = TERMS[1]


@pytest.fixture
def venue() -> Venue:
    return Venue().open()


def money(venue: Venue, account: int) -> tuple[int, int]:
    """Collateral in quote, and number of orders at rest. Every state that a test looks at is whole."""
    World.of(venue.engine.entries()).check()
    record = venue.get(Account, account)
    return record.collateral, record.resting


def equity(venue: Venue, account: int) -> int:
    return World.of(venue.engine.entries()).equity(account)


def test_a_bond_is_taken_when_an_order_rests_and_returns_when_it_is_cancelled(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.order(2, SELL, MARK + 1, 5, slot=1)
    assert money(venue, 2) == (TEN_THOUSAND - 2 * BOND, 2)
    venue.ok("cancel", 2, 0)
    assert money(venue, 2) == (TEN_THOUSAND - BOND, 1)
    venue.ok("cancel", 2, 1)
    assert money(venue, 2) == (TEN_THOUSAND, 0)


def test_what_does_not_rest_holds_no_bond(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5, IOC)
    assert money(venue, 2) == (TEN_THOUSAND, 0)
    venue.order(3, SELL, MARK, 5)
    venue.order(2, BUY, MARK, 5)
    assert money(venue, 2) == (TEN_THOUSAND - 5 * MARK * TERMS[2] // 10**6, 0)


def test_it_returns_with_the_last_lot(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.order(3, BUY, MARK, 3, IOC)
    assert money(venue, 2) == (TEN_THOUSAND - BOND - 3 * MARK * FEE // 10**6, 1)
    venue.order(3, BUY, MARK, 2, IOC)
    assert money(venue, 2) == (TEN_THOUSAND - 5 * MARK * FEE // 10**6, 0)


def test_the_rest_of_a_taker_holds_one(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.order(3, BUY, MARK, 9)
    assert money(venue, 3) == (TEN_THOUSAND - BOND - 5 * MARK * TERMS[2] // 10**6, 1)


@pytest.mark.parametrize("end", ["expired", "stale"])
def test_a_dead_order_can_be_cancelled_for_its_bond(venue: Venue, end: str) -> None:
    venue.order(2, SELL, MARK, 5, expiry=START + 10 if end == "expired" else 0)
    if end == "stale":
        venue.ok("cancel_all", 2)
    venue.pass_time(11)
    venue.ok("cancel", 2, 0)
    assert money(venue, 2) == (TEN_THOUSAND, 0)


def dead(venue: Venue, reason: int) -> None:
    """The best offer is one of account 2 or 8 that must leave for this reason; both have ten thousand coins."""
    venue.deposit(8, TEN_THOUSAND)
    if reason == OVERSIZE:
        venue.ok("open_market", 2, MARK, *terms(largest=50))
        venue.order(2, SELL, MARK, 10, market=2)
        venue.trade(2, 3, MARK - 1, 41, market=2)
        return
    lots = 10**6 if reason == UNDERMARGINED else 5
    venue.order(2, SELL, MARK, lots, expiry=START + 10 if reason == EXPIRED else 0)
    if reason == STALE:
        venue.ok("cancel_all", 2)
    if reason == UNLISTED:
        venue.ok("unlist", 2, 0, 0)
    venue.pass_time(11)


@pytest.mark.parametrize("reason", [EXPIRED, STALE, UNDERMARGINED, UNLISTED, OVERSIZE])
def test_an_order_that_must_leave_pays_the_fund(venue: Venue, reason: int) -> None:
    dead(venue, reason)
    market = 2 if reason == OVERSIZE else 0
    (before, _), (fund, _) = money(venue, 2), money(venue, FUND)
    events = venue.order(4, BUY, MARK, 10**6 if reason == UNDERMARGINED else 10, IOC, market=market)
    assert [e["reason"] for e in of_kind(events, "removed")] == [reason]
    assert money(venue, 2) == (before, 0)
    assert money(venue, FUND) == (fund + BOND, 0)


def test_the_own_order_that_one_meets_returns_its_bond(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    venue.order(2, BUY, MARK, 5, IOC)
    assert money(venue, 2) == (TEN_THOUSAND, 0)
    assert money(venue, FUND) == (0, 0)


def test_what_the_operator_let_grow_old_returns_its_bond(venue: Venue) -> None:
    venue.trade(4, 3, OTHER_MARK, 1, market=1)
    (before, _), (fund, _) = money(venue, 3), money(venue, FUND)
    venue.order(3, SELL, MARK, 5)
    venue.ok("window_update", START + 60_001, START)
    for market in (0, 1):
        venue.ok("margin_update", market)
    venue.ok("oracle_price", 0, MARK)
    venue.order(6, BUY, MARK, 5, IOC)
    assert money(venue, 3) == (before, 0)
    assert money(venue, FUND) == (fund, 0)


def test_a_refused_taker_leaves_the_bonds_where_they_were(venue: Venue) -> None:
    dead(venue, EXPIRED)
    before = money(venue, 2)
    assert venue.code("place", *order(4, BUY, MARK, 5, FOK)) == Code.NOT_FILLED
    assert (money(venue, 2), money(venue, FUND)) == (before, (0, 0))


def test_it_counts_as_equity_and_backs_margin(venue: Venue) -> None:
    """2 % of ten lots is what account 8 has, bonds included; not a quote more is let in."""
    stake = 10 * MARK * 20_001 // 10**6 + 10 * MARK * TERMS[2] // 10**6
    venue.deposit(8, stake)
    for slot in range(10):
        venue.order(8, BUY, MARK - 1_000, 1, slot=slot)
    assert money(venue, 8) == (stake - 10 * BOND, 10)
    assert equity(venue, 8) == stake
    venue.order(2, SELL, MARK, 11)
    assert venue.code("place", *order(8, BUY, MARK, 11, IOC, slot=20)) == Code.UNDERMARGINED
    venue.order(8, BUY, MARK, 10, IOC, slot=20)
    assert venue.get(Position, 8).size == 10
    assert equity(venue, 8) == World.of(venue.engine.entries()).required(8)


def test_it_cannot_be_withdrawn(venue: Venue) -> None:
    venue.order(2, SELL, MARK, 5)
    assert venue.code("withdraw", 2, TEN_THOUSAND - BOND + 1) == Code.INSUFFICIENT_COLLATERAL
    venue.ok("withdraw", 2, TEN_THOUSAND - BOND)
    assert money(venue, 2) == (0, 1)
    assert venue.code("withdraw", 2, 1) == Code.INSUFFICIENT_COLLATERAL
    venue.ok("cancel", 2, 0)
    venue.ok("withdraw", 2, BOND)


def fill_the_fund(venue: Venue) -> None:
    """With the fees of honest trade."""
    for _ in range(2):
        venue.trade(4, 5, MARK, 10_000)
        venue.trade(5, 4, MARK, 10_000)


def bankrupt(venue: Venue) -> None:
    """Account 8 loses all it has and 3,000,000 quote more, a hundred orders at rest. The fund pays what is missing."""
    venue.deposit(8, 5_000_000)
    venue.trade(2, 8, MARK, 400)
    assert venue.code("cover", 8) == Code.HAS_POSITIONS
    venue.mark(580_000)
    for slot in range(100):
        venue.order(8, BUY, MARK // 2, 1, slot=slot)
    debt = -equity(venue, 8)
    assert debt > 0
    (event,) = of_kind(venue.ok("deleverage", 8, 0), "deleveraged")
    assert (event["paid"], event["shared"]) == (debt, 0)


def test_no_debt_hides_money_in_bonds(venue: Venue) -> None:
    """Orders placed after the gap: the fund pays what the account is short of beyond its bonds; they pay the rest."""
    fill_the_fund(venue)
    bankrupt(venue)
    assert venue.code("cover", 8) == Code.NOT_BANKRUPT
    assert money(venue, 8) == (-100 * BOND, 100)
    assert equity(venue, 8) == 0
    for slot in range(100):
        venue.ok("cancel", 8, slot)
    assert money(venue, 8) == (0, 0)


def test_bonds_that_the_fund_took_cover_their_account(venue: Venue) -> None:
    """What it got from a covered account's orders it may have to give for that account, and not a quote more."""
    fill_the_fund(venue)
    bankrupt(venue)
    fund, _ = money(venue, FUND)
    removed = of_kind(venue.order(6, SELL, MARK // 2, 1, IOC), "removed")
    assert [e["reason"] for e in removed] == [STALE] * 100
    assert (money(venue, FUND)[0], equity(venue, 8)) == (fund + 100 * BOND, -100 * BOND)
    venue.ok("cover", 8)
    assert (money(venue, FUND)[0], money(venue, 8)) == (fund, (0, 0))

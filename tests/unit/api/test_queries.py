"""Questions about the state: decoded as the rules left it, with what could not fill left out."""

from __future__ import annotations

from dataclasses import asdict, astuple, replace

import msgspec
import pytest

from kedge.api.queries import Announced, Level, read_account, read_book, read_market
from kedge.rules import BOND
from kedge.units.errors import Rejected
from tests.unit.exchange import BUY, GENESIS, IOC, MARK, SELL, STAKE, TERMS, Exchange


def test_an_account_with_a_position_and_orders(exchange: Exchange) -> None:
    exchange.place(2, 0, SELL, MARK + 10, 30)
    exchange.place(3, 7, BUY, MARK - 5, 5)
    exchange.place(3, 8, BUY, MARK + 10, 20, IOC)
    taker = exchange.ask(lambda get: read_account(get, 3))
    fee = -(-(MARK + 10) * 20 * 500 // 10**6)
    assert (taker.collateral, taker.bonded) == (STAKE - fee - BOND, BOND)
    assert taker.owner == "0x" + "00" * 19 + "03"
    (position,) = taker.positions
    assert (position.market, position.size, position.cost, position.mark) == (0, 20, 20 * (MARK + 10), MARK)
    assert position.result == -200
    assert [(order.slot, order.side, order.price, order.remaining) for order in taker.orders] == [
        (7, "buy", MARK - 5, 5)
    ]
    assert (taker.orders[0].expiry, taker.dead) == (None, [])
    maker = exchange.ask(lambda get: read_account(get, 2))
    assert [(order.slot, order.remaining) for order in maker.orders] == [(0, 10)]
    assert maker.positions[0].size == -20


def test_orders_that_can_no_longer_fill_hold_their_bonds(exchange: Exchange) -> None:
    exchange.place(2, 0, SELL, MARK + 10, 30)
    exchange.state("cancel_all", 2)
    exchange.place(2, 1, SELL, MARK + 11, 30)
    found = exchange.ask(lambda get: read_account(get, 2))
    assert ([order.slot for order in found.orders], [order.slot for order in found.dead]) == ([1], [0])
    assert (found.collateral, found.bonded) == (STAKE - 2 * BOND, 2 * BOND)


def test_the_fund_is_an_account_and_strangers_are_not(exchange: Exchange) -> None:
    assert exchange.ask(lambda get: read_account(get, 1)).owner is None
    for number in (5, 2**24, 2**40):
        with pytest.raises(Rejected) as refused:
            exchange.ask(lambda get, number=number: read_account(get, number))  # type: ignore[misc]
        assert refused.value.code == 1509


def test_a_book_by_levels_best_first(exchange: Exchange) -> None:
    for slot, (price, size) in enumerate(((MARK + 3, 5), (MARK + 1, 2), (MARK + 3, 7), (MARK + 2, 1))):
        exchange.place(2, slot, SELL, price, size)
    exchange.place(3, 0, BUY, MARK - 1, 4)
    book = exchange.ask(lambda get: read_book(get, 0, 10))
    assert book.asks == [Level(MARK + 1, 2, 1), Level(MARK + 2, 1, 1), Level(MARK + 3, 12, 2)]
    assert book.bids == [Level(MARK - 1, 4, 1)]
    assert book.complete
    short = exchange.ask(lambda get: read_book(get, 0, 3))
    assert short.asks[-1] == Level(MARK + 3, 5, 1)
    assert not short.complete
    market = exchange.ask(lambda get: read_market(get, 0))
    assert (market.best_bid, market.best_ask, market.mark, market.terms["sigma"]) == (MARK - 1, MARK + 1, MARK, 40_000)


def test_a_market_with_what_is_announced_for_it(exchange: Exchange) -> None:
    market = exchange.ask(lambda get: read_market(get, 0))
    assert (market.terms, market.announced) == (asdict(TERMS), None)
    assert (market.margin_rate, market.kept_rate, market.slope, market.open_interest) == (20_000, 20_000, 100, 0)
    later = replace(TERMS, floor=30_000, cap=7)
    exchange.state("announce", 0, *astuple(later))
    exchange.place(2, 0, SELL, MARK, 5)
    exchange.place(3, 0, BUY, MARK, 3)
    market = exchange.ask(lambda get: read_market(get, 0))
    assert market.terms == asdict(TERMS)
    assert market.announced == Announced(GENESIS + 3_601_000, asdict(later))
    assert market.open_interest == 3


def test_orders_that_cannot_fill_are_left_out(exchange: Exchange) -> None:
    exchange.place(2, 0, SELL, MARK + 1, 5, expiry=GENESIS + 2_000)
    exchange.place(3, 0, SELL, MARK + 2, 5)
    exchange.place(4, 0, SELL, MARK + 3, 5)
    exchange.state("cancel_all", 3)
    exchange.state("window_update", GENESIS + 3_000, GENESIS)
    book = exchange.ask(lambda get: read_book(get, 0, 10))
    assert book.asks == [Level(MARK + 3, 5, 1)]
    assert exchange.ask(lambda get: read_account(get, 2)).orders == []
    assert exchange.ask(lambda get: read_account(get, 3)).orders == []


def test_a_market_that_is_not_open_has_a_number(exchange: Exchange) -> None:
    for number in (1, 511, 512, 2**30):
        with pytest.raises(Rejected) as refused:
            exchange.ask(lambda get, number=number: read_book(get, number, 5))  # type: ignore[misc]
        assert refused.value.code == 1510


def test_what_deleveraging_closed_is_gone_before_the_state_applies_it(exchange: Exchange) -> None:
    """Account 3 buys 60,000 lots of account 2 and goes bankrupt; account 4's 10,000 are what account 2 is short of
    then."""
    exchange.place(2, 0, SELL, MARK, 70_000)
    exchange.place(3, 0, BUY, MARK, 60_000, IOC)
    exchange.place(4, 0, BUY, MARK, 10_000, IOC)
    fallen = MARK * 97 // 100
    exchange.state("oracle_price", 0, fallen)
    exchange.state("deleverage", 3, 0)
    seen, market = exchange.ask(lambda get: (read_account(get, 2), read_market(get, 0)))
    assert (market.deleveraged, market.open_interest, market.fund.size) == (1, 10_000, 60_000)
    (position,) = seen.positions
    assert (position.size, position.mark, position.adjust) == (-10_000, fallen, True)
    debt = 60_000 * (MARK - fallen) - STAKE + (fee := -(-60_000 * MARK * 500 // 10**6))
    fund = fee + -(-10_000 * MARK * 500 // 10**6) + 70_000 * MARK * 200 // 10**6
    shared = -(-(debt - fund) // 60_000)
    gain = 70_000 * MARK - 10_000 * fallen - 60_000 * (fallen + shared)
    assert (seen.collateral, position.result) == (STAKE - 70_000 * MARK * 200 // 10**6, gain)
    exchange.state("adjust", 2, 0)
    after, market = exchange.ask(lambda get: (read_account(get, 2), read_market(get, 0)))
    assert after == msgspec.structs.replace(seen, positions=[msgspec.structs.replace(position, adjust=False)])
    assert market.fund.size == 0
    assert exchange.ask(lambda get: read_account(get, 1)).collateral == 0

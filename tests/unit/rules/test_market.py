"""open_market, parameter_update and oracle_price."""

from __future__ import annotations

import pytest

from kedge.rules import Book, Code, Market, Parameters
from tests.unit.rules.venue import MARK, START, TERMS, Venue


def test_a_new_market_has_an_empty_book_and_its_floor_as_rate() -> None:
    venue = Venue().open()
    market, parameters, book = (venue.get(record, 0, 1) for record in (Market, Parameters, Book))
    assert (market.mark, market.rate, market.updated, market.funding) == (30_000, 20_000, START, 0)
    assert (market.minimum, market.maker_fee, market.taker_fee, market.slope) == TERMS[:4]
    assert (parameters.floor, parameters.sigma, parameters.z, parameters.delay, parameters.ramp) == TERMS[4:]
    assert vars(book) == {"bid": 0, "bid_price": 0, "ask": 0, "ask_price": 2**28}


def test_parameters_change_and_the_rate_does_not() -> None:
    venue = Venue().open()
    terms = (9, 1, 2, 3, 90_000, 5, 6, 7, 8)
    assert venue.ok("parameter_update", 0, *terms) == []
    market, parameters = venue.get(Market, 0), venue.get(Parameters, 0)
    assert (market.minimum, market.maker_fee, market.taker_fee, market.slope, market.rate) == (9, 1, 2, 3, 20_000)
    assert (parameters.floor, parameters.sigma, parameters.z, parameters.delay, parameters.ramp) == (90_000, 5, 6, 7, 8)


@pytest.mark.parametrize("mark", [MARK, MARK + MARK // 5, MARK - MARK // 5])
def test_the_mark_moves_by_up_to_a_fifth(mark: int) -> None:
    venue = Venue().open()
    assert venue.ok("oracle_price", 0, mark) == [("marked", [0, mark])]


@pytest.mark.parametrize("mark", range(1, 8))
def test_a_low_mark_can_always_move_by_a_tick(mark: int) -> None:
    venue = Venue()
    venue.ok("open_market", 0, mark, *TERMS)
    venue.ok("oracle_price", 0, mark + 1)
    venue.ok("oracle_price", 0, mark)
    reach = -(-mark // 5)
    assert venue.code("oracle_price", 0, mark + reach + 1) == Code.PRICE_JUMP

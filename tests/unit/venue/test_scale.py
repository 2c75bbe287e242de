"""The tick and lot of a recorded market follow the stated rule."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kedge.units.quantities import QUOTE
from kedge.venue.market import Market, MarketTerms
from kedge.venue.orders import PRICE_LIMIT, SIZE_LIMIT
from kedge.venue.scale import Converter, Span, build_market, choose_tick_places


def span(*values: str) -> Span:
    made = Span()
    for value in values:
        made.add(Decimal(value))
    return made


@pytest.mark.parametrize(
    ("prices", "sizes", "tick_places"),
    [
        (("61800.30", "61590.1"), ("0.001", "46.000"), 3),  # three decimals of size leave three for the tick
        (("7.858", "2"), ("1", "11450"), 6),  # whole contracts: the lot is one contract
        (("61845.0",), ("2011",), 3),  # the price bound takes digits from the tick
        (("2684.85",), ("10000",), 4),
        (("0.00001234",), ("5000000",), 8),  # a tick below 1e-6 makes lots of a hundred
        (("122590.01",), ("0.00001",), 2),  # both do not fit: the price keeps its places
    ],
)
def test_rule(prices: tuple[str, ...], sizes: tuple[str, ...], tick_places: int) -> None:
    assert choose_tick_places(span(*prices), span(*sizes)) == tick_places


def test_what_does_not_fit_is_rounded_half_even_and_counted() -> None:
    converter = Converter(4)
    assert [converter.size(Decimal(text)) for text in ("0.01", "0.025", "0.035", "0.001")] == [1, 2, 4, 1]
    assert converter.rounded_sizes == 3
    assert converter.price(Decimal("1.00005")) == 10_000
    assert converter.rounded_prices == 1


def test_no_scale_holds_an_absurd_trade() -> None:
    assert choose_tick_places(span("100000000"), span("100000000")) is None
    assert build_market(0, "X", span("100000000"), span("100000000"), Decimal(1), MarketTerms()) is None


def test_tick_times_lot_is_one_quote_and_text_is_exact() -> None:
    market = Market(0, "X", 3, 61_800_300, price_places=2, size_places=3)
    assert Decimal(10) ** -market.tick_places * Decimal(10) ** -market.lot_places * QUOTE == 1
    assert market.price_text(61_800_300) == "61800.30"
    assert market.price_text(61_800_305) == "61800.305"
    assert market.size_text(46_000) == "46.000"
    assert Market(0, "X", 6, 1).size_text(1_900) == "1900"
    assert Market(0, "X", 8, 1).size_text(50) == "5000"
    assert PRICE_LIMIT == 2**28
    assert SIZE_LIMIT == 2**30

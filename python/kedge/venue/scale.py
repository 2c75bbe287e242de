"""Which tick and lot a recorded market gets. The rule, in full:

1. tick x lot = 1e-6 of the collateral coin always, so one number decides: tick = 10^-t coins, lot = 10^-(6-t) units.
2. t must keep the highest price within 2^27 ticks and the largest size within 2^28 lots (half and a quarter of the
   rules' bounds, so that prices may double and positions may build up).
3. Among those: the t that loses no decimal of any price; then the one that loses no decimal of any size; then the
   largest, which makes lots coarse and positions small in lots.
4. Where no t keeps both, prices keep more of their decimals than sizes. What does not fit is rounded half to even,
   never below one tick or one lot, and counted. A price below half a tick is no rounded one: there is no scale then.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from kedge.units import QUOTE_PLACES
from kedge.venue.market import Market, MarketTerms
from kedge.venue.orders import PRICE_LIMIT, SIZE_LIMIT

PRICE_ROOM: Final = PRICE_LIMIT >> 1
SIZE_ROOM: Final = SIZE_LIMIT >> 2
_COARSEST_TICK: Final = -4
_HALF: Final = Decimal("0.5")


@dataclass(slots=True)
class Span:
    """What one market's column of values needs: decimals that carry a digit, decimals written, and the extremes."""

    places: int = 0
    lowest: Decimal = Decimal("Infinity")
    highest: Decimal = Decimal(0)
    shown: int | None = None
    _uniform: bool = True

    def add(self, value: Decimal) -> None:
        """Take one more value into account."""
        written = _places(value)
        if written > self.places:
            self.places = max(self.places, _places(value.normalize()))
        if self._uniform and written != self.shown:
            self._uniform = self.shown is None
            self.shown = written if self._uniform else None
        self.lowest = min(self.lowest, value)
        self.highest = max(self.highest, value)


@dataclass(slots=True)
class Converter:
    """Decimals of one market to ticks and lots; counts what had to be rounded."""

    tick_places: int
    rounded_prices: int = 0
    rounded_sizes: int = 0

    def price(self, value: Decimal) -> int:
        """Price in ticks."""
        ticks, exact = _convert(value, self.tick_places)
        self.rounded_prices += not exact
        return ticks

    def size(self, value: Decimal) -> int:
        """Size in lots."""
        lots, exact = _convert(value, QUOTE_PLACES - self.tick_places)
        self.rounded_sizes += not exact
        return lots


def choose_tick_places(prices: Span, sizes: Span) -> int | None:
    """The t of the rule above; None if no scale holds the largest price and size."""
    finest = max(QUOTE_PLACES, prices.places)
    fitting = [t for t in range(_COARSEST_TICK, finest + 1) if _fits(t, prices, sizes)]
    if not fitting:
        return None
    return min(fitting, key=lambda t: (max(0, prices.places - t), max(0, sizes.places - (QUOTE_PLACES - t)), -t))


def build_market(
    index: int, name: str, prices: Span, sizes: Span, opening: Decimal, terms: MarketTerms
) -> Market | None:
    """The market that holds a recorded tape; None if no scale holds its prices and its largest size."""
    places = choose_tick_places(prices, sizes)
    if places is None or prices.lowest.scaleb(places) < _HALF:
        return None
    mark = Converter(places).price(opening)
    return Market(index, name, places, mark, terms, prices.shown, sizes.shown)


def _fits(t: int, prices: Span, sizes: Span) -> bool:
    return prices.highest.scaleb(t) <= PRICE_ROOM and sizes.highest.scaleb(QUOTE_PLACES - t) <= SIZE_ROOM


def _places(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))


def _convert(value: Decimal, places: int) -> tuple[int, bool]:
    scaled = value.scaleb(places)
    whole = scaled.to_integral_value(ROUND_HALF_EVEN)
    return max(1, int(whole)), whole == scaled and whole >= 1

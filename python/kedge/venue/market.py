"""A market as an operator lists it: its name, its scale, and its margin and fee terms.

Scale rule of the exchange: tick x lot = 1 quote = 1e-6 of the collateral coin. A market with a tick of 10^-t coins
therefore has a lot of 10^-(6-t) units, and both directions between decimals and integers are exact.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field

from kedge.units import QUOTE_PLACES, decimal_text
from kedge.venue.orders import Transaction


@dataclass(frozen=True, slots=True)
class MarketTerms:
    """Arguments of `open_market` after the mark, and of `announce`, in their order.

    `minimum`, `largest` (of a position) and `cap` (of open interest) in lots; fees, a liquidator's `penalty`, the
    `tolerance` of reductions, the price `band`, `floor` and `sigma` (per square root of a day) in ppm; `z` thousandths;
    `delay` ms; `ramp` ppm per second; `slope` ppm per 2^20 lots.
    """

    minimum: int = 1
    maker_fee: int = 100
    taker_fee: int = 400
    penalty: int = 5_000
    tolerance: int = 10_000
    band: int = 100_000
    largest: int = 2**30 - 1
    cap: int = 2**48 - 1
    floor: int = 25_000
    sigma: int = 60_000
    z: int = 5_000
    delay: int = 4_000
    ramp: int = 2_000
    slope: int = 1_000


@dataclass(frozen=True, slots=True)
class Market:
    """A market: `tick_places` t gives a tick of 10^-t coins and a lot of 10^-(6-t) units.

    `mark` is the opening price in ticks. `price_places` and `size_places` are the decimals written in text; None
    writes as few as the value needs.
    """

    index: int
    name: str
    tick_places: int
    mark: int
    terms: MarketTerms = field(default_factory=MarketTerms)
    price_places: int | None = None
    size_places: int | None = None

    @property
    def lot_places(self) -> int:
        """Decimal places of the lot."""
        return QUOTE_PLACES - self.tick_places

    def price_text(self, ticks: int) -> str:
        """Price as exact decimal text."""
        return decimal_text(ticks, self.tick_places, self.price_places)

    def size_text(self, lots: int) -> str:
        """Size as exact decimal text, without sign change."""
        return decimal_text(lots, self.lot_places, self.size_places)

    def opening(self) -> Transaction:
        """The `open_market` transaction."""
        return "open_market", [self.index, self.mark, *astuple(self.terms)]

"""A10: what it costs a contract to settle on marks. One front for barriers, lookbacks, averages and accumulators.

For each contract the price on equally spaced marks (exact, by recursion), the same by the 0.5826 correction, and the
price if every instant counted; the resolution cost is the first less the last. Settlement resolution is a contract
term: it belongs on the term sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kedge.risk import accumulator, asian, barriers, lookbacks
from kedge.risk.accumulator import Accumulator
from kedge.risk.barriers import Barrier
from kedge.risk.checks import calibrated, count, one_of, positive
from kedge.risk.errors import OUT_OF_DOMAIN, WINDOW_TOO_LONG
from kedge.risk.underlying import Underlying
from kedge.risk.vanilla import price_on_average

KNOCKS: Final = tuple(
    f"{side}-and-{kind}-{right}" for side in ("up", "down") for kind in ("out", "in") for right in ("call", "put")
)
CONTRACTS: Final = (
    *KNOCKS,
    "lookback-put",
    "lookback-call",
    "asian-call",
    "asian-put",
    "twap-call",
    "twap-put",
    "accumulator",
)


@dataclass(frozen=True)
class Terms:
    """A contract: its kind (one of CONTRACTS), expiry in seconds and what its kind needs, without defaults.

    `level`: barrier; `window`: seconds of averaging up to expiry (twap); `fixings`, `gear`: purchases (accumulator).
    """

    contract: str
    expiry: float
    strike: float | None = None
    level: float | None = None
    window: float | None = None
    fixings: int | None = None
    gear: float = 1.0

    def __post_init__(self) -> None:
        one_of(self.contract, CONTRACTS, "contract")
        positive(self.expiry, "expiry")


@dataclass(frozen=True)
class Resolution:
    """Prices of one contract on one grid, in the currency of the spot; None where no formula holds."""

    marks: int
    interval: float
    exact: float
    corrected: float | None
    continuous: float | None

    @property
    def cost(self) -> float | None:
        """Price on marks less the continuous price: what the holder gains (+) or loses (-) by the resolution."""
        return None if self.continuous is None else self.exact - self.continuous


def count_marks(expiry: float, interval: float, span: float | None = None) -> int:
    """How many marks of `interval` seconds lie in the span (by default the whole life); 1408 unless they fill it.

    An interval longer than the span is refused as such (1407).
    """
    whole = expiry if span is None else span
    if positive(interval, "interval") > whole * (1.0 + 1e-9):
        raise WINDOW_TOO_LONG.reject(f"interval = {interval} s, there are {whole} s to sample")
    marks = round(whole / interval)
    if abs(marks * interval - whole) > 1e-6 * whole:
        raise OUT_OF_DOMAIN.reject(f"{whole} s are no whole number of intervals of {interval} s")
    return marks


def price(underlying: Underlying, terms: Terms, interval: float) -> Resolution:
    """Prices on marks every `interval` seconds. Averages take the marks of their window, all others of their life."""
    span = calibrated(terms.window, "window") if terms.contract.startswith("twap") else None
    marks = count_marks(terms.expiry, interval, span)
    kind = terms.contract.partition("-")[0]
    table = {"lookback": _lookback, "asian": _average, "twap": _twap, "accumulator": _accumulator}
    exact, corrected, continuous = table.get(kind, _barrier)(underlying, terms, marks)
    return Resolution(marks, interval, exact, corrected, continuous)


def price_grid(underlying: Underlying, terms: Terms, intervals: Sequence[float]) -> list[Resolution]:
    """`price` for each interval."""
    return [price(underlying, terms, interval) for interval in intervals]


_Prices = tuple[float, float | None, float | None]


def _barrier(underlying: Underlying, terms: Terms, marks: int) -> _Prices:
    side, _, rest = terms.contract.partition("-and-")
    kind, _, right = rest.partition("-")
    option = Barrier(
        calibrated(terms.strike, "strike"),
        calibrated(terms.level, "barrier"),
        terms.expiry,
        right == "call",
        side == "up",
        "out" if kind == "out" else "in",
    )
    exact = barriers.price_marked(underlying, option, marks)
    if underlying.jumps is not None:
        return exact, None, None
    return exact, barriers.price_corrected(underlying, option, marks), barriers.price_continuous(underlying, option)


def _lookback(underlying: Underlying, terms: Terms, marks: int) -> _Prices:
    put = terms.contract == "lookback-put"
    exact = lookbacks.price_marked(underlying, terms.expiry, marks, put=put)
    if underlying.jumps is not None:
        return exact, None, None
    corrected = lookbacks.price_corrected(underlying, terms.expiry, marks, put=put)
    return exact, corrected, lookbacks.price_continuous(underlying, terms.expiry, put=put)


def _average(underlying: Underlying, terms: Terms, marks: int) -> _Prices:
    strike, call = calibrated(terms.strike, "strike"), terms.contract == "asian-call"
    exact = asian.price_asian(underlying, strike, terms.expiry, marks, call)
    return exact, None, asian.price_continuous(underlying, strike, terms.expiry, call)


def _twap(underlying: Underlying, terms: Terms, marks: int) -> _Prices:
    strike, call, window = (
        calibrated(terms.strike, "strike"),
        terms.contract == "twap-call",
        calibrated(terms.window, "window"),
    )
    exact = asian.price_twap(underlying, strike, terms.expiry, window, marks, call)
    if underlying.jumps is not None:
        return exact, None, None
    return exact, None, price_on_average(underlying, strike, terms.expiry, window, call)


def _accumulator(underlying: Underlying, terms: Terms, marks: int) -> _Prices:
    contract = Accumulator(
        calibrated(terms.strike, "strike"),
        calibrated(terms.level, "barrier"),
        terms.expiry,
        count(int(calibrated(terms.fixings, "fixings")), "fixings"),
        terms.gear,
    )
    exact = accumulator.price_marked(underlying, contract, marks)
    if underlying.jumps is not None:
        return exact, None, None
    corrected = accumulator.price_continuous(underlying, contract, marks)
    return exact, corrected, accumulator.price_continuous(underlying, contract)

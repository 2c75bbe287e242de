"""Quantities with units, as people write them on a command line or in a TOML file.

`"12s"`, `"1h"`, `"5bp"`, `"1.25%"`, `"60%/yr"`, `"5%/day"`, `"200/yr"`, `"$100M"`, `"13.125 BTC"`. A quantity without a
unit, or with a unit of another kind, is refused (1405): nothing is guessed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final
from unicodedata import category

from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import (
    MIXED_CURRENCIES,
    NEGATIVE_VOLATILITY,
    NOT_A_NUMBER,
    NOT_POSITIVE,
    OUT_OF_DOMAIN,
    UNKNOWN_CURRENCY,
    UNKNOWN_UNIT,
)
from kedge.show import format_figure

TIMES: Final = {
    "ms": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "slot": 12.0,
    "slots": 12.0,
    "min": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "d": 86_400.0,
    "day": 86_400.0,
    "days": 86_400.0,
    "w": 604_800.0,
    "week": 604_800.0,
    "yr": YEAR_SECONDS,
    "year": YEAR_SECONDS,
}
FRACTIONS: Final = {"%": 1e-2, "bp": 1e-4, "bps": 1e-4, "ppm": 1e-6}
SCALES: Final = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6, "bn": 1e9, "B": 1e9}
SIGNS: Final = {"$": "USD", "€": "EUR", "£": "GBP"}
_SMALLEST: Final = 1e-9
_LONGEST: Final = 1_000 * YEAR_SECONDS
_LARGEST, _MOST = 1e6, 1e18
"""The largest fraction or rate, and the most money: formulas square what they are given, and more."""
_QUANTITY: Final = re.compile(
    r"^\s*([+-]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?nan|[+-]?inf)\s*(.*?)\s*$", re.I
)
_AMOUNT: Final = re.compile(r"^(?P<scale>bn|[kKMmB])?(?:(?:^|\s+)(?P<currency>[A-Z][A-Za-z0-9]{1,7}))?$")


@dataclass(frozen=True)
class Amount:
    """Money with the name of its currency; sums of different currencies are refused (1406)."""

    value: float
    currency: str

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.value + other.to(self.currency), self.currency)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.value - other.to(self.currency), self.currency)

    def __mul__(self, factor: float) -> Amount:
        return Amount(self.value * factor, self.currency)

    def to(self, currency: str) -> float:
        """The number, provided that the currency is this one: no rate of exchange is invented."""
        if currency != self.currency:
            raise MIXED_CURRENCIES.reject(f"{self} where {currency} is needed")
        return self.value

    def __str__(self) -> str:
        return f"{self.value:,.10g} {self.currency}"


def _split(text: str, name: str) -> tuple[float, str]:
    found = _QUANTITY.match(str(text))
    if found is None:
        raise NOT_A_NUMBER.reject(f"{name} = {text!r}")
    value = float(found.group(1).replace(",", "").replace("_", ""))
    if not math.isfinite(value):
        raise NOT_A_NUMBER.reject(f"{name} = {text!r}")
    return value, found.group(2)


def _bounded(value: float, most: float, unit: str, text: str, name: str) -> float:
    """A quantity of a size that there is; far beyond, formulas give infinities or nothing at all."""
    if value and not _SMALLEST <= abs(value) <= most:
        raise OUT_OF_DOMAIN.reject(f"{name} = {text!r} must be 0 or between {_SMALLEST:g} and {most:g}{unit}")
    return value


def _unit(unit: str, known: dict[str, float], text: str, name: str) -> float:
    if unit not in known:
        shown = repr(unit) if unit else "no unit"
        raise UNKNOWN_UNIT.reject(f"{name} = {text!r} has {shown}; known: {', '.join(k for k in known if k)}")
    return known[unit]


def time(text: str, name: str = "time") -> float:
    """Seconds, not negative: `"250ms"`, `"12s"`, `"15min"`, `"4h"`, `"1d"`, `"3slots"`."""
    value, unit = _split(text, name)
    seconds = value * _unit(unit, TIMES, text, name)
    if seconds < 0.0:
        raise NOT_POSITIVE.reject(f"{name} = {text!r} must not be below 0")
    return _bounded(seconds, _LONGEST, " s", text, name)


def times(text: str, name: str = "times") -> list[float]:
    """Seconds of a list separated by commas: `"12s,1min,1h"`."""
    return [time(part, name) for part in text.split(",")]


def counts(text: str, name: str = "counts") -> list[int]:
    """Whole numbers of a list separated by commas: `"4,8,16"`."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise NOT_A_NUMBER.reject(f"{name} = {text!r}") from error


def fraction(text: str, name: str = "fraction") -> float:
    """A plain number: `"1.25%"`, `"5bp"`, `"100ppm"`; a bare number such as `"0.0125"` is a fraction already."""
    return _bounded(_plain(text, name), _LARGEST, "", text, name)


def _plain(text: str, name: str) -> float:
    value, unit = _split(text, name)
    return value * _unit(unit, {"": 1.0, **FRACTIONS}, text, name)


def _per(text: str, name: str) -> tuple[str, float]:
    head, slash, period = str(text).rpartition("/")
    if not slash:
        raise UNKNOWN_UNIT.reject(f"{name} = {text!r} has no period; write /yr, /day, /h or /s after it")
    return head, YEAR_SECONDS / _unit(period.strip(), TIMES, text, name)


def rate(text: str, name: str = "rate") -> float:
    """Per year: `"200/yr"`, `"5%/day"`, `"3/h"`."""
    head, periods = _per(text, name)
    return _bounded(_plain(head, name) * periods, _LARGEST, " a year", text, name)


def volatility(text: str, name: str = "volatility") -> float:
    """Annual volatility: `"60%/yr"` is 0.6; `"5%/day"` is 0.05 sqrt(365.25), for deviations grow with the root."""
    head, periods = _per(text, name)
    value = _bounded(_plain(head, name) * math.sqrt(periods), _LARGEST, " a year", text, name)
    if value < 0.0:
        raise NEGATIVE_VOLATILITY.reject(f"{name} = {text!r}")
    return value


def _take_sign(text: str, name: str) -> tuple[str, str | None]:
    """The text without the sign of a currency before or after it, and the currency."""
    signs = [letter for letter in text if category(letter) == "Sc"]
    if not signs:
        return text, None
    sign, bare = signs[0], text.replace(signs[0], "", 1)
    if not text.lstrip("+-").startswith(sign) and not text.endswith(sign):
        raise NOT_A_NUMBER.reject(f"{name} = {text!r}")
    if sign not in SIGNS or len(signs) > 1:
        known = ", ".join(f"{key} is {value}" for key, value in SIGNS.items())
        raise UNKNOWN_CURRENCY.reject(f"{name} = {text!r}: {sign!r}; {known}, others by their letters, as in 100 JPY")
    return bare, SIGNS[sign]


def amount(text: str, name: str = "amount") -> Amount:
    """Money: `"$100M"`, `"€250k"`, `"100M USD"`, `"13.125 BTC"`, `"250k USDC"`; the currency must be written.

    Refuses (1416) a sign that names no currency or one of several: `"¥100"` is yen or yuan.
    """
    bare, signed = _take_sign(str(text).strip(), name)
    value, unit = _split(bare, name)
    found = _AMOUNT.match(unit)
    written = found.group("currency") if found else None
    currency = written or signed
    if found is None or currency is None or (signed and currency != signed):
        raise UNKNOWN_UNIT.reject(f"{name} = {text!r} has no currency; write $100M, 100M USD or 13.125 BTC")
    return Amount(_bounded(value * SCALES[found.group("scale") or ""], _MOST, f" {currency}", text, name), currency)


def show_time(seconds: float) -> str:
    """Seconds as people say them: `"12 s"`, `"15 min"`, `"4 h"`."""
    for size, unit in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")):
        if seconds >= size and (unit != "d" or seconds >= 2 * size):
            return f"{format_figure(seconds / size)} {unit}"
    return f"{format_figure(seconds * 1e3)} ms"

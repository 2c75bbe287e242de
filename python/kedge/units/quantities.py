"""The scaled integers that every room counts in, and how they are written as decimals.

Prices are in ticks, sizes in lots, money in quote (1e-6 of the collateral coin), rates in ppm, times in milliseconds.
Tick x lot = 1 quote always. The intervals that bound them are in `kedge.rules`, where the machine checks them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

QUOTE_PLACES: Final = 6
"""Decimal places of quote in one coin of collateral."""
QUOTE: Final = 10**QUOTE_PLACES
PPM: Final = 1_000_000
"""Parts per million: the unit of every rate."""


def decimal_text(value: int, places: int, shown: int | None = None) -> str:
    """`value` x 10^-`places` as exact decimal text: as few decimals as it needs, or at least `shown`."""
    exact = Decimal(value).scaleb(-places)
    text = f"{exact:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if shown is None or len(text.partition(".")[2]) >= shown:
        return text
    return f"{exact:.{shown}f}"

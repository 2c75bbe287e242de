"""The markets an operator wants, from the text of a TOML file."""

from __future__ import annotations

import tomllib
from typing import Final

import msgspec

from kedge.units import Refusal
from kedge.venue.market import Market, MarketTerms

BAD_MARKETS_FILE: Final = Refusal(1511, "BAD_MARKETS_FILE", "the markets file cannot be used")
VENUE_REFUSALS: Final = (BAD_MARKETS_FILE,)
EXAMPLES: Final = (
    Market(0, "BTC-PERP", 1, 617_500, MarketTerms(minimum=10)),
    Market(1, "ETH-PERP", 2, 268_150, MarketTerms(minimum=10)),
)
"""Opened on the development chain unless a file says otherwise."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One [[market]]: number, name, decimal places of the tick (0 to 6), opening mark in ticks; more is optional."""

    number: int
    name: str
    tick_places: int
    mark: int
    minimum: int = 1
    maker_fee: int = 100
    taker_fee: int = 400
    slope: int = 1_000
    floor: int = 25_000
    sigma: int = 60_000
    z: int = 5_000
    delay: int = 4_000
    ramp: int = 2_000


class _File(msgspec.Struct, forbid_unknown_fields=True):
    market: list[_Entry] = []


def read_markets(text: str) -> tuple[Market, ...]:
    """The markets of a file's text; BAD_MARKETS_FILE with the reason otherwise. Bounds are the rules' to check."""
    try:
        entries = msgspec.convert(tomllib.loads(text), _File).market
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise BAD_MARKETS_FILE.reject(str(error)) from None
    if len({entry.number for entry in entries}) != len(entries):
        raise BAD_MARKETS_FILE.reject("two markets have the same number")
    for entry in entries:
        if not 0 <= entry.tick_places <= 6 or not entry.name.isprintable() or not 0 < len(entry.name) <= 40:
            raise BAD_MARKETS_FILE.reject(
                f"market {entry.number}: tick_places must be 0 to 6, its name 1 to 40 letters"
            )
    return tuple(_market(entry) for entry in entries)


def _market(entry: _Entry) -> Market:
    terms = {name: getattr(entry, name) for name in MarketTerms.__dataclass_fields__}
    return Market(entry.number, entry.name, entry.tick_places, entry.mark, MarketTerms(**terms))

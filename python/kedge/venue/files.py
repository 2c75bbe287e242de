"""The markets an operator wants, from the text of a TOML file."""

from __future__ import annotations

import tomllib
from typing import Any, Final

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
    """One [[market]] without its terms: number, name, decimal places of the tick (0 to 6), opening mark in ticks."""

    number: int
    name: str
    tick_places: int
    mark: int


class _File(msgspec.Struct, forbid_unknown_fields=True):
    market: list[dict[str, Any]] = []


def read_markets(text: str) -> tuple[Market, ...]:
    """The markets of a file's text; BAD_MARKETS_FILE with the reason otherwise. Bounds are the rules' to check."""
    try:
        tables = msgspec.convert(tomllib.loads(text), _File).market
        markets = tuple(_market(table) for table in tables)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise BAD_MARKETS_FILE.reject(str(error)) from None
    if len({market.index for market in markets}) != len(markets):
        raise BAD_MARKETS_FILE.reject("two markets have the same number")
    for market in markets:
        if not 0 <= market.tick_places <= 6 or not market.name.isprintable() or not 0 < len(market.name) <= 40:
            raise BAD_MARKETS_FILE.reject(
                f"market {market.index}: tick_places must be 0 to 6, its name 1 to 40 letters"
            )
    return markets


def _market(table: dict[str, Any]) -> Market:
    """A market of its table; terms that are not given are those of `MarketTerms`."""
    names = MarketTerms.__dataclass_fields__
    terms = msgspec.convert({name: table[name] for name in names if name in table}, MarketTerms)
    entry = msgspec.convert({name: value for name, value in table.items() if name not in names}, _Entry)
    return Market(entry.number, entry.name, entry.tick_places, entry.mark, terms)

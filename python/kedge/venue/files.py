"""The markets an operator wants, from the text of a TOML file."""

from __future__ import annotations

import tomllib
from typing import Any, Final

import msgspec

from kedge.rules import rules
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
    """The markets of a file's text; BAD_MARKETS_FILE with the reason otherwise, such as terms that the rules refuse."""
    try:
        tables = msgspec.convert(tomllib.loads(text.removeprefix("\ufeff")), _File).market
        markets = tuple(_market(table) for table in tables)
    except (ValueError, RecursionError) as error:  # a number of more digits than Python reads is a bare ValueError
        raise BAD_MARKETS_FILE.reject(str(error)) from None
    for name, kept in (("number", [m.index for m in markets]), ("name", [m.name for m in markets])):
        if len(set(kept)) != len(kept):
            raise BAD_MARKETS_FILE.reject(f"two markets have the same {name}")
    for market in markets:
        named = market.name.strip() == market.name and market.name.isprintable() and 0 < len(market.name) <= 40
        if not 0 <= market.tick_places <= 6 or not named:
            raise BAD_MARKETS_FILE.reject(
                f"market {market.index}: tick_places must be 0 to 6, its name 1 to 40 letters, blanks only within"
            )
        _check_bounds(market)
    return markets


def _check_bounds(market: Market) -> None:
    """Refuse before anything is started what the rules would refuse once the node runs."""
    step, values = market.opening()
    for (name, bounds), value in zip(rules.steps[step].inputs.items(), values, strict=True):
        if not bounds.lo <= value <= bounds.hi:
            shown = value if abs(value) < 1 << 64 else "of more than 64 bits"
            raise BAD_MARKETS_FILE.reject(
                f"market {market.index if name != 'market' else shown}: "
                f"{'number' if name == 'market' else name} is {shown}, not in {bounds.lo} to {bounds.hi}"
            )


def _market(table: dict[str, Any]) -> Market:
    """A market of its table; terms that are not given are those of `MarketTerms`."""
    names = MarketTerms.__dataclass_fields__
    terms = msgspec.convert({name: table[name] for name in names if name in table}, MarketTerms)
    entry = msgspec.convert({name: value for name, value in table.items() if name not in names}, _Entry)
    return Market(entry.number, entry.name, entry.tick_places, entry.mark, terms)

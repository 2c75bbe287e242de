"""What the columns of trade files mean: one row of a table for each layout that a venue publishes.

A layout is found by the names in the header, the first one in the table whose columns are all there; a file without
header by the number and the look of the cells in its first row. To teach a new layout, add a row to `LAYOUTS`; the
guide's table (docs/guide/replay.md) is checked against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from typing import Final

from kedge.venue import BUY, SELL

UNKNOWN: Final = -1
"""The side of a trade that the file does not tell."""

_UNTOLD: Final = dict.fromkeys(("", "unknown", "none", "null", "nan", "na", "n/a", "-"), UNKNOWN)
_TAKER: Final = {"buy": BUY, "b": BUY, "bid": BUY, "sell": SELL, "s": SELL, "ask": SELL} | _UNTOLD
_MAKER: Final = {word: side if side == UNKNOWN else BUY + SELL - side for word, side in _TAKER.items()}
_FLAG: Final = {"true": SELL, "t": SELL, "1": SELL, "false": BUY, "f": BUY, "0": BUY} | _UNTOLD


class Told(Enum):
    """What a side column tells; the value is its vocabulary, in lower case, as the side of the taker."""

    TAKER = _TAKER
    MAKER = _MAKER
    BUYER_IS_MAKER = _FLAG

    @property
    def label(self) -> str:
        """In the words of the guide."""
        return {"TAKER": "the taker's", "MAKER": "the maker's", "BUYER_IS_MAKER": "flag: the buyer is the maker"}[
            self.name
        ]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns hold what. `unit` is the time's as the venue documents it; magnitude has the last word.

    No `side`: the file does not tell it. No `symbol`: one market per file, named by the file. `also` are columns that
    only tell this layout from another one; `positions` are all columns in order of the same file without header.
    """

    venue: str
    time: str
    unit: str
    price: str
    size: str
    side: str | None = None
    told: Told = Told.TAKER
    symbol: str | None = None
    also: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()

    def columns(self) -> tuple[str, ...]:
        """The columns that are read: time, price, size, and side and symbol where the layout has them."""
        return tuple(name for name in (self.time, self.price, self.size, self.side, self.symbol) if name)

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a header has what the layout needs; without a side of its own, no column that tells one."""
        needed = {key_of(name) for name in (*self.columns(), *self.also)}
        return needed <= set(header) and (self.side is not None or not _sides() & set(header))

    def fits_row(self, cells: Sequence[str]) -> bool:
        """Whether the first row of a file without header can be a trade in this layout."""
        if not self.positions or len(cells) != len(self.positions):
            return False
        row = dict(zip(self.positions, (cell.strip() for cell in cells), strict=True))
        numbers = all(_NUMBER.fullmatch(row[name]) for name in (self.price, self.size))
        known = self.side is None or row[self.side].lower() in self.told.value
        return numbers and known and read_time(row[self.time], None)[0] is not None


_SYMBOLS: Final = ("symbol", "instrument_name", "instrument", "product_id", "pair", "market", "ticker")
_FLAGS: Final = ("is_buyer_maker", "is_best_match")
_SPOT_TRADES: Final = ("id", "price", "qty", "quote_qty", "time", *_FLAGS)
_SPOT_AGGREGATES: Final = ("agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time")

LAYOUTS: Final = (
    Layout("Kedge", "trade_time_ms", "ms", "price", "quantity", "taker_side", symbol="symbol"),
    Layout("Kedge", "timestamp_us", "us", "price", "contracts", "side"),
    Layout("Kedge", "timestamp_us", "us", "price", "amount", "side", symbol="symbol"),
    Layout("Kedge", "timestamp_us", "us", "price", "amount", "side"),
    Layout("Kedge", "timestamp_us", "us", "price", "quantity", "buyer_is_maker", Told.BUYER_IS_MAKER),
    Layout("Tardis", "timestamp", "us", "price", "amount", "side", symbol="symbol", also=("local_timestamp",)),
    Layout(
        "Binance spot trades",
        "time", "ms", "price", "qty", "is_buyer_maker", Told.BUYER_IS_MAKER,
        also=("is_best_match",), positions=_SPOT_TRADES,
    ),
    Layout(
        "Binance USD-M and COIN-M trades",
        "time", "ms", "price", "qty", "is_buyer_maker", Told.BUYER_IS_MAKER,
        positions=_SPOT_TRADES[:-1],
    ),
    Layout(
        "Binance spot aggTrades",
        "transact_time", "ms", "price", "quantity", "is_buyer_maker", Told.BUYER_IS_MAKER,
        also=("is_best_match",), positions=(*_SPOT_AGGREGATES, *_FLAGS),
    ),
    Layout(
        "Binance USD-M and COIN-M aggTrades",
        "transact_time", "ms", "price", "quantity", "is_buyer_maker", Told.BUYER_IS_MAKER,
        positions=(*_SPOT_AGGREGATES, _FLAGS[0]),
    ),
    Layout(
        "Bybit derivatives, BitMEX",
        "timestamp", "s", "price", "size", "side", symbol="symbol", also=("trdmatchid",),
    ),
    Layout("Bybit spot", "timestamp", "ms", "price", "volume", "side", also=("id",)),
    Layout("OKX", "created_time", "ms", "price", "size", "side", symbol="instrument_name"),
    Layout("OKX", "created_time", "ms", "price", "size", "side"),
    Layout("Deribit", "timestamp", "ms", "price", "amount", "direction", symbol="instrument_name"),
    Layout("Coinbase", "time", "s", "price", "size", "side", Told.MAKER, symbol="product_id", also=("trade_id",)),
    Layout("Coinbase", "time", "s", "price", "size", "side", Told.MAKER, also=("trade_id",)),
    Layout("Kraken REST", "time", "s", "price", "volume", "side"),
    Layout("Kraken", "timestamp", "s", "price", "volume", positions=("timestamp", "price", "volume")),
)  # fmt: skip


def key_of(cell: str) -> str:
    """A column's name as it is compared: is_buyer_maker, isBuyerMaker and Is_Buyer_Maker are one.

    OKX writes `side/...` with a translation behind the slash.
    """
    return cell.partition("/")[0].strip().lower().replace("_", "")


@cache
def _sides() -> frozenset[str]:
    """Columns of any layout that tell a side."""
    return frozenset(key_of(layout.side) for layout in LAYOUTS if layout.side)


def find_symbol(layout: Layout, keys: Sequence[str]) -> str | None:
    """The column that names the market: the layout's own, else one that other files call so; None where there is none.

    A file of several markets would otherwise be taken for one.
    """
    return layout.symbol or next((name for name in _SYMBOLS if key_of(name) in keys), None)


def find_layout(cells: Sequence[str]) -> tuple[Layout | None, tuple[str, ...] | None]:
    """The layout of a file by its first row, and the keys of its columns if that row is a header."""
    header = tuple(key_of(cell) for cell in cells)
    named = next((layout for layout in LAYOUTS if layout.fits(header)), None)
    if named is not None:
        return named, header
    return next((layout for layout in LAYOUTS if layout.fits_row(cells)), None), None


_NUMBER: Final = re.compile(r"\d*\.?\d+(?:[eE][+-]?\d{1,3})?|\d+\.", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]+")
_DATED: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[ DT](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?", re.I | re.ASCII
)
_PER_MS: Final[Mapping[str, tuple[int, int]]] = {"s": (1_000, 1), "ms": (1, 1), "us": (1, 1_000), "ns": (1, 1_000_000)}
_EARLIEST, _LATEST = 1_100_000_000_000, 4_100_000_000_000
"""2004 to 2099 in ms: where a time with the wrong unit cannot fall."""


def read_time(text: str, unit: str | None) -> tuple[int | None, str]:
    """(ms since the epoch, the unit that it was read in); None if the text is no time.

    A number's unit is the one that puts it between 2004 and 2099, else `unit`; with neither it is no time.
    """
    whole, point, part = text.partition(".")
    if not (_DIGITS.fullmatch(whole) and (_DIGITS.fullmatch(part) or not point)):
        return _read_written(text, unit)
    value = int(whole) if len(whole) <= 20 else 0
    for name, (times, per) in _PER_MS.items():
        if _EARLIEST <= value * times // per < _LATEST:
            unit = name
            break
    if unit is None:
        return None, ""
    times, per = _PER_MS[unit]
    thousandths = int(part[:3].ljust(3, "0")) if unit == "s" and part else 0
    return value * times // per + thousandths, unit


def _read_written(text: str, unit: str | None) -> tuple[int | None, str]:
    """A time with an exponent, or a date as people write it."""
    if _NUMBER.fullmatch(text) and "e" in text.lower():
        return read_time(f"{Decimal(text):f}", unit)
    dated = _DATED.fullmatch(text)
    if dated is None:
        return None, ""
    day, hour, part, zone = dated.groups()
    second = _second(f"{day}T{hour}", (zone or "Z").upper().replace("UTC", "Z"))
    return (None, "") if second is None else (second * 1_000 + int((part or "0")[:3].ljust(3, "0")), "date")


@lru_cache(maxsize=1024)
def _second(text: str, zone: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text + zone)
    except ValueError:
        return None
    return int(moment.astimezone(UTC).timestamp())

"""What price files call their columns, and what their times mean: the tables that `recorded.read_prices` reads by.

Names are compared as `spell` writes them, so `Open time`, `openTime` and `OPEN_TIME` are one. A vendor with another
name for a column is one more word in a tuple below; a vendor without a header, one more entry of `HEADERLESS`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np

from kedge.risk.checks import Array
from kedge.risk.errors import BAD_FILE, NOT_A_NUMBER, UNKNOWN_UNIT

PRICES: Final = (
    *("adj_close", "adjclose", "adjusted_close"),  # first: what a split or a dividend takes from `close` is no loss
    *("close", "close_price", "price_close", "c", "last", "price", "mark_price"),
)
CLOSE_TIMES: Final = ("close_time", "closetime", "time_close", "time_period_end", "end_time")
OTHER_TIMES: Final = (
    *("open_time", "opentime", "time_open", "time_period_start", "start_time", "event_time"),
    *("timestamp", "unix", "unix_timestamp", "datetime", "date_time", "date", "time", "t"),
)
"""Times of the open, and times of which the file does not say what they mean."""

SYMBOLS: Final = ("symbol", "pair", "ticker", "instrument", "instrument_name", "product_id", "market")
"""What tells several series of one file apart; the first of these that a file has."""

_BARS: Final = ("open", "high", "low", "close", "volume")
HEADERLESS: Final = {
    7: ("time", *_BARS, "trades"),  # Kraken
    12: ("open_time", *_BARS, "close_time", "quote_volume", "trades", "taker_volume", "taker_quote_volume", "ignore"),
}
"""Columns of bars that are published without a header, by their number. Twelve: the klines of Binance and its kin."""

UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_MAGNITUDES: Final = (("s", 1e11), ("ms", 1e14), ("us", 1e17), ("ns", np.inf))
"""A time since 1970 is in this unit up to this number: between 1973 and 5138 only one unit fits."""
_EARLIEST: Final = 1e8
"""Where a column begins below this number (1973 in seconds) it counts from elsewhere: its magnitude says nothing, and
the unit in its name holds."""


class Columns(NamedTuple):
    """The columns of a file that say when and how much; `unit` is what the name of the time says, or empty."""

    time: str
    price: str
    unit: str


def spell(name: str) -> str:
    """A column's name in lower case, words joined by one underscore."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^0-9a-z]+", "_", words.lower()).strip("_")


def read_number(cell: str) -> float | None:
    """A finite number in digits that every program reads alike; None for anything else."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and cell.isascii() and "_" not in cell else None


def is_number(cell: str) -> bool:
    """Whether the cell of a first row is a value rather than the name of a column."""
    return read_number(cell) is not None


def choose(names: tuple[str, ...], file: str) -> Columns:
    """The columns to read among these spelled names; the close's time before any other.

    Refuses (1414) a file that lacks one, and (1405) a time in a unit that nobody uses.
    """
    price = next((known for known in PRICES if known in names), None)
    if price is None:
        raise BAD_FILE.reject(f"{file}: no column of prices (such as close), found {', '.join(names)}")
    for known in (*CLOSE_TIMES, *OTHER_TIMES):
        for name in names:
            if name == known or name in (f"{known}_{unit}" for unit in UNITS):
                return Columns(name, price, name.removeprefix(known).lstrip("_"))
    for name in names:
        for known in (*CLOSE_TIMES, *OTHER_TIMES):
            if name.startswith(f"{known}_"):
                raise UNKNOWN_UNIT.reject(f"{file}: times in {name!r}; known: {', '.join(UNITS)}")
    raise BAD_FILE.reject(f"{file}: no column of times (such as open_time or date), found {', '.join(names)}")


def read_times(cells: list[str], lines: Sequence[int], column: Columns, file: str) -> tuple[Array, str]:
    """Seconds since 1970 of a column of numbers or ISO dates, and how they were understood; `lines` are for refusals.

    Numbers are s, ms, us or ns by their magnitude, each by its own: a vendor that changed its unit is read on both
    sides of the change. Dates without a zone are UTC. Refuses (1401) a cell that is neither, and (1405) numbers too
    small for a time since 1970 in a column that names no unit: years, months and the days of a spreadsheet.
    """
    places = [f"{file}, line {line}: {column.time} = {cell!r}" for line, cell in zip(lines, cells, strict=True)]
    if all(re.fullmatch(r"(19|20)\d{6}", cell) for cell in cells) or not is_number(cells[0]):
        found = np.array([_read_date(cell, place) for cell, place in zip(cells, places, strict=True)])
        return found, "ISO dates, UTC where no zone is written"
    values = np.array([_read_count(cell, place) for cell, place in zip(cells, places, strict=True)])
    if not column.unit and (small := np.flatnonzero(values < _EARLIEST)).size:
        text = f"{places[small[0]]} has no unit and is no time since 1970"
        raise UNKNOWN_UNIT.reject(f"{text}; write ISO dates, or name the unit as in {column.time}_s")
    units = np.select([np.abs(values) < below for _, below in _MAGNITUDES], range(len(_MAGNITUDES)))
    if column.unit and values.min() < _EARLIEST:
        units[:] = tuple(UNITS).index(column.unit)
    used = [name for number, name in enumerate(UNITS) if (units == number).any()]
    said = " and ".join(used)
    if column.unit and used != [column.unit]:
        said += f" by magnitude, although the column says {column.unit}"
    return values * np.array(tuple(UNITS.values()))[units], said


def _read_count(cell: str, place: str) -> float:
    value = read_number(cell)
    if value is None:
        raise NOT_A_NUMBER.reject(f"{place} is no number, as those above it are")
    return value


def _read_date(cell: str, place: str) -> float:
    try:
        date = datetime.fromisoformat(cell.removesuffix("UTC").strip())
    except ValueError:
        raise NOT_A_NUMBER.reject(f"{place} is neither a number nor an ISO date") from None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()

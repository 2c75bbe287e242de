"""Recorded trade files, read row by row.

Every row counts and keeps its place: a tape is a sequence, and what settles must equal it. Prices and sizes are exact
decimals as the file writes them; for coin-margined files the size is the recorded number of contracts, taken as units
of a linear market. Failures are numbered (refusals.py) and name the row; the first row of a file is row 1, and blank
lines do not count.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from kedge.lab.layouts import LAYOUTS, UNKNOWN, find_layout, find_symbol, key_of, read_time
from kedge.lab.refusals import (
    TAPE_COLUMNS,
    TAPE_EMPTY,
    TAPE_MARKETS,
    TAPE_ORDER,
    TAPE_RANGE,
    TAPE_ROW,
    TapeError,
    quote,
)
from kedge.lab.tapefile import Progress, TapeFile
from kedge.rules import MOST_MARKETS
from kedge.units import PPM
from kedge.venue import BUY, SELL, Market, MarketTerms, Span, build_market

__all__ = ["Move", "Progress", "Tape", "TapeError", "Trade", "name_from_path", "read_trades", "scan_tape"]

_TIME_LIMIT: Final = 1 << 42
_LONGEST: Final = 28
"""Characters of a number at most, and its places before and after the point: exact in every later step."""
_NUMBER: Final = re.compile(r"\d*\.?\d+(?:[eE][+-]?\d{1,2})?|\d+\.", re.ASCII)
_LONGEST_SYMBOL: Final = 64
_MOST_BACK_MS: Final = 60_000
"""Trades of one market may be this much earlier than one before them: venues print parts of one moment in any order."""


class Trade(NamedTuple):
    """One recorded trade: `side` 0 = the taker bought, 1 = sold; `time` ms."""

    market: str
    side: int
    price: Decimal
    size: Decimal
    time: int


class Move(NamedTuple):
    """How one market moves over `trades` trades: how far from its first price down to its lowest and up to its highest,
    in ppm, and how many trades come before each of the two.
    """

    trades: int
    fall: int
    rise: int
    lowest_at: int
    highest_at: int


@dataclass(frozen=True, slots=True)
class Tape:
    """A scanned file: its markets with their scales, the number of trades taken, and its extremes.

    `first` and `last` are times in ms; `turnover` is the value of all trades and `largest` of the largest one, in
    coins; `moves` are those of the markets. `skip` and `limit` cut the tape in rows. `notes` say what was assumed about
    the file, `first_row` is the row of the first trade taken.
    """

    path: Path
    markets: tuple[Market, ...]
    count: int
    first: int
    last: int
    turnover: Decimal
    largest: Decimal
    moves: tuple[Move, ...]
    skip: int = 0
    limit: int | None = None
    first_row: int = 2
    notes: tuple[str, ...] = ()

    def trades(self, progress: Progress | None = None) -> Iterator[Trade]:
        """The trades in the order of the file."""
        return read_trades(self.path, skip=self.skip, limit=self.limit, progress=progress)


def read_trades(
    path: Path, *, skip: int = 0, limit: int | None = None, progress: Progress | None = None
) -> Iterator[Trade]:
    """Trades of a file in its own order, after `skip` and at most `limit`; TapeError where it cannot be read."""
    stop = None if limit is None else skip + limit
    with TapeFile(path, progress) as file:
        yield from islice(_Reader(file).trades(), skip, stop)
        if progress:
            progress(file.row)


def scan_tape(
    path: Path,
    *,
    skip: int = 0,
    limit: int | None = None,
    terms: MarketTerms | None = None,
    progress: Progress | None = None,
) -> Tape:
    """Read the file once and choose each market's tick and lot (rule: venue/scale.py).

    TapeError if the file cannot be used: everything about it that could stop a replay is found here.
    """
    stop = None if limit is None else skip + limit
    with TapeFile(path, progress) as file:
        reader = _Reader(file)
        scan = _Scan(file)
        for trade in islice(reader.trades(), skip, stop):
            scan.add(trade)
        if progress:
            progress(file.row)
        if not scan.count:
            raise TapeError(TAPE_EMPTY, path, f"there is no trade after row {skip + reader.has_header}")
        first_row = 1 + skip + reader.has_header
        markets = scan.markets(terms or MarketTerms(band=PPM))
        return Tape(
            path, markets, scan.count, scan.first, scan.last, scan.turnover, scan.largest,
            tuple(column.move() for column in scan.columns.values()),
            skip, limit, first_row, (*reader.notes(), *scan.notes()),
        )  # fmt: skip


class _Scan:
    """What one reading of the tape finds out."""

    def __init__(self, file: TapeFile) -> None:
        self.columns: dict[str, _Column] = {}
        self.count, self.first, self.last = 0, _TIME_LIMIT, 0
        self.turnover = self.largest = Decimal(0)
        self._file, self._now = file, time.time_ns() // 1_000_000
        self._held = 0

    def add(self, trade: Trade) -> None:
        """Take one more trade into account; TapeError if a replay could not bear it."""
        column = self.columns.get(trade.market)
        if column is None:
            column = self._open(trade)
        if trade.time > self._now:
            self._refuse(TAPE_ROW, "its time lies in the future, where L1 has no block yet")
        if trade.time < column.latest - _MOST_BACK_MS:
            back = (column.latest - trade.time) / 1000
            reason = f"{quote(trade.market)} goes back by {back:,.0f} s; sort the file by time, the oldest first"
            self._refuse(TAPE_ORDER, reason)
        column.add(trade)
        value = trade.price * trade.size
        self.turnover += value
        self.largest = max(self.largest, value)
        self._held += trade.time < self.last
        self.count, self.first, self.last = self.count + 1, min(self.first, trade.time), max(self.last, trade.time)

    def markets(self, terms: MarketTerms) -> tuple[Market, ...]:
        """A market for each name, in the order in which they appear."""
        return tuple(
            column.market(self._file.path, index, name, terms)
            for index, (name, column) in enumerate(self.columns.items())
        )

    def notes(self) -> Iterator[str]:
        """What was found out and a reader of the result should know."""
        if self._held:
            yield f"{self._held:,} trades are earlier than one before them: they keep their place, and the clock waits"

    def _open(self, trade: Trade) -> _Column:
        if len(self.columns) == MOST_MARKETS:
            reason = f"more than {MOST_MARKETS} markets, which is what the exchange can list; cut the tape by symbol"
            self._refuse(TAPE_MARKETS, reason)
        column = self.columns[trade.market] = _Column(trade.price, trade.time)
        return column

    def _refuse(self, code: int, reason: str) -> NoReturn:
        raise TapeError(code, self._file.path, reason, self._file.row)


class _Column:
    """What the scan learns of one market."""

    def __init__(self, opening: Decimal, begin: int) -> None:
        self.opening, self.latest = opening, begin
        self.prices, self.sizes = Span(), Span()
        self._count = self._lowest_at = self._highest_at = 0

    def add(self, trade: Trade) -> None:
        if trade.price < self.prices.lowest:
            self._lowest_at = self._count
        if trade.price > self.prices.highest:
            self._highest_at = self._count
        self._count += 1
        self.prices.add(trade.price)
        self.sizes.add(trade.size)
        self.latest = max(self.latest, trade.time)

    def market(self, path: Path, index: int, name: str, terms: MarketTerms) -> Market:
        market = build_market(index, name, self.prices, self.sizes, self.opening, terms)
        if market is None:
            prices = f"prices from {self.prices.lowest} to {self.prices.highest}"
            reason = f"no tick and lot hold {quote(name)} with {prices} and size {self.sizes.highest}"
            raise TapeError(TAPE_RANGE, path, reason)
        return market

    def move(self) -> Move:
        fall = int((1 - self.prices.lowest / self.opening) * PPM)
        rise = int((self.prices.highest / self.opening - 1) * PPM)
        return Move(self._count, fall, rise, self._lowest_at, self._highest_at)


def name_from_path(path: Path) -> str:
    """Market name of a file that names none: `binance_coinm_uniusd_perp_trades_...` is UNIUSD_PERP.

    Venues write `BTCUSDT-trades-2025-10-10.zip` or `BTCUSDT2024-01-04.csv.gz`: what follows the symbol is left out.
    """
    stem = re.split(r"\d{4}-\d\d", path.name.partition(".")[0])[0]
    words = [word for word in re.split(r"[_-]", stem) if word]
    ends = [place for place, word in enumerate(words) if word.lower() in ("trades", "aggtrades")]
    kept = [word for word in words[: ends[0] if ends else None] if word not in ("binance", "coinm", "usdm", "spot")]
    return "_".join(kept).upper() or "MARKET"


class _Reader:
    """Turns the cells of a file into trades by its layout; keeps count of what had to be assumed."""

    def __init__(self, file: TapeFile) -> None:
        self._file = file
        layout, header = find_layout(file.first)
        if layout is None:
            raise TapeError(TAPE_COLUMNS, file.path, _unknown_columns(file.first), 1)
        self._layout, self.has_header = layout, header is not None
        keys = header or tuple(key_of(name) for name in layout.positions)
        self._symbol_column = find_symbol(layout, keys)
        self._places = [self._place(name, keys) for name in (*layout.columns(), self._symbol_column) if name]
        self._name = name_from_path(file.path)
        self._words: Mapping[str, int] = layout.told.value
        self._units: Counter[str] = Counter()
        self._inferred = 0
        self._ticks: dict[str, tuple[Decimal, int]] = {}

    def trades(self) -> Iterator[Trade]:
        """Every trade of the file; TapeError at a row that is none."""
        layout, infer = self._layout, self._infer
        has_side, has_symbol = layout.side is not None, self._symbol_column is not None
        for cells in self._file.cells(self._places, self.has_header):
            market = self._symbol(cells[-1]) if has_symbol else self._name
            price, size = self._number("price", cells[1]), self._number("size", cells[2])
            side = self._side(cells[3]) if has_side else UNKNOWN
            yield Trade(market, infer(market, price, side), price, size, self._time(cells[0]))

    def notes(self) -> Iterator[str]:
        """What was assumed."""
        named = self._layout.time.rpartition("_")[2]
        for unit in sorted(self._units) if named in ("s", "ms", "us", "ns") else ():
            if unit != named:
                count, of = self._units[unit], self._units.total()
                some = "" if count == of else f" in {count:,} of {of:,} rows"
                yield f"column {self._layout.time} holds {_UNIT_NAMES[unit]}{some}, whatever its name says"
        if self._inferred:
            yield (
                f"the file does not tell the side of {self._inferred:,} trades: taken as bought where the price rose, "
                "as sold where it fell, else as the trade before (tick rule)"
            )

    def _place(self, name: str, keys: Sequence[str]) -> int:
        """Where a column is; TapeError where two have its name, for nothing tells which of them counts."""
        places = [place for place, key in enumerate(keys) if key == key_of(name)]
        if len(places) > 1:
            reason = (
                f"{len(places)} columns are called {_mark(name)}: numbers {', '.join(str(at + 1) for at in places)}"
            )
            raise TapeError(TAPE_COLUMNS, self._file.path, reason, 1)
        return places[0]

    def _infer(self, market: str, price: Decimal, side: int) -> int:
        """The tick rule, where the file does not tell the side."""
        last, before = self._ticks.get(market, (price, BUY))
        tick = BUY if price > last else SELL if price < last else before
        self._ticks[market] = price, tick
        if side == UNKNOWN:
            self._inferred += 1
            return tick
        return side

    def _symbol(self, cell: str) -> str:
        name = cell.strip()
        if not name or len(name) > _LONGEST_SYMBOL or not name.isprintable():
            self._refuse(f"{_mark(cell)} is no symbol: 1 to {_LONGEST_SYMBOL} characters that can be printed")
        return name

    def _side(self, cell: str) -> int:
        side = self._words.get(cell)
        if side is None:
            side = self._words.get(cell.strip().lower())
        if side is None:
            self._refuse(f"the side {_mark(cell)} is not known; known are {', '.join(filter(None, self._words))}")
        return side

    def _number(self, what: str, cell: str) -> Decimal:
        """A positive decimal, exactly as written."""
        text = cell.strip()
        if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
            self._refuse(f"the {what} {_mark(cell)} is not a number above zero of at most {_LONGEST} characters")
        value = Decimal(text)
        if not value or not -_LONGEST < value.adjusted() < _LONGEST:
            self._refuse(f"the {what} {_mark(cell)} is not above zero, or out of all bounds")
        return value

    def _time(self, cell: str) -> int:
        moment, unit = read_time(cell.strip(), self._layout.unit)
        if moment is None or not 0 < moment < _TIME_LIMIT:
            self._refuse(f"the time {_mark(cell)} cannot be read or is out of range")
        self._units[unit] += 1
        return moment

    def _refuse(self, reason: str) -> NoReturn:
        raise TapeError(TAPE_ROW, self._file.path, reason, self._file.row)


_UNIT_NAMES: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "date": "dates"}


def _mark(cell: str) -> str:
    return f"`{quote(cell)}`"


def _unknown_columns(first: tuple[str, ...]) -> str:
    known = "; ".join(dict.fromkeys(f"{layout.venue}: {', '.join(layout.columns())}" for layout in LAYOUTS))
    return f"the first row is {quote(', '.join(first))}, which is no known layout. Known are: {known}"

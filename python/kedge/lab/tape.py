"""Recorded trade files, read row by row.

Every row counts and keeps its place: a tape is a sequence, and what settles must equal it. Prices and sizes are exact
decimals as the file writes them; for coin-margined files the size is the recorded number of contracts, taken as units
of a linear market. Failures are numbered (1201..1206) and name the row, the header being row 1.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Final, NamedTuple

from kedge.units import PPM
from kedge.units.errors import Rejected
from kedge.venue import SIDE_NAMES, Market, MarketTerms, Span, build_market

TAPE_MISSING: Final = 1201
"""There is no file at that path."""
TAPE_UNREADABLE: Final = 1202
"""The file is cut short, garbled or not compressed as its name says."""
TAPE_COLUMNS: Final = 1203
"""The columns are those of no known tape."""
TAPE_ROW: Final = 1204
"""A row cannot be read: it names the row."""
TAPE_EMPTY: Final = 1205
"""There is no trade to replay."""
TAPE_RANGE: Final = 1206
"""A price or size fits no tick and lot within the bounds of the rules."""

_NAMES: Final = {
    TAPE_MISSING: "TAPE_MISSING",
    TAPE_UNREADABLE: "TAPE_UNREADABLE",
    TAPE_COLUMNS: "TAPE_COLUMNS",
    TAPE_ROW: "TAPE_ROW",
    TAPE_EMPTY: "TAPE_EMPTY",
    TAPE_RANGE: "TAPE_RANGE",
}
_PROGRESS_EVERY: Final = 10_000
_TIME_LIMIT: Final = 1 << 42
_LONGEST: Final = 20

Progress = Callable[[int], None]
"""Called with the number of rows read so far."""


class TapeError(Rejected):
    """A recorded file that cannot be used; `row` is the row in the file (header = 1), 0 where no row is to blame."""

    def __init__(self, code: int, path: Path, reason: str, row: int = 0) -> None:
        super().__init__(code, _NAMES[code], f"{path.name}{f', row {row}' if row else ''}: {reason}")
        self.row = row


class Trade(NamedTuple):
    """One recorded trade: `side` 0 = the taker bought, 1 = sold; `time` ms."""

    market: str
    side: int
    price: Decimal
    size: Decimal
    time: int


class Layout(NamedTuple):
    """Which columns hold what; `per_ms` = units of the time column in a ms; no symbol = one market per file."""

    time: str
    per_ms: int
    side: str
    size: str
    symbol: str | None = None

    def columns(self) -> set[str]:
        """The columns that the layout needs."""
        return {self.time, self.side, self.size, "price"} | ({self.symbol} if self.symbol else set())


LAYOUTS: Final = (
    Layout("trade_time_ms", 1, "taker_side", "quantity", "symbol"),
    Layout("timestamp_us", 1_000, "side", "contracts"),
    Layout("timestamp_us", 1_000, "side", "amount", "symbol"),
    Layout("timestamp_us", 1_000, "side", "amount"),
)


@dataclass(frozen=True, slots=True)
class Tape:
    """A scanned file: its markets with their scales, the number of trades taken, and its extremes.

    `first` and `last` are times in ms; `turnover` is the value of all trades and `largest` of the largest one, in
    coins; `falls` is how far each market fell from its first price to its lowest, in ppm. `skip` and `limit` cut the
    tape in rows.
    """

    path: Path
    markets: tuple[Market, ...]
    count: int
    first: int
    last: int
    turnover: Decimal
    largest: Decimal
    falls: tuple[int, ...]
    skip: int = 0
    limit: int | None = None

    def trades(self, progress: Progress | None = None) -> Iterator[Trade]:
        """The trades in the order of the file."""
        return read_trades(self.path, skip=self.skip, limit=self.limit, progress=progress)


def read_trades(
    path: Path, *, skip: int = 0, limit: int | None = None, progress: Progress | None = None
) -> Iterator[Trade]:
    """Trades of a file in its own order, after `skip` and at most `limit`; TapeError where it cannot be read."""
    stop = None if limit is None else skip + limit
    yield from islice(_rows(path, progress), skip, stop)


def scan_tape(
    path: Path,
    *,
    skip: int = 0,
    limit: int | None = None,
    terms: MarketTerms | None = None,
    progress: Progress | None = None,
) -> Tape:
    """Read the file once and choose each market's tick and lot (rule: scale.py); TapeError if it cannot be used."""
    columns: dict[str, _Column] = {}
    count, first, last = 0, _TIME_LIMIT, 0
    turnover = largest = Decimal(0)
    for trade in read_trades(path, skip=skip, limit=limit, progress=progress):
        column = columns.get(trade.market)
        if column is None:
            column = columns[trade.market] = _Column(trade.price, Span(), Span())
        column.prices.add(trade.price)
        column.sizes.add(trade.size)
        value = trade.price * trade.size
        turnover, largest = turnover + value, max(largest, value)
        count, first, last = count + 1, min(first, trade.time), max(last, trade.time)
    if not count:
        raise TapeError(TAPE_EMPTY, path, f"there is no trade after row {skip + 1}")
    markets = tuple(
        column.market(path, index, name, terms or MarketTerms()) for index, (name, column) in enumerate(columns.items())
    )
    falls = tuple(column.fall() for column in columns.values())
    return Tape(path, markets, count, first, last, turnover, largest, falls, skip, limit)


class _Column(NamedTuple):
    """What the scan learns of one market."""

    opening: Decimal
    prices: Span
    sizes: Span

    def market(self, path: Path, index: int, name: str, terms: MarketTerms) -> Market:
        market = build_market(index, name, self.prices, self.sizes, self.opening, terms)
        if market is None:
            reason = f"no tick and lot hold {name} at price {self.prices.highest} and size {self.sizes.highest}"
            raise TapeError(TAPE_RANGE, path, reason)
        return market

    def fall(self) -> int:
        return int((1 - self.prices.lowest / self.opening) * PPM)


def name_from_path(path: Path) -> str:
    """Market name of a file that names none: `binance_coinm_uniusd_perp_trades_...` is UNIUSD_PERP."""
    words = path.name.split(".")[0].split("_")
    stop = words.index("trades") if "trades" in words else len(words)
    kept = [word for word in words[:stop] if word not in ("binance", "coinm", "usdm", "spot")]
    return "_".join(kept).upper() or "MARKET"


def _open(path: Path) -> IO[str]:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        if packed:
            return gzip.open(path, "rt", encoding="ascii", newline="")
        return path.open(encoding="ascii", newline="")
    except FileNotFoundError:
        raise TapeError(TAPE_MISSING, path, f"there is no file at {path}") from None
    except OSError as failure:
        raise TapeError(TAPE_MISSING, path, f"cannot be opened: {failure.strerror}") from None


def _rows(path: Path, progress: Progress | None) -> Iterator[Trade]:
    row = 1
    with _open(path) as text:
        reader = csv.reader(text, strict=True)
        try:
            read = _reader(path, next(reader, []))
            for row, cells in enumerate(reader, 2):
                yield read(row, cells)
                if progress and row % _PROGRESS_EVERY == 0:
                    progress(row)
        except EOFError:
            raise TapeError(TAPE_UNREADABLE, path, "the file is cut off", row) from None
        except (OSError, zlib.error, csv.Error, UnicodeDecodeError) as failure:
            raise TapeError(TAPE_UNREADABLE, path, f"the file is damaged: {failure}", row) from None
    if progress:
        progress(row)


def _reader(path: Path, header: list[str]) -> Callable[[int, list[str]], Trade]:
    """A function from (row, cells) to the trade, for the layout that the header asks for."""
    layout = next((layout for layout in LAYOUTS if layout.columns() <= set(header)), None)
    if layout is None:
        known = "; ".join(", ".join(sorted(layout.columns())) for layout in LAYOUTS)
        found = ", ".join(header) or "(none)"
        raise TapeError(TAPE_COLUMNS, path, f"columns {found} are not known; needed is one of: {known}", 1)
    width, default = len(header), name_from_path(path)
    time_at, price_at = header.index(layout.time), header.index("price")
    side_at, size_at = header.index(layout.side), header.index(layout.size)
    symbol_at = header.index(layout.symbol) if layout.symbol else None
    per_ms = layout.per_ms

    def read(row: int, cells: list[str]) -> Trade:
        if len(cells) != width:
            raise TapeError(TAPE_ROW, path, f"{len(cells)} cells where the header has {width}", row)
        try:
            side = SIDE_NAMES.index(cells[side_at])
            price, size, time = _decimal(cells[price_at]), _decimal(cells[size_at]), int(cells[time_at]) // per_ms
        except ValueError:
            raise TapeError(TAPE_ROW, path, f"not a trade: {','.join(cells)[:120]}", row) from None
        if not 0 < time < _TIME_LIMIT:
            raise TapeError(TAPE_ROW, path, f"the time is out of range: {','.join(cells)[:120]}", row)
        return Trade(default if symbol_at is None else cells[symbol_at], side, price, size, time)

    return read


def _decimal(text: str) -> Decimal:
    """A positive plain decimal of at most 20 characters (exact in every later step); ValueError otherwise."""
    if len(text) > _LONGEST or not text.replace(".", "", 1).isdecimal():
        raise ValueError(text)
    value = Decimal(text)
    if not value:
        raise ValueError(text)
    return value

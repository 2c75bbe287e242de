"""Recorded series from files: prices and L1 base fees (CSV, plain or gzip), refused by number when they are not."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

import numpy as np

from kedge.risk import price_columns as columns
from kedge.risk.checks import Array, positive_series, times
from kedge.risk.constants import SLOT_SECONDS
from kedge.risk.errors import BAD_FILE, EMPTY_SERIES, UNKNOWN_NAME, UNKNOWN_UNIT

_FEE_UNITS: Final = {"base_fee_wei": 1.0, "base_fee_gwei": 1e9}
_NONE: Final[Mapping[int, tuple[str, ...]]] = {}
_LONGEST_LINE = 65_536
_UNREADABLE = (OSError, EOFError, UnicodeDecodeError, csv.Error)


@dataclass(frozen=True)
class Prices:
    """A price series: name, times (seconds since 1970, increasing) and prices at those times.

    A bar's price is known at its close: its time is the close's where the file has one. Where it has only the time of
    the open, that stands; it is early by one bar, the same for all, so no distance between two prices changes.
    """

    name: str
    times: Array
    prices: Array
    source: str = ""
    """Which columns were read, and in which units; empty where there was no file."""

    @property
    def step(self) -> float:
        """The usual distance between neighbours in seconds (median)."""
        return float(np.median(np.diff(self.times)))


@dataclass(frozen=True)
class BaseFees:
    """Base fees: name, block numbers (increasing) and base fee in wei of each."""

    name: str
    blocks: Array
    fees: Array

    @property
    def step(self) -> float:
        """Seconds between neighbours: the median distance in blocks times one slot (before September 2022 blocks took
        13 to 14 s on average, so older records run up to a tenth slower than this says)."""
        return float(np.median(np.diff(self.blocks))) * SLOT_SECONDS


def open_text(path: Path) -> TextIO:
    """The file as text, decompressed where its name ends in .gz, without the mark that some editors put first."""
    text = "utf-8-sig"
    return (
        gzip.open(path, "rt", encoding=text, newline="")
        if path.suffix == ".gz"
        else path.open(encoding=text, newline="")
    )


def _bounded_lines(file: TextIO) -> Iterator[str]:
    """Its lines; an endless one, say of a device or of packed zeros, is refused before it fills the memory."""
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise csv.Error(f"a line is longer than {_LONGEST_LINE:,} characters")
        yield line


class Row(dict[str, str]):
    """One row of a CSV file, keyed by `spell(name)` of its columns; `line` is where it ends in the file."""

    line: int = 0


def read_rows(path: Path, headerless: Mapping[int, tuple[str, ...]] = _NONE) -> list[Row]:
    """Rows of a CSV file, names of columns in lower case with underscores (`Adj Close` is `adj_close`).

    A file whose first row is numbers throughout has no header; `headerless` then names its columns by their number.
    Refuses (1414, 1403) what cannot be read, is empty or has neither.
    """
    try:
        with open_text(path) as file:
            lines = csv.reader(_bounded_lines(file))
            cells = [(lines.line_num, line) for line in lines if any(cell.strip() for cell in line)]
    except _UNREADABLE as error:
        raise BAD_FILE.reject(f"{path}: {error}") from error
    if not cells:
        raise EMPTY_SERIES.reject(f"{path} has no rows")
    first = cells[0][1]
    if all(columns.is_number(cell) for cell in first):
        names = headerless.get(len(first), ())
        if not names:
            raise BAD_FILE.reject(f"{path} has no header, and {len(first)} columns of numbers say too little")
    else:
        names, cells = tuple(columns.spell(cell) for cell in first), cells[1:]
    rows = [_row(names, *cell) for cell in cells]
    if not rows:
        raise EMPTY_SERIES.reject(f"{path} has no rows")
    return rows


def _row(names: tuple[str, ...], line: int, cells: list[str]) -> Row:
    missing = [""] * (len(names) - len(cells))
    row = Row(zip(names, (cell.strip() for cell in (*cells, *missing)), strict=False))
    row.line = line
    return row


def _column(rows: list[Row], name: str, path: Path) -> list[str]:
    for row in rows:
        if not row.get(name):
            raise BAD_FILE.reject(f"{path}, line {row.line}: no {name}")
    return [row[name] for row in rows]


def _only(rows: list[Row], key: str, wanted: str | None, path: Path) -> tuple[list[Row], str]:
    """The rows of one symbol (or window) of a file that holds several: the one asked for, else the first."""
    if key not in rows[0]:
        return rows, ""
    known = list(dict.fromkeys(_column(rows, key, path)))
    chosen = wanted if wanted is not None else known[0]
    if chosen not in known:
        raise UNKNOWN_NAME.reject(f"{key} = {chosen!r} in {path}; known: {', '.join(known)}")
    return [row for row in rows if row[key] == chosen], chosen


def _name(path: Path, chosen: str) -> str:
    return path.name.removesuffix(".gz").removesuffix(".csv") + (f" {chosen}" if chosen else "")


def read_prices(path: Path, symbol: str | None = None) -> Prices:
    """Prices of a CSV file as vendors publish them (`price_columns`); where several symbols share it, one of them.

    Refuses (1403, 1404, 1412, 1414) an empty series, times that do not increase, prices that are not above zero and a
    file without a column of times or of prices; 1401 and 1405 a cell or a unit that means nothing.
    """
    rows, chosen = _only(read_rows(path, columns.HEADERLESS), "symbol", symbol, path)
    rows, _ = _only(rows, "pair", None, path)
    found = columns.choose(tuple(rows[0]), str(path))
    stamps, said = columns.read_times(_column(rows, found.time, path), found, path.name)
    closes = positive_series(_column(rows, found.price, path), f"{path.name} {found.price}", least=2)
    source = f"prices from {found.price}, times from {found.time} ({said})"
    return Prices(_name(path, chosen), times(stamps, f"{path.name} {found.time}", least=2), closes, source)


def read_base_fees(path: Path, window: str | None = None) -> BaseFees:
    """Base fees of a file with `block_number` and `base_fee_wei` or `base_fee_gwei`; of several windows the longest."""
    rows = read_rows(path)
    if window is None and "window" in rows[0]:
        names = [row["window"] for row in rows]
        window = max(dict.fromkeys(names), key=names.count)
    rows, chosen = _only(rows, "window", window, path)
    unit = next((name for name in _FEE_UNITS if name in rows[0]), None)
    if unit is None:
        raise UNKNOWN_UNIT.reject(f"{path}: no {' or '.join(_FEE_UNITS)} column, found {', '.join(map(str, rows[0]))}")
    blocks = times(_column(rows, "block_number", path), f"{path.name} block_number", least=2)
    fees = positive_series(_column(rows, unit, path), f"{path.name} {unit}", least=2)
    return BaseFees(_name(path, chosen), blocks, fees * _FEE_UNITS[unit])


def read_windows(path: Path) -> list[str | None]:
    """Names of the windows that a file of base fees holds, in its order; [None] where it has no such column."""
    rows = read_rows(path)
    return list(dict.fromkeys(row["window"] for row in rows)) if "window" in rows[0] else [None]


def read_every_window(paths: Sequence[Path]) -> list[BaseFees]:
    """Base fees of every window of every file, in order."""
    return [read_base_fees(path, window) for path in paths for window in read_windows(path)]

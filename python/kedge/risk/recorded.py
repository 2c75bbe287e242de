"""Recorded series from files: prices and L1 base fees (CSV, plain or gzip), refused by number when they are not."""

from __future__ import annotations

import csv
import gzip
import io
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO, cast

import numpy as np

from kedge.risk import price_columns as columns
from kedge.risk.checks import Array, positive_series, times
from kedge.risk.constants import SLOT_SECONDS
from kedge.risk.errors import (
    BAD_FILE,
    EMPTY_SERIES,
    NOT_A_NUMBER,
    NOT_POSITIVE,
    UNKNOWN_NAME,
    UNKNOWN_UNIT,
    UNSORTED_TIMES,
)
from kedge.risk.receipt_files import MOST_RATIO, refuse_other
from kedge.show import read_short

_FEE_UNITS: Final = {"base_fee_wei": 1.0, "base_fee_gwei": 1e9}
_NONE: Final[Mapping[int, tuple[str, ...]]] = {}
UNREADABLE: Final = (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error)
_MOST_TEXT: Final = 1 << 30
_ROOM: Final = 1 << 26
"""What a gzip may always unpack to, however small it is; beyond it `MOST_RATIO` holds."""
_LONGEST_LINE: Final = 1 << 20
_MOST_NAMED: Final = 12


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


@contextmanager
def _open_text(path: Path) -> Iterator[tuple[TextIO, int]]:
    """The file as text, unpacked where it is a gzip, without the mark that some editors put first; and how many
    characters it may hold.
    """
    with path.open("rb") as raw:
        data, most = cast("BinaryIO", raw), _MOST_TEXT
        if path.suffix == ".gz" or raw.peek(2)[:2] == b"\x1f\x8b":
            data = cast("BinaryIO", gzip.GzipFile(fileobj=raw))
            most = min(most, max(_ROOM, MOST_RATIO * path.stat().st_size))
        refuse_other(cast("io.BufferedReader", data).peek(4096)[:4096], str(path))
        yield io.TextIOWrapper(data, encoding="utf-8-sig", newline=""), most


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text; refused (1414) where there is no end to them, and where a quotation mark is not closed on
    its line, for it would swallow the rows up to the next one.
    """
    with _open_text(path) as (file, most):
        number = taken = 0
        while line := file.readline(_LONGEST_LINE + 1):
            number, taken = number + 1, taken + len(line)
            problem = "more than any record of prices holds" if taken > most else _find_problem(line)
            if problem:
                raise BAD_FILE.reject(f"{path}, line {number}: {problem}")
            yield line


def _find_problem(line: str) -> str:
    if len(line) > _LONGEST_LINE:
        return f"it is longer than {_LONGEST_LINE:,} characters"
    if line.count('"') % 2:
        return "a quotation mark is not closed"
    return "a character of code zero" if "\0" in line else ""


def read_tables(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; refused (1414) where it cannot be read or is longer than any that a person writes."""
    try:
        return tomllib.loads(read_short(path))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no text, no TOML, or a number without end
        raise BAD_FILE.reject(f"{path}: {error}") from error


class Row(dict[str, str]):
    """One row of a CSV file, keyed by `spell(name)` of its columns; `line` is where it stands in the file, `doubled`
    are names that more than one column has.
    """

    line: int = 0
    doubled: frozenset[str] = frozenset()


def read_rows(path: Path, headerless: Mapping[int, tuple[str, ...]] = _NONE) -> list[Row]:
    """Rows of a CSV file, names of columns in lower case with underscores (`Adj Close` is `adj_close`).

    A file whose first row is numbers throughout has no header; `headerless` then names its columns by their number.
    Refuses (1414, 1403) what cannot be read, is empty or has neither.
    """
    try:
        lines = csv.reader(read_lines(path))
        cells = [(lines.line_num, line) for line in lines if any(cell.strip() for cell in line)]
    except UNREADABLE as error:
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
    doubled = frozenset(name for name, count in Counter(names).items() if count > 1)
    rows = [_row(names, doubled, path, *cell) for cell in cells]
    if not rows:
        raise EMPTY_SERIES.reject(f"{path} has no rows")
    return rows


def _row(names: tuple[str, ...], doubled: frozenset[str], path: Path, line: int, cells: list[str]) -> Row:
    if any(cell.strip() for cell in cells[len(names) :]):
        # as 65,000.5 is, unquoted: what follows would stand under the wrong names
        raise BAD_FILE.reject(f"{path}, line {line}: {len(cells)} cells where there are {len(names)} columns")
    missing = [""] * (len(names) - len(cells))
    row = Row(zip(names, (cell.strip() for cell in (*cells, *missing)), strict=False))
    row.line, row.doubled = line, doubled
    return row


def read_column(rows: list[Row], name: str, path: Path) -> list[str]:
    """The cells of one column; refuses (1414) a row without one, and a name that two columns have."""
    if name in rows[0].doubled:
        raise BAD_FILE.reject(f"{path}: more than one column is called {name}")
    for row in rows:
        if not row.get(name):
            raise BAD_FILE.reject(f"{path}, line {row.line}: no {name}")
    return [row[name] for row in rows]


def _numbers(rows: list[Row], name: str, path: Path) -> Array:
    """The numbers of a column."""
    found = np.empty(len(rows))
    for place, (row, cell) in enumerate(zip(rows, read_column(rows, name, path), strict=True)):
        value = columns.read_number(cell)
        if value is None:
            raise NOT_A_NUMBER.reject(f"{path.name}, line {row.line}: {name} = {cell!r}")
        found[place] = value
    return found


def _positive(rows: list[Row], name: str, path: Path) -> Array:
    """Numbers above zero, at least two."""
    found = _numbers(rows, name, path)
    for place in np.flatnonzero(found <= 0.0)[:1]:
        raise NOT_POSITIVE.reject(f"{path.name}, line {rows[place].line}: {name} = {rows[place][name]} is not above 0")
    return positive_series(found, f"{path.name} {name}", least=2)


def _rising(found: Array, rows: list[Row], name: str, path: Path) -> Array:
    """Strictly increasing numbers, at least two."""
    for place in np.flatnonzero(np.diff(found) <= 0.0)[:1]:
        before, after = rows[place], rows[place + 1]
        where = f"{path.name}, line {after.line}: {name} = {after[name]!r}"
        raise UNSORTED_TIMES.reject(f"{where} follows {before[name]!r}; a record is in order, one row a time")
    return times(found, f"{path.name} {name}", least=2)


def _only(rows: list[Row], key: str, wanted: str | None, path: Path) -> tuple[list[Row], str]:
    """The rows of one symbol (or window) of a file that holds several: the one asked for, else the first."""
    if key not in rows[0]:
        if wanted is None:
            return rows, ""
        raise UNKNOWN_NAME.reject(f"{key} = {wanted!r}: {path} has no column of that name, so no {key}s to choose from")
    known = list(dict.fromkeys(read_column(rows, key, path)))
    chosen = wanted if wanted is not None else known[0]
    if chosen not in known:
        more = ", ..." if len(known) > _MOST_NAMED else ""
        raise UNKNOWN_NAME.reject(f"{key} = {chosen!r} in {path}; known: {', '.join(known[:_MOST_NAMED])}{more}")
    return [row for row in rows if row[key] == chosen], chosen


def _name(path: Path, chosen: str) -> str:
    return path.name.removesuffix(".gz").removesuffix(".csv") + (f" {chosen}" if chosen else "")


def read_prices(path: Path, symbol: str | None = None) -> Prices:
    """Prices of a CSV file as vendors publish them (`price_columns`); where several symbols share it, one of them.

    Refuses (1403, 1404, 1412, 1414) an empty series, times that do not increase, prices that are not above zero and a
    file without a column of times or of prices; 1401 and 1405 a cell or a unit that means nothing.
    """
    rows = read_rows(path, columns.HEADERLESS)
    rows, chosen = _only(rows, next((name for name in columns.SYMBOLS if name in rows[0]), "symbol"), symbol, path)
    found = columns.choose(tuple(rows[0]), str(path))
    cells, lines = read_column(rows, found.time, path), [row.line for row in rows]
    stamps, said = columns.read_times(cells, lines, found, path.name)
    closes = _positive(rows, found.price, path)
    source = f"prices from {found.price}, times from {found.time} ({said})"
    return Prices(_name(path, chosen), _rising(stamps, rows, found.time, path), closes, source)


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
    blocks = _rising(_numbers(rows, "block_number", path), rows, "block_number", path)
    fees = _positive(rows, unit, path)
    return BaseFees(_name(path, chosen), blocks, fees * _FEE_UNITS[unit])


def read_windows(path: Path) -> list[str | None]:
    """Names of the windows that a file of base fees holds, in its order; [None] where it has no such column."""
    rows = read_rows(path)
    return list(dict.fromkeys(row["window"] for row in rows)) if "window" in rows[0] else [None]


def read_every_window(paths: Sequence[Path]) -> list[BaseFees]:
    """Base fees of every window of every file, in order."""
    return [read_base_fees(path, window) for path in paths for window in read_windows(path)]

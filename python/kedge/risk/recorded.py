"""Recorded series from files: prices and L1 base fees (CSV, plain or gzip), refused by number when they are not."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

import numpy as np

from kedge.risk.checks import Array, positive_series, times
from kedge.risk.constants import SLOT_SECONDS
from kedge.risk.errors import BAD_FILE, EMPTY_SERIES, UNKNOWN_NAME, UNKNOWN_UNIT

_TIME_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_FEE_UNITS: Final = {"base_fee_wei": 1.0, "base_fee_gwei": 1e9}
_UNREADABLE = (OSError, EOFError, UnicodeDecodeError, csv.Error)


@dataclass(frozen=True)
class Prices:
    """A price series: name, times (seconds since 1970, increasing) and prices at those times."""

    name: str
    times: Array
    prices: Array

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
    """The file as text, decompressed where its name ends in .gz."""
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header; refuses (1414, 1403) what cannot be read or is empty."""
    try:
        with open_text(path) as file:
            rows = list(csv.DictReader(file))
    except _UNREADABLE as error:
        raise BAD_FILE.reject(f"{path}: {error}") from error
    if not rows:
        raise EMPTY_SERIES.reject(f"{path} has no rows")
    return rows


def _column(rows: list[dict[str, str]], name: str, path: Path) -> list[str]:
    values = [row.get(name) for row in rows]
    for number, value in enumerate(values):
        if value in (None, ""):
            raise BAD_FILE.reject(f"{path}, row {number + 2}: no {name}")
    return [str(value) for value in values]


def _only(rows: list[dict[str, str]], key: str, wanted: str | None, path: Path) -> tuple[list[dict[str, str]], str]:
    """The rows of one symbol (or window) of a file that holds several: the one asked for, else the first."""
    if key not in rows[0]:
        return rows, ""
    known = list(dict.fromkeys(row[key] for row in rows))
    chosen = wanted if wanted is not None else known[0]
    if chosen not in known:
        raise UNKNOWN_NAME.reject(f"{key} = {chosen!r} in {path}; known: {', '.join(known)}")
    return [row for row in rows if row[key] == chosen], chosen


def read_prices(path: Path, symbol: str | None = None) -> Prices:
    """Close prices of a file with `open_time_s|ms|us|ns` and `close`; where several symbols share it, one of them."""
    rows, chosen = _only(read_rows(path), "symbol", symbol, path)
    rows, _ = _only(rows, "pair", None, path)
    stamp = next((name for name in rows[0] if name and name.startswith("open_time_")), None)
    if stamp is None:
        raise BAD_FILE.reject(f"{path}: no open_time_s, _ms, _us or _ns column, found {', '.join(map(str, rows[0]))}")
    unit = stamp.removeprefix("open_time_")
    if unit not in _TIME_UNITS:
        raise UNKNOWN_UNIT.reject(f"{path}: times in {unit!r}; known: {', '.join(_TIME_UNITS)}")
    name = path.name.removesuffix(".gz").removesuffix(".csv") + (f" {chosen}" if chosen else "")
    stamps = times(_column(rows, stamp, path), f"{path.name} {stamp}", least=2) * _TIME_UNITS[unit]
    closes = positive_series(_column(rows, "close", path), f"{path.name} close", least=2)
    return Prices(name, stamps, closes)


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
    name = path.name.removesuffix(".gz").removesuffix(".csv") + (f" {chosen}" if chosen else "")
    blocks = times(_column(rows, "block_number", path), f"{path.name} block_number", least=2)
    fees = positive_series(_column(rows, unit, path), f"{path.name} {unit}", least=2)
    return BaseFees(name, blocks, fees * _FEE_UNITS[unit])


def read_windows(path: Path) -> list[str | None]:
    """Names of the windows that a file of base fees holds, in its order; [None] where it has no such column."""
    rows = read_rows(path)
    return list(dict.fromkeys(row["window"] for row in rows)) if "window" in rows[0] else [None]

"""Books as people write them: accounts of one market as CSV, option positions in a line or as TOML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kedge.risk import units
from kedge.risk.checks import calibrated, one_of
from kedge.risk.errors import BAD_FILE, NOT_A_NUMBER, OUT_OF_DOMAIN, UNKNOWN_NAME
from kedge.risk.insolvency import Book
from kedge.risk.portfolio import KINDS, Position
from kedge.risk.recorded import Row, read_column, read_rows, read_tables

_ACCOUNT: Final = ("account", "notional", "equity")
_OPTION: Final = ("size", "strike", "expiry", "volatility")
_EXAMPLE: Final = (
    ("long, 10x", "$20M", "$2M"),
    ("long, 20x", "$10M", "$500k"),
    ("short, 15x", "$-15M", "$1M"),
    ("long at 3.3 %", "$3M", "$100k"),
)


def read_accounts(file: Path | None) -> tuple[list[str], Book]:
    """Names and book of a CSV with account, notional (short below zero) and equity; without a file an example.

    Refuses (1414) what cannot be read and a row that lacks a column.
    """
    rows = [Row(zip(_ACCOUNT, row, strict=True)) for row in _EXAMPLE] if file is None else read_rows(file)
    for column in _ACCOUNT:
        read_column(rows, column, file or Path("example"))
    book = Book.of(
        [units.amount(row["notional"], "notional") for row in rows],
        [units.amount(row["equity"], "equity") for row in rows],
    )
    return [row["account"] for row in rows], book


def read_positions(file: Path) -> list[Position]:
    """The [[position]] tables of a TOML file; refuses (1414) one that cannot be read or has none."""
    tables = read_tables(file)
    rows = tables.get("position")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BAD_FILE.reject(f"{file} has no [[position]] table")
    for key in set(tables) - {"position"}:
        raise UNKNOWN_NAME.reject(f"{file}: {key!r}; known: position")
    return [_position(row) for row in rows]


def parse_positions(text: str) -> list[Position]:
    """Positions separated by commas: (call|put):SIZE:STRIKE:EXPIRY:VOLATILITY or future:SIZE."""
    return [_parse(part) for part in text.split(",")]


def _parse(text: str) -> Position:
    kind, *rest = (part.strip() for part in text.split(":"))
    names = ("size",) if one_of(kind, KINDS, "kind") == "future" else _OPTION
    if len(rest) != len(names):
        raise OUT_OF_DOMAIN.reject(f"position {text!r} needs {kind}:{':'.join(name.upper() for name in names)}")
    return _position({"kind": kind, **dict(zip(names, rest, strict=True))})


def _position(row: Mapping[str, Any]) -> Position:
    kind = one_of(str(row.get("kind")), KINDS, "kind")
    known = {"kind", "basis", "size"} if kind == "future" else {"kind", "basis", *_OPTION}
    for key, value in row.items():
        if key not in known:
            raise UNKNOWN_NAME.reject(f"position ({kind}): {key!r}; known: {', '.join(sorted(known))}")
        if isinstance(value, bool):
            raise NOT_A_NUMBER.reject(f"{key} = {value}")
    size, basis = calibrated(row.get("size"), "size"), calibrated(row.get("basis", 1.0), "basis")
    if kind == "future":
        return Position("future", size, basis=basis)
    return Position(
        kind,
        size,
        calibrated(row.get("strike"), "strike"),
        units.time(str(row.get("expiry", "")), "expiry"),
        units.volatility(str(row.get("volatility", "")), "volatility"),
        basis,
    )

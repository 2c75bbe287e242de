"""A result in a terminal, a pipe or a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from kedge.cli.output import Screen, styled

if TYPE_CHECKING:
    from kedge.risk import Result, Table

_PAGE = 132
"""Columns of a table that goes to a file or a pipe."""


def _grid(table: Table) -> Grid:
    grid = Grid(title=table.title or None, title_justify="left", header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(table.columns):
        texts = all(isinstance(row[at], str) for row in table.rows)
        grid.add_column(column.heading, justify="left" if texts else "right", overflow="fold")
    for row in table.rows:
        grid.add_row(*(column.write(cell) for cell, column in zip(row, table.columns, strict=True)))
    return grid


def show(result: Result, inputs: Mapping[str, tuple[Any, str]]) -> None:
    """Title, inputs by their origin, tables and notes on standard output."""
    screen = Screen(piped=_PAGE)
    screen.print(styled((result.title, "bold")))
    for source, words in (
        ("example", "Example inputs (not a calibration)"),
        ("file", "From the file"),
        ("record", "Fitted to the record"),
        ("flag", "Given"),
    ):
        given = [
            f"{name.replace('_', '-')} {' '.join(map(str, value)) if isinstance(value, list | tuple) else value}"
            for name, (value, origin) in inputs.items()
            if origin == source and value is not None and value not in ([], ())
        ]
        if given:
            screen.print(styled((f"{words}: {' · '.join(given)}", "dim")))
    for table in result.tables:
        screen.print(_grid(table))
    for note in result.notes:
        screen.print(f"- {note}")

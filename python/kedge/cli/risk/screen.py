"""A result in a terminal, a pipe or a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.measure import Measurement
from rich.table import Table as Grid

from kedge.cli.output import Screen, styled

if TYPE_CHECKING:
    from kedge.risk import Result, Table

_PAGE, _ANY, _LEAST = 132, 10_000, 10
"""Columns of a table that goes to a file or a pipe, more than any table takes, and what a list keeps for headings."""


def _grid(table: Table, padding: int = 1) -> Grid:
    edges = (0, padding, 0, padding)
    grid = Grid(
        title=table.title or None,
        title_justify="left",
        header_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=edges,
    )
    for at, column in enumerate(table.columns):
        texts = all(isinstance(row[at], str) for row in table.rows)
        grid.add_column(column.heading, justify="left" if texts else "right", overflow="fold")
    for row in table.rows:
        grid.add_row(*(column.write(cell) for cell, column in zip(row, table.columns, strict=True)))
    return grid


def _list(table: Table, width: int) -> Grid:
    """The rows one below the other, each figure whole behind its heading."""
    grid = Grid(title=table.title or None, title_justify="left", box=None, show_header=False, pad_edge=False)
    pairs = [
        [(column.heading, column.write(cell)) for cell, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    longest = max((cell_len(text) for row in pairs for _, text in row), default=0)
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold", width=min(longest, max(1, width - _LEAST)))
    for row in pairs:
        for pair in row:
            grid.add_row(*pair)
        grid.add_row()
    return grid


def _fit(table: Table, screen: Screen) -> Grid:
    """The table, closer, or as a list: whatever breaks no name and no number on this screen."""
    texts = [
        [column.heading, *(column.write(row[at]) for row in table.rows)] for at, column in enumerate(table.columns)
    ]
    for padding in (1, 0):
        grid = _grid(table, padding)
        needed = Measurement.get(screen, screen.options.update(width=_ANY), grid)
        room = screen.width - needed.minimum
        if needed.maximum <= screen.width:
            return grid
        if room >= 0:
            for column, cells in zip(grid.columns, texts, strict=True):
                least = max((cell_len(word) for cell in cells for word in cell.split()), default=0)
                more = min(room, max(map(cell_len, cells)) - least)
                column.width, room = least + more, room - more
            return grid
    return _list(table, screen.width)


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
        screen.print(_fit(table, screen))
    for note in result.notes:
        screen.print(f"- {note}")

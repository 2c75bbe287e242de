"""What an analysis hands to those who show it: a table with units, notes, and series to draw. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Final, Literal

from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.montecarlo import Estimate
from kedge.risk.units import show_time

Cell = float | int | str | bool | Estimate | None
"""A number stays a number, an estimate its two (value and standard error): how they are written is the reader's."""


TIME: Final = "time"


@dataclass(frozen=True)
class Column:
    """One column: its heading, its unit ("" for a plain number or a text) and how a float is written.

    Seconds with the form `TIME` are written as people say times; the number stays one of seconds.
    """

    name: str
    unit: str = ""
    form: str = ".4g"

    @property
    def heading(self) -> str:
        """Name and unit; a time carries its own."""
        return f"{self.name} [{self.unit}]" if self.unit and self.form != TIME else self.name

    def write(self, cell: Cell) -> str:
        """A cell of this column as text."""
        if cell is None:
            return "-"
        if isinstance(cell, bool):
            return "yes" if cell else "no"
        if isinstance(cell, float):
            return show_time(cell) if self.form == TIME else self._number(cell)
        if isinstance(cell, Estimate):
            return f"{self._number(cell.value)} ± {self._number(cell.error)}"
        return f"{cell:,}" if isinstance(cell, int) else cell

    def _number(self, value: float) -> str:
        """By the form; what that would write as a large power of ten in whole numbers."""
        text = format(value, self.form)
        return text if "e+" not in text else f"{value:{'+' if '+' in self.form else ''},.0f}"


@dataclass(frozen=True)
class Series:
    """One curve, set of bars or points: x and y of the same length (x may be names of bars)."""

    name: str
    x: tuple[float, ...] | tuple[str, ...]
    y: tuple[float, ...]
    kind: Literal["line", "bars", "points", "band"] = "line"
    low: tuple[float, ...] = ()
    """Lower edge of a band; y is the upper one."""


@dataclass(frozen=True)
class Figure:
    """A picture: curves on shared axes, or (with `heat`) a map of values over a grid."""

    title: str
    x: str
    y: str
    series: tuple[Series, ...] = ()
    x_log: bool = False
    y_log: bool = False
    heat: tuple[tuple[float, ...], ...] = ()
    """Rows of the map from the lowest y upwards; ticks below."""
    x_ticks: tuple[str, ...] = ()
    y_ticks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows under columns; a title of its own where a result has several. OUT_OF_DOMAIN (1408) where a figure is not
    finite: what cannot be computed is None, never an infinity that somebody reads as a result.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            for column, cell in zip(self.columns, row, strict=True):
                value = cell.value if isinstance(cell, Estimate) else cell
                if isinstance(value, float) and not isfinite(value):
                    raise OUT_OF_DOMAIN.reject(f"{column.heading} = {value}: these inputs are beyond computing")


@dataclass(frozen=True)
class Result:
    """The outcome of one analysis."""

    title: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = field(default=())
    fitted: Mapping[str, str] = field(default_factory=dict)
    """Inputs that a record has replaced, by name, with the value that was used."""

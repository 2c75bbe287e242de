"""What a chunk costs to prove, in cells: rows (padding included) times columns, by table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kedge import _native
from kedge.rules import program

PERMUTATION_COLUMNS = 317
"""16 inputs, 8 full rounds of 32, 22 partial rounds of 2, and the count: the compiled Poseidon2 table."""


@dataclass(frozen=True, slots=True)
class TableCost:
    """One table of one proof."""

    name: str
    columns: int
    rows: int
    height: int

    @property
    def cells(self) -> int:
        """Cells committed, padding included."""
        return self.columns * self.height


class CellCounter:
    """Counts the cells of chunks of this version's program."""

    def __init__(self) -> None:
        self._program = _native.Program(program().data)
        self._columns = {t.name: len(t.columns) for t in program().tables} | {"poseidon2": PERMUTATION_COLUMNS}

    def count(self, witness: bytes) -> list[TableCost]:
        """Costs by table, from a witness."""
        info = _native.witness_info(self._program, witness)
        heights: Mapping[str, int] = info["heights"]
        return [TableCost(n, self._columns[n], rows, heights[n]) for n, rows in info["rows"].items()]

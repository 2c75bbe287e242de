"""The rows of one benchmark as they are filled in."""

from __future__ import annotations

from collections.abc import Sequence

from kedge.lab.bench.rows import BenchRow, build_row, summarise
from kedge.rules import program
from kedge.show import read_provenance


class Sheet:
    """Rows with one provenance; `case` says what the rows that follow were measured on."""

    def __init__(self, bench: str) -> None:
        self.bench, self.case = bench, ""
        self.rows: list[BenchRow] = []
        self._source = read_provenance(program().digest.hex())

    def add(self, figure: str, unit: str, values: Sequence[float], note: str = "") -> None:
        """One figure, one value per run; `Fault` without a run."""
        self.rows.append(build_row(self.bench, self.case, summarise(figure, unit, values), self._source, note))

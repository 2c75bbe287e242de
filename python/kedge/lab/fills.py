"""The list of fills as decimal text: what a replay is judged by."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from kedge.units.errors import Fault
from kedge.venue import SIDE_NAMES, Fill, Market

FILL_COLUMNS: Final = ("market", "taker_side", "price", "size")


class FillsWriter:
    """Writes fills, in the order they come, as market, taker_side, price, size; Fault if the disk refuses."""

    def __init__(self, path: Path, markets: Sequence[Market]) -> None:
        self.path = path
        self.count = 0
        self._markets = {market.index: market for market in markets}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = path.open("w", encoding="utf-8", newline="")
        except OSError as failure:
            reason = f"cannot write the fills to {path}: {failure.strerror}; choose another place for --fills"
            raise Fault(reason) from failure
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._write(FILL_COLUMNS)

    def write(self, fill: Fill) -> None:
        """Append one fill."""
        market = self._markets[fill.market]
        self._write((market.name, SIDE_NAMES[fill.side], market.price_text(fill.price), market.size_text(fill.size)))
        self.count += 1

    def close(self) -> None:
        """Flush and close."""
        try:
            self._file.close()
        except OSError as failure:
            raise self._fault(failure) from failure

    def _write(self, row: Sequence[str]) -> None:
        try:
            self._rows.writerow(row)
        except OSError as failure:
            raise self._fault(failure) from failure

    def _fault(self, failure: OSError) -> Fault:
        return Fault(
            f"fill {self.count + 1} cannot be written to {self.path}: {failure.strerror}; free space, run again"
        )

    def __enter__(self) -> FillsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""What a run leaves behind: one tree of plain data, written as JSON and drawn as a page (page.py).

Times are seconds since the start of the run by the machine's clock, heights are numbers of transactions, rates ppm, gas
in gas units, sizes in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import msgspec

from kedge.units.errors import Rejected

Clock = Literal["machine", "tape"]
REPORT_UNREADABLE: Final = 1221
"""A file is not the report of a run."""


class Spread(msgspec.Struct, frozen=True):
    """A figure measured several times."""

    name: str
    unit: str
    low: float
    middle: float
    high: float
    runs: int


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What ran, where, and from which source: the provenance of every figure in the report.

    `clock` is whose time the exchange kept, and with it the settlement window: the machine's, or a tape's.
    """

    title: str
    started: str
    commit: str
    machine: str
    program: str
    command: str = ""
    seed: int | None = None
    runs: int = 1
    clock: Clock = "machine"
    spreads: list[Spread] = []


class HeightSample(msgspec.Struct, frozen=True):
    """How far each tier was at a moment, in transactions."""

    time: float
    sequenced: int
    published: int
    proved: int
    anchored: int
    final: int


class WindowSample(msgspec.Struct, frozen=True):
    """Age of the last anchored state at a moment, in seconds."""

    time: float
    age: float


class Pause(msgspec.Struct, frozen=True):
    """A stretch of time in which anchoring was switched off on purpose."""

    begin: float
    end: float


class ChunkRow(msgspec.Struct, frozen=True):
    """One chunk: `seconds` by stage in the order they happen (queue, witness, prove, write...)."""

    number: int
    transactions: int
    steps: int
    cells: int
    seconds: dict[str, float]
    bytes: int


class BatchRow(msgspec.Struct, frozen=True):
    """One batch: `gas` of submitting it, `blob_gas` of its data, `final_gas` its share of the gas that made it final.

    Moments are None until they come.
    """

    number: int
    gas: int
    blob_gas: int
    bytes: int
    chunks: int
    transactions: int
    sent: float
    included: float | None = None
    final: float | None = None
    final_gas: int = 0

    @property
    def all_gas(self) -> int:
        """Every gas unit that the batch cost on L1."""
        return self.gas + self.blob_gas + self.final_gas


def gas_per_settlement(batches: Iterable[BatchRow]) -> float:
    """All L1 gas of the batches (submitting, blobs, finalising) over the state transitions in them; 0 of none."""
    rows = list(batches)
    return sum(row.all_gas for row in rows) / max(1, sum(row.transactions for row in rows))


class MarginSample(msgspec.Struct, frozen=True):
    """Margin rate of a market and the rate it moves towards, in ppm; `age` of the window in seconds."""

    time: float
    market: str
    age: float
    rate: int
    target: int


class TableCells(msgspec.Struct, frozen=True):
    """One table of the proofs: rows are summed over all chunks, cells = rows x columns."""

    name: str
    columns: int
    rows: int
    cells: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the page shows; `floors` of the margin rates by market, in ppm."""

    run: RunInfo
    heights: list[HeightSample] = []
    windows: list[WindowSample] = []
    pauses: list[Pause] = []
    chunks: list[ChunkRow] = []
    batches: list[BatchRow] = []
    margins: list[MarginSample] = []
    floors: dict[str, int] = {}
    tables: list[TableCells] = []
    summary: dict[str, str | int | float] = {}


def encode_report(report: Report) -> bytes:
    """Report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1)


def decode_report(data: bytes) -> Report:
    """Report from JSON; Rejected (1221) if it is not one."""
    try:
        return msgspec.json.decode(data, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as failure:
        raise Rejected(REPORT_UNREADABLE, "REPORT_UNREADABLE", str(failure)) from None


def read_report(path: Path) -> Report:
    """Report of a `report.json`; Rejected (1221) if there is none or it is not one."""
    try:
        data = path.read_bytes()
    except OSError as failure:
        raise Rejected(REPORT_UNREADABLE, "REPORT_UNREADABLE", f"{path}: {failure.strerror}") from None
    return decode_report(data)

"""The lab: order flow, replay of recorded tapes, whole runs on a development chain, reports, benchmarks.

Purpose: give an exchange something to do that can be repeated, run it, and say what it did.

Invariants
- A source (`Flow`, `Replay`) is a pure function of its plan and of the outcomes it is told: no clock, no network, no
  other randomness.
- A replay's fills equal its tape in count, order, price and size, or it stops with the row at which they did not.
- Nothing here decides anything about state: what the lab believes of positions are estimates, and the rules may
  refuse it.
- A report is one tree of plain data; page and JSON are both made from it, and the page loads nothing from elsewhere.

Surface: what `__all__` lists. Refusals of files: 1201 to 1211, 1221.
"""

from kedge.lab.bench import (
    CHUNK_SIZES,
    BenchReport,
    BenchRow,
    Measure,
    Population,
    Told,
    build_populations,
    build_row,
    measure,
    measure_all,
    measure_prover,
    measure_river,
    measure_sequencer,
    rows_markdown,
    rows_table,
    summarise,
    working_folder,
    write_results,
    write_rows,
)
from kedge.lab.cast import ReplayPlan
from kedge.lab.cells import CellCounter, TableCost
from kedge.lab.crowd import MIXED, RESTING, Crowd, Mix
from kedge.lab.demo import Demo
from kedge.lab.fills import FillsWriter
from kedge.lab.flow import Flow, FlowPlan
from kedge.lab.recorder import Recorder
from kedge.lab.replay import Replay, ReplayError
from kedge.lab.report import (
    BatchRow,
    ChunkRow,
    HeightSample,
    MarginSample,
    Pause,
    Report,
    RunInfo,
    Spread,
    TableCells,
    WindowSample,
    decode_report,
    encode_report,
    read_report,
)
from kedge.lab.report_page import render_report, write_report
from kedge.lab.run import DevnetRun, Outcome
from kedge.lab.session import Session
from kedge.lab.slots import SlotAllocator, order_address, split_address
from kedge.lab.source import Source, drive
from kedge.lab.tape import Tape, TapeError, Trade, read_trades, scan_tape
from kedge.lab.tape_run import TapeRun

__all__ = [
    "CHUNK_SIZES",
    "MIXED",
    "RESTING",
    "BatchRow",
    "BenchReport",
    "BenchRow",
    "CellCounter",
    "ChunkRow",
    "Crowd",
    "Demo",
    "DevnetRun",
    "FillsWriter",
    "Flow",
    "FlowPlan",
    "HeightSample",
    "MarginSample",
    "Measure",
    "Mix",
    "Outcome",
    "Pause",
    "Population",
    "Recorder",
    "Replay",
    "ReplayError",
    "ReplayPlan",
    "Report",
    "RunInfo",
    "Session",
    "SlotAllocator",
    "Source",
    "Spread",
    "TableCells",
    "TableCost",
    "Tape",
    "TapeError",
    "TapeRun",
    "Told",
    "Trade",
    "WindowSample",
    "build_populations",
    "build_row",
    "decode_report",
    "drive",
    "encode_report",
    "measure",
    "measure_all",
    "measure_prover",
    "measure_river",
    "measure_sequencer",
    "order_address",
    "read_report",
    "read_trades",
    "render_report",
    "rows_markdown",
    "rows_table",
    "scan_tape",
    "split_address",
    "summarise",
    "working_folder",
    "write_report",
    "write_results",
    "write_rows",
]

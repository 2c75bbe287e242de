"""The lab: order flow, replay of recorded tapes, reports, the live view, and what benchmarks share.

Purpose: give the exchange something to do that can be repeated, and show what it did.

Invariants
- A source (`Flow`, `Replay`) is a pure function of its plan and of the outcomes it is told: no clock, no network, no
  other randomness.
- A replay's fills equal its tape in count, order, price and size, or it stops with the row at which they did not.
- Nothing here decides anything about state: what the lab believes of positions are estimates, and the rules may
  refuse it.
- A report is one tree of plain data; page and JSON are both made from it, and the page loads nothing from elsewhere.

Surface: `Flow`, `Crowd` (the flow of the benchmarks), `scan_tape` + `Replay` + `FillsWriter`, `drive`;
`SlotAllocator`; `Report`, `write_report`, `read_report`; `LiveView`, `Snapshot`; `read_provenance`, `summarise`,
`build_row`, `write_rows`. Refusals of files: 1201 to 1207, 1221.
"""

from kedge.lab.bench import (
    BenchReport,
    BenchRow,
    Provenance,
    build_row,
    format_figure,
    measure,
    peak_memory,
    percentile,
    read_commit,
    read_machine,
    read_provenance,
    rows_markdown,
    rows_table,
    summarise,
    write_rows,
)
from kedge.lab.charts import Axes, Band, Series, column_chart, line_chart
from kedge.lab.crowd import MIXED, RESTING, Crowd, Mix
from kedge.lab.fills import FillsWriter
from kedge.lab.flow import Flow, FlowPlan
from kedge.lab.market import Market, MarketTerms
from kedge.lab.orders import Event, Exchange, Fill, Liquidated, Outcome, Transaction
from kedge.lab.page import frame_page, frame_table, frame_tiles, render_report, write_report
from kedge.lab.replay import Replay, ReplayError, ReplayPlan
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
from kedge.lab.slots import SlotAllocator, order_address, split_address
from kedge.lab.source import Source, drive
from kedge.lab.tape import Tape, TapeError, Trade, read_trades, scan_tape
from kedge.lab.view import FillLine, LiveView, MarginState, Snapshot, TierState, final_table, log_line, render

__all__ = [
    "MIXED",
    "RESTING",
    "Axes",
    "Band",
    "BatchRow",
    "BenchReport",
    "BenchRow",
    "ChunkRow",
    "Crowd",
    "Event",
    "Exchange",
    "Fill",
    "FillLine",
    "FillsWriter",
    "Flow",
    "FlowPlan",
    "HeightSample",
    "Liquidated",
    "LiveView",
    "MarginSample",
    "MarginState",
    "Market",
    "MarketTerms",
    "Mix",
    "Outcome",
    "Pause",
    "Provenance",
    "Replay",
    "ReplayError",
    "ReplayPlan",
    "Report",
    "RunInfo",
    "Series",
    "SlotAllocator",
    "Snapshot",
    "Source",
    "Spread",
    "TableCells",
    "Tape",
    "TapeError",
    "TierState",
    "Trade",
    "Transaction",
    "WindowSample",
    "build_row",
    "column_chart",
    "decode_report",
    "drive",
    "encode_report",
    "final_table",
    "format_figure",
    "frame_page",
    "frame_table",
    "frame_tiles",
    "line_chart",
    "log_line",
    "measure",
    "order_address",
    "peak_memory",
    "percentile",
    "read_commit",
    "read_machine",
    "read_provenance",
    "read_report",
    "read_trades",
    "render",
    "render_report",
    "rows_markdown",
    "rows_table",
    "scan_tape",
    "split_address",
    "summarise",
    "write_report",
    "write_rows",
]

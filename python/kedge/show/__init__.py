"""Show: how figures become something to look at, without knowing what they are about.

Purpose: charts, page frames, tables, the live view, number formats, files, and the provenance that every figure
carries.
Invariants: a page is one file that loads nothing from elsewhere; everything shown is given as plain data.
Surface: what `__all__` lists.
"""

from kedge.show.charts import Axes, Band, Series, bar_chart, column_chart, line_chart, small_charts
from kedge.show.files import read_bounded, read_short, write_file
from kedge.show.numbers import format_figure, format_money, format_short, middle, percentile
from kedge.show.page import UNFOLD, frame_page, frame_table, frame_tiles
from kedge.show.provenance import Provenance, peak_memory, read_commit, read_machine, read_provenance
from kedge.show.view import TIERS, FillLine, LiveView, MarginState, Snapshot, TierState, final_table, log_line, render

__all__ = [
    "TIERS",
    "UNFOLD",
    "Axes",
    "Band",
    "FillLine",
    "LiveView",
    "MarginState",
    "Provenance",
    "Series",
    "Snapshot",
    "TierState",
    "bar_chart",
    "column_chart",
    "final_table",
    "format_figure",
    "format_money",
    "format_short",
    "frame_page",
    "frame_table",
    "frame_tiles",
    "line_chart",
    "log_line",
    "middle",
    "peak_memory",
    "percentile",
    "read_bounded",
    "read_commit",
    "read_machine",
    "read_provenance",
    "read_short",
    "render",
    "small_charts",
    "write_file",
]

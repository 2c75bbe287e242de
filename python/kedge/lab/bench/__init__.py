"""Benchmarks: prover, sequencer and river, each measured apart from the process that shows the figures."""

from kedge.lab.bench.apart import Told
from kedge.lab.bench.prover import measure_prover
from kedge.lab.bench.results import write_results
from kedge.lab.bench.river import measure_river
from kedge.lab.bench.rows import (
    BenchReport,
    BenchRow,
    build_row,
    measure,
    rows_markdown,
    rows_table,
    summarise,
    write_rows,
)
from kedge.lab.bench.sequencer import measure_sequencer

__all__ = [
    "BenchReport",
    "BenchRow",
    "Told",
    "build_row",
    "measure",
    "measure_prover",
    "measure_river",
    "measure_sequencer",
    "rows_markdown",
    "rows_table",
    "summarise",
    "write_results",
    "write_rows",
]

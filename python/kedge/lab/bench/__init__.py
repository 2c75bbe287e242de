"""Benchmarks: prover, sequencer and river, each measured apart from the process that shows the figures."""

from kedge.lab.bench.apart import Told
from kedge.lab.bench.cases import Population, build_populations
from kedge.lab.bench.prover import CHUNK_SIZES, measure_prover
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
from kedge.lab.bench.stage import Measure, measure_all, working_folder

__all__ = [
    "CHUNK_SIZES",
    "BenchReport",
    "BenchRow",
    "Measure",
    "Population",
    "Told",
    "build_populations",
    "build_row",
    "measure",
    "measure_all",
    "measure_prover",
    "measure_river",
    "measure_sequencer",
    "rows_markdown",
    "rows_table",
    "summarise",
    "working_folder",
    "write_results",
    "write_rows",
]

"""Benchmarks: what proving, sequencing and the whole river cost here, as rows that say where they come from.

Each measurement runs in a fresh child process (`apart`, `worker`), so that its memory and its threads are its own;
`*_run` is what the child does, the module without `_run` turns its figures into rows.
"""

from kedge.node.bench.apart import Told
from kedge.node.bench.prover import measure_prover
from kedge.node.bench.results import write_results
from kedge.node.bench.river import measure_river
from kedge.node.bench.sequencer import measure_sequencer

__all__ = ["Told", "measure_prover", "measure_river", "measure_sequencer", "write_results"]

"""Data-availability sampling (A12): what samples of published data prove to one node and to a network."""

from __future__ import annotations

from collections.abc import Sequence

from kedge.risk import sampling as das
from kedge.risk.checks import probability
from kedge.risk.result import Cell, Column, Figure, Result, Series, Table

_FRACTIONS = (0.01, 0.02, 0.03, 0.04, 0.05)


def show_sampling(counts: Sequence[int], nodes: int, columns: int, confidence: float) -> Result:
    """One node by number of samples, then a network of `nodes`; `confidence` that honest nodes recover the data."""
    notes = (
        "one node's samples are no settlement guarantee: at 8 of 128 it accepts lost data once in 369 slots",
        "samples that the adversary can predict prove nothing: the worst case of one node is then 1",
        f"the network's bound is what margin may use: about zero at T1. What stays is blob retention "
        f"({das.RETENTION_DAYS:.1f} days) and the delay of inclusion",
    )
    tables = (_one(counts, columns, probability(confidence, "confidence")), _network(counts, nodes, columns))
    return Result(f"Sampling {columns} columns with {nodes:,} nodes", tables, notes, (_picture(columns),))


def _one(counts: Sequence[int], columns: int, confidence: float) -> Table:
    rows = []
    for count in counts:
        chance = das.compute_false_accept(count, columns)
        needed = next((n for n in range(1, 4 * columns) if das.compute_coverage(n, count, columns) >= confidence), None)
        rows.append((count, chance, 1.0 / chance if chance else None, 2.0**-count, needed))
    heads = (
        Column("samples"),
        Column("false accept"),
        Column("once in", "slots", ",.0f"),
        Column("2^-k"),
        Column(f"honest nodes to recover at {confidence:.4g}"),
    )
    return Table(heads, tuple(rows), "One node")


def _network(counts: Sequence[int], nodes: int, columns: int) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            100.0 * fraction,
            *(das.compute_fooled_exponent(fraction, nodes, count, columns) for count in counts),
            *(das.compute_fooled_exponent(fraction, nodes, count, columns, tight=True) for count in counts),
        )
        for fraction in _FRACTIONS
    )
    heads = (
        Column("fooled", "%", ".0f"),
        *(Column(f"k={count}", "", ".2f") for count in counts),
        *(Column(f"k={count} tight", "", ".2f") for count in counts),
    )
    return Table(heads, rows, "Network: log10 of the probability that this fraction accepts lost data, at most")


def _picture(columns: int) -> Figure:
    counts = tuple(float(k) for k in range(1, min(columns // 2, 40)))
    exact = Series("exact", counts, tuple(das.compute_false_accept(int(k), columns) for k in counts))
    rough = Series("2^-k", counts, tuple(2.0**-k for k in counts))
    return Figure("False accepts of one node", "samples", "probability", (exact, rough), y_log=True)

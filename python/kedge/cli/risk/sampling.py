"""kedge risk sampling: what samples of published data prove (A12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from kedge.risk import Cell, Figure, Table

_FRACTIONS = (0.01, 0.02, 0.03, 0.04, 0.05)


@risk.command()
def sampling(
    samples: Annotated[str, typer.Option(help="Columns that a node samples, separated by commas.")] = "4,8,16,32",
    nodes: Annotated[int, typer.Option(help="Nodes of the network.", min=100)] = 10_000,
    columns: Annotated[int, typer.Option(help="Columns of the extended data; half of them recover it.")] = 128,
    confidence: Annotated[str, typer.Option(help="Wanted probability that honest nodes recover the data [%].")] = "99%",
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Data-availability sampling: false accepts of a node, fraction of a network fooled, nodes that recover data."""
    from kedge.risk import NOT_A_NUMBER, Result, units
    from kedge.risk import sampling as das

    try:
        counts = [int(part) for part in samples.split(",")]
    except ValueError as error:
        raise NOT_A_NUMBER.reject(f"samples = {samples!r}") from error
    level = units.fraction(confidence, "confidence")
    present(
        Result(
            f"Sampling {columns} columns with {nodes:,} nodes",
            (_one(counts, columns, level), _network(counts, nodes, columns)),
            (
                "one node's samples are no settlement guarantee: at 8 of 128 it accepts lost data once in 369 slots",
                "samples that the adversary can predict prove nothing: the worst case of one node is then 1",
                f"the network's bound is what margin may use: about zero at T1. What stays is blob retention "
                f"({das.RETENTION_DAYS:.1f} days) and the delay of inclusion",
            ),
            (_picture(columns),),
        ),
        json_out,
        plot,
    )


def _one(counts: list[int], columns: int, confidence: float) -> Table:
    from kedge.risk import Column, Table
    from kedge.risk import sampling as das

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


def _network(counts: list[int], nodes: int, columns: int) -> Table:
    from kedge.risk import Column, Table
    from kedge.risk import sampling as das

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
    from kedge.risk import Figure, Series
    from kedge.risk import sampling as das

    counts = tuple(float(k) for k in range(1, min(columns // 2, 40)))
    exact = Series("exact", counts, tuple(das.compute_false_accept(int(k), columns) for k in counts))
    rough = Series("2^-k", counts, tuple(2.0**-k for k in counts))
    return Figure("False accepts of one node", "samples", "probability", (exact, rough), y_log=True)

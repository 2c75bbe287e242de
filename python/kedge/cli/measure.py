"""kedge measure: the ruler of settlement on recorded facts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.app import app
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from kedge.risk import Figure, Result, Table
    from kedge.risk import receipts as ruler

measure = typer.Typer(
    no_args_is_help=True, help="Measure settlement on records, ours or others', by one set of definitions."
)
app.add_typer(measure, name="measure")


@measure.callback()
def options() -> None:
    """Keep `receipts` a command of its own, however many there are."""


@measure.command()
def receipts(
    file: Annotated[
        Path,
        typer.Argument(help="L1 receipts with logs (JSON lines or a JSON list, .gz too), or a list of blocks (CSV)."),
    ],
    covered: Annotated[
        list[str] | None,
        typer.Option(help="Blocks FIRST-LAST of which the file holds every settlement; repeat it."),
    ] = None,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Anchoring interval, gas per settlement, proof and data submissions of every rollup in a file of L1 receipts.

    Receipts that settle nothing are counted by the reason: foreign, failed, deposit, unproven, mislabelled, malformed.
    """
    from kedge.risk import Result

    if file.name.removesuffix(".gz").endswith(".csv"):
        present(_listed(file), json_out, plot)
        return
    from kedge.risk import receipts as ruler
    from kedge.risk import recorded

    found = ruler.measure(recorded.read_lines(file), _blocks(covered or []))
    present(
        Result(f"Settlements in {file.name}", (_systems(found), _aside(found)), _notes(found), _picture(found)),
        json_out,
        plot,
    )


def _blocks(ranges: list[str]) -> list[int]:
    from kedge.risk import OUT_OF_DOMAIN

    blocks: list[int] = []
    for text in ranges:
        first, dash, last = text.partition("-")
        if not (dash and first.isdigit() and last.isdigit() and 0 <= int(last) - int(first) < 1_000_000):
            raise OUT_OF_DOMAIN.reject(f"covered = {text!r} is not a range FIRST-LAST of at most a million blocks")
        blocks.extend(range(int(first), int(last) + 1))
    return blocks


def _spread(found: ruler.Intervals | None) -> tuple[int | float | None, ...]:
    return (
        (0, None, None, None, None) if found is None else (found.count, found.mean, found.p50, found.p99, found.longest)
    )


def _systems(found: ruler.Measured) -> Table:
    from kedge.risk import Column, Table, rollups

    kinds = {rollups.DATA: "data", rollups.PROOF: "proofs", rollups.STATE: "states"}
    rows = tuple(
        (
            system.name,
            *(len(system.submissions[kind]) for kind in kinds),
            kinds[system.measured_on],
            *_spread(found.intervals.get(system.name)),
            system.gas_per_settlement,
            system.blob_gas,
        )
        for system in found.systems
    )
    columns = (
        *(Column(name) for name in ("system", "data", "proofs", "states", "measured on", "intervals")),
        *(Column(name, "s", ".1f") for name in ("mean", "p50", "p99", "longest")),
        Column("gas per settlement", "gas", ",.0f"),
        Column("blob gas"),
    )
    return Table(columns, rows)


def _aside(found: ruler.Measured) -> Table:
    from kedge.risk import Column, Table

    return Table((Column("set aside because"), Column("receipts")), tuple(found.aside.items()), "No settlements")


def _notes(found: ruler.Measured) -> tuple[str, ...]:
    unknown = sum(system.without_gas for system in found.systems)
    return (
        f"{found.receipts:,} receipts; runs of consecutive blocks: {found.runs}; intervals only inside a run (L1 block "
        "times), so a short run shows no interval longer than itself",
        "anchoring interval: between state updates where the file has at least two, else proofs, else data submissions",
        "gas per settlement: all execution gas of the system's settlement transactions over its anchors in this file; "
        "a dash where gas is unknown" + (f" ({unknown} transactions came without a receipt)" if unknown else ""),
    )


def _picture(found: ruler.Measured) -> tuple[Figure, ...]:
    from kedge.risk import Figure, Series

    names = tuple(sorted(found.intervals, key=lambda name: found.intervals[name].mean))
    if not names:
        return ()
    means = Series("mean", names, tuple(found.intervals[name].mean for name in names), "bars")
    longest = Series("longest", names, tuple(found.intervals[name].longest for name in names), "points")
    return (Figure("Anchoring intervals", "system", "seconds", (means, longest)),)


def _listed(file: Path) -> Result:
    """Intervals of a bare list of blocks with timestamps."""
    from kedge.risk import Column, Result, Table, recorded
    from kedge.risk import receipts as ruler

    blocks, stamps = recorded.read_blocks(file)
    row = (file.name, len(blocks), *_spread(ruler.compute_listed(stamps)))
    columns = (
        *(Column(name) for name in ("list", "blocks", "intervals")),
        *(Column(name, "s", ",.1f") for name in ("mean", "p50", "p99", "longest")),
    )
    note = "a bare list says nothing of what happened in each block: settlements, deposits and withdrawals count alike"
    return Result(f"Blocks listed in {file.name}", (Table(columns, (row,)),), (note,))

"""`kedge bench prover`: time_to_proof by stage, orders per second, cells and memory, by size and by state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from kedge.lab.bench.apart import Told, run_apart
from kedge.lab.bench.cases import POPULATIONS, Case, Population, prepare, prepare_populated
from kedge.lab.bench.prover_run import ProverFigures, ProverJob
from kedge.lab.bench.rows import BenchRow
from kedge.lab.bench.sheet import Sheet
from kedge.lab.cells import CellCounter, TableCost
from kedge.lab.crowd import MIXED, RESTING, Mix
from kedge.rules import program

CHUNK_SIZES: Final = (250, 1_000, 4_000)
MIXES: Final = {"resting orders": RESTING, "mixed flow": MIXED}
DETAILED: Final = 1_000
"""The size whose cells are listed table by table."""
HASHING: Final = frozenset({"leaf", "node", "chunk", "range16", "poseidon2"})
"""The machine's own tables: state root, hash, range table."""
_MIB: Final = 2**20

Plan = tuple[str, Callable[[Path, Told], Case]]
"""What a case is called, and how its chunk is made in a folder."""


def measure_prover(
    folder: Path,
    runs: int,
    told: Told,
    sizes: Sequence[int] = CHUNK_SIZES,
    populations: Sequence[Population] = POPULATIONS,
) -> list[BenchRow]:
    """Rows for every size and mix, then for `DETAILED` mixed orders in a state of each population; `folder` holds the
    chunks meanwhile.
    """
    sheet, counter = Sheet("prover"), CellCounter()
    plans = [_plan_size(size, name, mix) for name, mix in MIXES.items() for size in sizes]
    plans += [_plan_population(population) for population in populations]
    for done, (label, prepare_case) in enumerate(plans):
        making, proving = (_within(told, label, (done + half / 2) / len(plans), 0.5 / len(plans)) for half in (0, 1))
        home = folder / str(done)
        making("preparing", 0.0)
        case = prepare_case(home, making)
        job = ProverJob(str(home), case.chunk.number, case.roots, case.chunk.witness_digest, runs)
        figures = run_apart("prover", job, ProverFigures, proving)
        sheet.case = label
        _add_times(sheet, case, figures)
        _add_cells(sheet, case, counter.count(case.chunk.witness.read_bytes()), figures)
    return sheet.rows


def _within(told: Told, label: str, start: float, length: float) -> Told:
    """Progress of one case as that of the whole."""
    return lambda text, part: told(f"{label}: {text}", start + part * length)


def _plan_size(size: int, name: str, mix: Mix) -> Plan:
    label = f"{size:,} {name}" if mix is RESTING else f"{size:,} orders, {name}"
    return label, lambda home, _: prepare(home, label, size, mix)


def _plan_population(population: Population) -> Plan:
    label = f"{DETAILED:,} orders, mixed flow, {population}"
    return label, lambda home, told: prepare_populated(home, label, DETAILED, population, told)


def _add_times(sheet: Sheet, case: Case, figures: ProverFigures) -> None:
    totals = [sum(stages.values()) for stages in figures.stages]
    content = f"{case.chunk.transactions} transactions, {case.fills} fills, {case.chunk.steps} steps{case.setting}"
    sheet.add("time_to_proof", "s", totals, f"sealed -> checked proof on disk; {content}")
    for stage in ("queue", "witness", "prove", "verify", "write"):
        sheet.add(f"time_to_proof: {stage}", "s", [stages.get(stage, 0.0) for stages in figures.stages])
    sheet.add("time_to_proof, first in a process", "s", [figures.first], "makes the keys of the program")
    sheet.add("orders proved", "1/s", [case.orders / total for total in totals], "cancels not counted; no signatures")
    sheet.add("transactions proved", "1/s", [case.chunk.transactions / total for total in totals])
    sheet.add("verify", "s", figures.verify)
    sheet.add("proof size", "bytes", [figures.proof], f"{figures.bits:.1f} bits, conjectured")
    note = f"fresh process; {figures.idle / _MIB:.0f} MiB of it before the first proof"
    sheet.add("peak memory", "MiB", [figures.peak / _MIB], note)


def _add_cells(sheet: Sheet, case: Case, costs: list[TableCost], figures: ProverFigures) -> None:
    """Cells of the main trace; an order's are those of its chunk, divided by the chunk's orders."""
    lookups = lookup_columns()
    used = {cost.name: cost.columns * cost.rows for cost in costs}
    looked = {cost.name: (cost.columns + lookups[cost.name]) * cost.rows for cost in costs}
    padded = {cost.name: cost.cells for cost in costs}
    totals = [sum(stages.values()) for stages in figures.stages]
    trace = sum(padded.values())
    sheet.add("cells proved", "1/s", [trace / total for total in totals], f"{trace:,} of the main trace, with padding")
    for text, cells in (("used rows", used), ("with padding", padded), ("used rows with lookups", looked)):
        rules = sum(count for name, count in cells.items() if name not in HASHING)
        sheet.add(f"cells per order, no hashing, {text}", "cells", [rules / case.orders], "without " + _names(HASHING))
        sheet.add(f"cells per order, {text}", "cells", [sum(cells.values()) / case.orders], "all tables")
    if case.orders == DETAILED:
        for cost in sorted(costs, key=lambda cost: -cost.cells):
            extra = f"and {lookups[cost.name]} more for lookups"
            note = f"{cost.rows:,} rows of {cost.columns} columns ({extra}), height {cost.height:,}"
            if cost.rows:
                sheet.add(f"cells per order: {cost.name}", "cells", [used[cost.name] / case.orders], note)


def lookup_columns() -> dict[str, int]:
    """Base-field columns that the proof system adds to each table: two bus uses share one of the extension field, which
    is two of the base field, and one more keeps their sum.
    """
    uses = {table.name: len(table.buses) for table in program().tables} | {"poseidon2": 1}
    return {name: 2 * (-(-count // 2) + 1) for name, count in uses.items()}


def _names(tables: frozenset[str]) -> str:
    return ", ".join(sorted(tables))

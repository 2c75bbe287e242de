"""`kedge bench prover`: time_to_proof by stage, orders per second, cells and memory, for chunks of three sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kedge.lab.bench.apart import Told, run_apart
from kedge.lab.bench.prover_run import ProverFigures, ProverJob
from kedge.lab.bench.rows import BenchRow
from kedge.lab.bench.sheet import Sheet
from kedge.lab.cells import CellCounter, TableCost
from kedge.lab.crowd import MIXED, RESTING, Crowd, Mix
from kedge.rules import program
from kedge.sequencer import NativeEngines, Origin, SealedChunk, Sequencer, Settings, Transaction
from kedge.units.errors import Broken
from kedge.venue import Transaction as Sent

SIZES: Final = (250, 1_000, 4_000)
MIXES: Final = {"resting orders": RESTING, "mixed flow": MIXED}
DETAILED: Final = 1_000
"""The size whose cells are listed table by table."""
HASHING: Final = frozenset({"leaf", "node", "chunk", "range16", "poseidon2"})
"""The machine's own tables: state root, hash, range table."""
_WARM_ORDERS: Final = 2_000
_BURST: Final = 50
_START_MS: Final = 1_000_000_000
_MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Case:
    """A sealed chunk of `orders` orders and what else is in it."""

    name: str
    orders: int
    fills: int
    chunk: SealedChunk


def measure_prover(folder: Path, runs: int, told: Told, sizes: Sequence[int] = SIZES) -> list[BenchRow]:
    """Rows for every size and mix; `folder` holds the chunks meanwhile."""
    sheet, counter = Sheet("prover"), CellCounter()
    cases = [(name, mix, size) for name, mix in MIXES.items() for size in sizes]
    for done, (name, mix, size) in enumerate(cases):
        label = f"{size:,} {name}" if mix is RESTING else f"{size:,} orders, {name}"
        home = folder / f"{name.split()[0]}-{size}"

        def hear(text: str, part: float, label: str = label, done: int = done) -> None:
            told(f"{label}: {text}", (done + part) / len(cases))

        hear("preparing", 0.0)
        case = prepare(home, label, size, mix)
        job = ProverJob(str(home), case.chunk.number, runs)
        figures = run_apart("prover", job, ProverFigures, hear)
        sheet.case = label
        _add_times(sheet, case, figures)
        _add_cells(sheet, case, counter.count(case.chunk.witness.read_bytes()), figures)
    return sheet.rows


def prepare(home: Path, name: str, orders: int, mix: Mix) -> Case:
    """Sequence an opening, orders to warm up, then the chunk to be proven: `orders` orders, and cancels among them."""
    crowd = Crowd()
    settings = Settings(chunk_transactions=_WARM_ORDERS * 10, chunk_steps=64_000)
    with Sequencer.open(home, NativeEngines(program().data), settings) as sequencer:
        _submit(sequencer, crowd, crowd.opening(_START_MS))
        sequencer.seal()
        _fill(sequencer, crowd, _WARM_ORDERS, mix)
        sequencer.seal()
        fills = crowd.desk.fills
        _fill(sequencer, crowd, orders, mix)
        chunk = sequencer.seal()
    if chunk is None:
        raise Broken("the chunk to be proven has no transaction")
    return Case(name, orders, crowd.desk.fills - fills, chunk)


def _fill(sequencer: Sequencer, crowd: Crowd, orders: int, mix: Mix) -> None:
    while orders:
        part = min(_BURST, orders)
        _submit(sequencer, crowd, crowd.orders(part, mix))
        orders -= part


def _submit(sequencer: Sequencer, crowd: Crowd, work: Sequence[Sent]) -> None:
    receipts = sequencer.submit([Transaction(*item) for item in work], Origin.SYSTEM)
    crowd.feedback(work, [(receipt.code, receipt.events, 0) for receipt in receipts])


def _add_times(sheet: Sheet, case: Case, figures: ProverFigures) -> None:
    totals = [sum(stages.values()) for stages in figures.stages]
    content = f"{case.chunk.transactions} transactions, {case.fills} fills, {case.chunk.steps} steps"
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

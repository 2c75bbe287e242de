"""`kedge bench river`: settlement_throughput by tier, anchoring interval, gas, settlement window, bust_rate, memory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kedge.lab.bench.apart import Told, run_apart
from kedge.lab.bench.river_run import OPTIONS, TIERS, RiverFigures, RiverJob
from kedge.lab.bench.rows import BenchRow
from kedge.lab.bench.sheet import Sheet
from kedge.lab.report import gas_per_settlement
from kedge.settlement import Tier
from kedge.show import percentile

SECONDS: Final = 60.0
_LABELS: Final = {"proved": Tier.PROVED_OFF_CHAIN.label}
_MIB: Final = 2**20


def measure_river(folder: Path, runs: int, told: Told, seconds: float = SECONDS) -> list[BenchRow]:
    """Rows of a node that is fed for `seconds`, `runs` times."""
    figures = run_apart("river", RiverJob(str(folder), seconds, runs), RiverFigures, told)
    sheet = Sheet("river")
    sheet.case = f"mixed flow, chunks of {OPTIONS.chunk_transactions:,}, batches of up to {OPTIONS.anchor_chunks}"
    _add_throughput(sheet, figures)
    _add_settlement(sheet, figures)
    return sheet.rows


def _add_throughput(sheet: Sheet, figures: RiverFigures) -> None:
    stretches = figures.stretches
    sheet.add("offered", "1/s", [one.offered for one in stretches], "state transitions: places, cancels, upkeep")
    for tier in TIERS:
        growth = max(one.growth[tier] / one.offered for one in stretches)
        verdict = "sustained" if all(one.keeps_up(tier) for one in stretches) else "NOT SUSTAINED"
        note = f"{verdict}: backlog {growth:+.1%} of the rate offered, each second"
        figure = f"settlement_throughput({_LABELS.get(tier, tier)})"
        sheet.add(figure, "1/s", [one.reached[tier] for one in stretches], note)
    sheet.add("prover by itself", "1/s", [figures.alone], "transactions of a full chunk / its time_to_proof")
    sheet.add("time_to_proof without queue", "s", figures.proofs, "every chunk of the run; runs = chunks")


def _add_settlement(sheet: Sheet, figures: RiverFigures) -> None:
    intervals = [float(seconds) for seconds in figures.intervals] or [0.0]
    note = f"L1 block timestamps, {len(figures.intervals)} intervals, blocks of 1 s"
    sheet.add("anchoring_interval mean", "s", [sum(intervals) / len(intervals)], note)
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        sheet.add(f"anchoring_interval {name}", "s", [percentile(intervals, share)])
    windows = [one.windows for one in figures.stretches]
    means = [sum(ages) / max(1, len(ages)) for ages in windows]
    sheet.add("settlement_window mean", "s", means, "now - L2 time of the last anchored state")
    sheet.add("settlement_window max", "s", [max(ages, default=0.0) for ages in windows])
    settled = sum(row.transactions for row in figures.batches)
    note = f"{len(figures.batches)} batches, {settled:,} transitions; no proof is verified on L1 yet"
    sheet.add("gas_per_settlement", "gas", [gas_per_settlement(figures.batches)], note)
    sheet.add("of it blob gas", "gas", [sum(row.blob_gas for row in figures.batches) / max(1, settled)])
    note = f"{figures.contradictions} of {figures.settled:,} receipts contradict the proven state, by replay"
    sheet.add("bust_rate", "share", [figures.contradictions / max(1, figures.settled)], note)
    sheet.add("peak memory of the node", "MiB", [figures.peak / _MIB], "prover, load and recorder included")
    sheet.add("peak memory of the development chain", "MiB", [figures.peak_chain / _MIB])

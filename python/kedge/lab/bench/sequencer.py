"""`kedge bench sequencer`: orders per second made durable on one core, and how long a receipt takes at half of that."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from kedge.lab.bench.apart import Told, run_apart
from kedge.lab.bench.rows import BenchRow
from kedge.lab.bench.sequencer_run import Pass, SequencerFigures, SequencerJob
from kedge.lab.bench.sheet import Sheet
from kedge.show import percentile

TRANSACTIONS: Final = 40_000


def measure_sequencer(folder: Path, runs: int, told: Told, transactions: int = TRANSACTIONS) -> list[BenchRow]:
    """Rows for single and batched submissions, acknowledgement, and the disk below `folder`."""
    figures = run_apart("sequencer", SequencerJob(str(folder), transactions, runs), SequencerFigures, told)
    sheet = Sheet("sequencer")
    pinned = f"all threads on core {figures.core}" if figures.core >= 0 else "not pinned: this system cannot"
    for name, passes in (("one order per submission", figures.single), ("64 orders per submission", figures.batched)):
        sheet.case = f"mixed flow, {name}"
        _add_passes(sheet, passes, figures.transactions, pinned)
    sheet.case = "mixed flow, one order per submission, at half the rate"
    rate = f"offered at random moments, answered {min(p.rate for p in figures.paced):,.0f}/s or more"
    sheet.add("acknowledgement p50", "ms", [one.p50 for one in figures.paced], rate)
    sheet.add("acknowledgement p99", "ms", [one.p99 for one in figures.paced], "durability on; from due to receipt")
    sheet.add("acknowledgement, longest", "ms", [one.worst for one in figures.paced])
    sheet.case = "the disk by itself"
    sheet.add("fsync of 8 KiB, p50", "ms", [percentile(figures.fsync, 0.5)], f"{len(figures.fsync)} writes")
    sheet.add("fsync of 8 KiB, p99", "ms", [percentile(figures.fsync, 0.99)], f"of the file system of {_name(folder)}")
    return sheet.rows


def _add_passes(sheet: Sheet, passes: list[Pass], count: int, pinned: str) -> None:
    rates = [count / one.seconds for one in passes]
    refused = max(one.refused for one in passes)
    sheet.add("orders durable", "1/s", rates, f"places and cancels, {refused} of {count:,} refused; {pinned}")
    sheet.add("CPU per order", "us", [one.cpu / count * 1e6 for one in passes], "all threads, the load's too")
    sheet.add("orders per group", "orders", [count / one.groups for one in passes], "groups form by themselves")
    shares = [100 * one.cpu / one.seconds for one in passes]
    sheet.add("share of the core", "%", shares, "the rest waits, for the disk or for another process")


def _name(folder: Path) -> str:
    """How much is free there, which tells disks apart without naming paths."""
    facts = os.statvfs(folder)
    return f"{facts.f_blocks * facts.f_frsize / 2**30:.0f} GiB"

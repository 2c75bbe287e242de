"""The child of the sequencer's benchmark: every thread on one core, the load and its bookkeeping included."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from kedge import _native
from kedge.lab.bench.apart import Told
from kedge.lab.crowd import MIXED, Crowd
from kedge.rules import program
from kedge.sequencer import NativeEngines, Origin, Receipt, Sequencer, Transaction
from kedge.show import percentile
from kedge.venue import Transaction as Sent

SHARE: Final = 0.5
"""Of the rate reached, what the open loop offers."""
_WINDOW: Final = 2_000
"""Orders in flight while the rate is measured: more would only wait longer."""
_BURST: Final = 64
_TICK: Final = 0.001
_PROBES, _PROBE_BYTES = 200, 8_192
_START_MS: Final = 1_000_000_000
_MOST_STEPS: Final = 50_000


class SequencerJob(msgspec.Struct, frozen=True):
    """Sequence `transactions` of the mixed flow `runs` times, each in a new data directory below `folder`."""

    folder: str
    transactions: int
    runs: int
    seed: int = 1


class Pass(msgspec.Struct, frozen=True):
    """One pass over the flow as fast as it goes. Seconds; `cpu` is of all threads; groups and chunks as they came."""

    seconds: float
    cpu: float
    groups: int
    chunks: int
    refused: int


class Acknowledgements(msgspec.Struct, frozen=True):
    """One pass at a fixed rate (1/s): milliseconds from the moment an order was due to its receipt."""

    rate: float
    p50: float
    p99: float
    worst: float


class SequencerFigures(msgspec.Struct, frozen=True):
    """`single`: one order per submission; `batched`: `_BURST` per submission; `fsync`: milliseconds of each probe."""

    core: int
    transactions: int
    single: list[Pass]
    batched: list[Pass]
    paced: list[Acknowledgements]
    fsync: list[float]


def run_sequencer(job: SequencerJob, told: Told) -> SequencerFigures:
    """Pin, prepare, measure."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else -1
    if core >= 0:
        os.sched_setaffinity(0, {core})
    root = Path(job.folder)
    told("probing the disk", 0.0)
    fsync = probe_disk(root)
    told("preparing the flow", 0.02)
    opening, work = prepare_flow(job.transactions, job.seed)
    gc.collect()
    gc.freeze()  # the prepared flow is the load's, and no node has it to collect
    bursts = [work[at : at + _BURST] for at in range(0, len(work), _BURST)]
    single: list[Pass] = []
    batched: list[Pass] = []
    paced: list[Acknowledgements] = []
    for run in range(job.runs):
        told(f"run {run + 1} of {job.runs}", 0.1 + 0.9 * run / job.runs)
        single.append(_rush(root / f"single-{run}", opening, [[item] for item in work], _WINDOW))
        batched.append(_rush(root / f"batched-{run}", opening, bursts, _WINDOW // _BURST))
    rate = SHARE * sorted(len(work) / one.seconds for one in single)[len(single) // 2]
    for run in range(job.runs):
        told(f"acknowledgement at {rate:,.0f} orders/s, run {run + 1} of {job.runs}", 0.7 + 0.3 * run / job.runs)
        paced.append(_pace(root / f"paced-{run}", opening, work, rate, job.seed + run))
    return SequencerFigures(core, len(work), single, batched, paced, fsync)


def probe_disk(folder: Path) -> list[float]:
    """Milliseconds of each of some writes of 8 KiB with an fsync, the least that a durable group can cost here."""
    path, spent = folder / "probe", []
    with path.open("wb", buffering=0) as file:
        for _ in range(_PROBES):
            begin = time.perf_counter()
            file.write(bytes(_PROBE_BYTES))
            os.fsync(file.fileno())
            spent.append((time.perf_counter() - begin) * 1e3)
    path.unlink()
    return spent


def prepare_flow(count: int, seed: int) -> tuple[list[Transaction], list[Transaction]]:
    """The opening and at least `count` transactions of the mixed flow, tried on an engine of their own."""
    crowd = Crowd(seed=seed)
    engine = _native.Engine(_native.Program(program().data))
    opening: list[Sent] = crowd.opening(_START_MS)
    work: list[Sent] = []
    crowd.feedback(opening, engine.submit_many(opening))
    while len(work) < count:
        if engine.steps_in_chunk > _MOST_STEPS:
            engine.seal()
        burst = [crowd.draw(MIXED) for _ in range(_BURST)]
        crowd.feedback(burst, engine.submit_many(burst))
        work += burst
    return [Transaction(*item) for item in opening], [Transaction(*item) for item in work]


def _open(home: Path, opening: Sequence[Transaction]) -> Sequencer:
    """A sequencer with the settings of a node, the exchange open and the first chunk behind it."""
    sequencer = Sequencer.open(home, NativeEngines(program().data))
    sequencer.submit(opening, Origin.SYSTEM)
    sequencer.seal()
    return sequencer


def _rush(home: Path, opening: Sequence[Transaction], submissions: Sequence[Sequence[Transaction]], most: int) -> Pass:
    """All submissions in order, at most `most` in flight."""
    with _open(home, opening) as sequencer:
        groups, chunks = sequencer.counters.groups, sequencer.counters.chunks
        begin, cpu = time.perf_counter(), time.process_time()
        asyncio.run(_keep_busy(sequencer, submissions, most))
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        counters = sequencer.counters
        return Pass(seconds, cpu, counters.groups - groups, counters.chunks - chunks, counters.refused)


async def _keep_busy(sequencer: Sequencer, submissions: Sequence[Sequence[Transaction]], most: int) -> None:
    remaining = iter(submissions)

    async def submit() -> None:
        for submission in remaining:
            await sequencer.submit_async(submission)

    await asyncio.gather(*(submit() for _ in range(most)))


def _pace(
    home: Path, opening: Sequence[Transaction], work: Sequence[Transaction], rate: float, seed: int
) -> Acknowledgements:
    """Orders at random moments, `rate` a second, whether or not those before were answered."""
    with _open(home, opening) as sequencer:
        spent: list[float] = []
        begin = time.perf_counter()
        asyncio.run(_keep_pace(sequencer, work, rate, Random(seed), spent.append))  # noqa: S311 - to be repeated
        reached = len(work) / (time.perf_counter() - begin)
    return Acknowledgements(reached, percentile(spent, 0.5), percentile(spent, 0.99), max(spent))


async def _keep_pace(
    sequencer: Sequencer, work: Sequence[Transaction], rate: float, rng: Random, spent: Callable[[float], None]
) -> None:
    async def submit(item: Transaction, due: float) -> list[Receipt]:
        receipts = await sequencer.submit_async([item])
        spent((time.perf_counter() - due) * 1e3)
        return receipts

    waiting: set[asyncio.Task[list[Receipt]]] = set()
    due = time.perf_counter()
    for item in work:
        due += rng.expovariate(rate)
        while due > time.perf_counter():
            await asyncio.sleep(_TICK)
        task = asyncio.create_task(submit(item, due))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)

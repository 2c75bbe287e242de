"""The child of the river's benchmark: a whole node on a development chain, fed at a rate that its prover sustains."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from kedge.lab.bench.apart import Told
from kedge.lab.bench.audit import Audit
from kedge.lab.crowd import MIXED, Crowd
from kedge.lab.report import BatchRow, HeightSample
from kedge.lab.session import Session
from kedge.node import Devnet, Node, NodeOptions
from kedge.settlement import AnchorEvent
from kedge.show import LiveView, peak_memory
from kedge.units.errors import Fault
from kedge.venue import Market, Outcome, Transaction

TIERS: Final = ("sequenced", "published", "proved", "anchored", "final")
OPTIONS: Final = NodeOptions(chunk_transactions=2_000, chunk_ms=8_000, anchor_chunks=4, anchor_seconds=4.0)
SHARE: Final = 0.45
"""Of what the prover does alone, what is offered: sequencing, batches and the chain run on the same cores."""
FILL_SECONDS: Final = 25.0
"""Until every tier moves: a proof, a batch and the challenge window after the first transaction."""
GROWTH: Final = 0.05
"""A tier keeps up if what waits for it grows by less than this share of the rate offered."""
_ACCOUNTS: Final = 60
_CALIBRATION_CHUNKS: Final = 3
_BURST_SECONDS: Final = 0.05
_SETTLE_SECONDS: Final = 120.0
_SLOWER: Final = 0.7
_ATTEMPTS: Final = 3


class RiverJob(msgspec.Struct, frozen=True):
    """Feed a node in `folder` for `seconds`, `runs` times."""

    folder: str
    seconds: float
    runs: int


class Stretch(msgspec.Struct, frozen=True):
    """One feed at a steady rate. By tier: transactions a second that reached it, and growth of what waits for it.

    Both count from when every tier moved. `windows`: settlement window in seconds, sampled.
    """

    offered: float
    reached: dict[str, float]
    growth: dict[str, float]
    windows: list[float]

    def keeps_up(self, tier: str) -> bool:
        """Whether what waits for a tier does not grow."""
        return self.growth[tier] <= GROWTH * self.offered


class RiverFigures(msgspec.Struct, frozen=True):
    """What a node did from its first order until everything was final. Bytes, seconds, gas."""

    alone: float
    stretches: list[Stretch]
    proofs: list[float]
    intervals: list[int]
    batches: list[BatchRow]
    settled: int
    contradictions: int
    peak: int
    peak_chain: int


class Stream:
    """A source for `Session` that goes on where it stopped, for as many transactions as `offer` says."""

    def __init__(self, crowd: Crowd, told: Told) -> None:
        self.crowd, self._told = crowd, told
        self._sent = self._wanted = 0
        self._burst = 1
        self.phase = "preparing"

    def offer(self, phase: str, count: int, burst: int) -> None:
        """Give `count` transactions, `burst` at a time."""
        self.phase, self._sent, self._wanted, self._burst = phase, 0, count, max(1, burst)

    @property
    def markets(self) -> tuple[Market, ...]:
        return self.crowd.markets

    @property
    def deposits(self) -> tuple[int, ...]:
        return self.crowd.deposits

    @property
    def progress(self) -> float:
        return self._sent / max(1, self._wanted)

    def next(self) -> list[Transaction]:
        drawn = [self.crowd.draw(MIXED) for _ in range(min(self._burst, self._wanted - self._sent))]
        self._sent += len(drawn)
        self._told(self.phase, self.progress)
        return [*self.crowd.marks(), *drawn] if drawn else []

    def feedback(self, sent: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
        self.crowd.feedback(sent, outcomes)


def run_river(job: RiverJob, told: Told) -> RiverFigures:
    """Start the chain and the node, feed, settle, audit."""
    told("starting the development chain", 0.0)
    folder = Path(job.folder)
    devnet = Devnet(folder)
    try:
        node = Node(folder, devnet.chain, devnet.operator, devnet.place, OPTIONS)
        try:
            return _River(devnet, node, told).run(job)
        finally:
            node.close()
    finally:
        devnet.close()


class _River:
    def __init__(self, devnet: Devnet, node: Node, told: Told) -> None:
        self.devnet, self.node, self._told = devnet, node, told
        self.audit = Audit()
        self.events: list[AnchorEvent] = []
        node.hooks.committed.append(self.audit.learn)
        node.hooks.anchored.append(self.events.extend)
        self.stream = Stream(Crowd(_ACCOUNTS), lambda text, part: told(text, 0.05 + 0.75 * part))

    def run(self, job: RiverJob) -> RiverFigures:
        """Calibrate, feed, let everything become final, replay."""
        view = LiveView(None)
        with Session(self.node, self.stream, view, "river") as session:
            self.devnet.fund(self.stream.deposits)
            session.open()
            alone = self._calibrate(session)
            stretches = [self._sustain(session, SHARE * alone, job.seconds) for _ in range(job.runs)]
            self._told("letting everything become final", 0.85)
            session.settle(_SETTLE_SECONDS)
            proofs = [sum(row.seconds.values()) - row.seconds.get("queue", 0.0) for row in session.recorder.chunks]
            rows = list(session.recorder.batches.values())
        peak, chain = peak_memory(), sum(map(peak_memory, _children()))
        self._told("replaying the journal", 0.95)
        contradictions = self.audit.count(self.node.sequencer.directory, self.node.prover.records)
        anchored = [event for event in self.events if event.what == "anchored"]
        times = [event.mined.l1_time for event in anchored]
        return RiverFigures(
            alone=alone,
            stretches=stretches,
            proofs=proofs,
            intervals=[later - earlier for earlier, later in pairwise(times)],
            batches=rows,
            settled=self.node.sequencer.head.sequence,
            contradictions=contradictions,
            peak=peak,
            peak_chain=chain,
        )

    def _calibrate(self, session: Session) -> float:
        """Transactions a second that the prover does with nothing else to do."""
        done = len(session.recorder.chunks)
        self.stream.offer("measuring the prover", _CALIBRATION_CHUNKS * OPTIONS.chunk_transactions, 200)
        session.run()
        end = time.monotonic() + _SETTLE_SECONDS
        while self.node.prover.pending:
            self.node.check()
            if time.monotonic() > end:
                raise Fault(f"the prover did not get through {_CALIBRATION_CHUNKS} chunks in {_SETTLE_SECONDS:.0f} s")
            time.sleep(_BURST_SECONDS)
        full = [row for row in session.recorder.chunks[done:] if row.transactions == OPTIONS.chunk_transactions]
        return statistics.median(
            row.transactions / (sum(row.seconds.values()) - row.seconds.get("queue", 0.0)) for row in full
        )

    def _sustain(self, session: Session, rate: float, seconds: float) -> Stretch:
        """Feed at a rate; if what waits for some tier grows, once more, slower. The last attempt counts as it is."""
        stretch = self._feed(session, rate, seconds)
        for _ in range(_ATTEMPTS - 1):
            if not all(map(stretch.keeps_up, TIERS)):
                session.settle(_SETTLE_SECONDS, final=False)
                stretch = self._feed(session, _SLOWER * stretch.offered, seconds)
        return stretch

    def _feed(self, session: Session, rate: float, seconds: float) -> Stretch:
        recorder = session.recorder
        begin = recorder.now + min(FILL_SECONDS, seconds / 2)
        self.stream.offer(f"feeding {rate:,.0f} transactions/s", int(rate * seconds), int(rate * _BURST_SECONDS))
        session.run(seconds)
        samples = [sample for sample in level(recorder.heights) if sample.time >= begin]
        reached = {tier: compute_rate([(s.time, getattr(s, tier)) for s in samples]) for tier in TIERS}
        growth = {tier: compute_growth(samples, tier) for tier in TIERS}
        return Stretch(rate, reached, growth, [w.age for w in recorder.windows if w.time >= begin])


def level(samples: Iterable[HeightSample]) -> list[HeightSample]:
    """Heights that never fall: a sample between a proof and the news of it knows less than the one before."""
    tops, out = dict.fromkeys(TIERS, 0), []
    for sample in samples:
        tops = {tier: max(top, getattr(sample, tier)) for tier, top in tops.items()}
        out.append(HeightSample(sample.time, **tops))
    return out


def compute_rate(points: list[tuple[float, int]]) -> float:
    """Transactions a second of a staircase: from its first rise to its last, so that half a step counts for nothing."""
    rises = [later for earlier, later in pairwise(points) if later[1] > earlier[1]]
    if len(rises) < 2:
        return 0.0
    (begin, low), (end, high) = rises[0], rises[-1]
    return (high - low) / (end - begin)


def compute_growth(samples: list[HeightSample], tier: str) -> float:
    """Transactions a second by which what waits for a tier grows: the slope of a line through all samples."""
    times = [sample.time for sample in samples]
    waiting = [float(sample.sequenced - getattr(sample, tier)) for sample in samples]
    if len(set(times)) < 2:
        return 0.0
    return statistics.linear_regression(times, waiting).slope


def _children() -> list[int]:
    """Processes that this one started, where there is /proc."""
    found: list[int] = []
    for path in Path("/proc/self/task").glob("*/children"):
        found += [int(number) for number in path.read_text().split()]
    return found

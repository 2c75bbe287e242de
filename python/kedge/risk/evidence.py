"""What a node has done on L1: when its states were anchored, how old they were, and what that cost."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Final

from kedge.risk.gas import BLOB_GAS

_POINTS: Final = 400


@dataclass(frozen=True)
class Anchor:
    """One anchored batch, times in seconds since the epoch: on L1, and the L2 time of the state that it anchors."""

    mined: float
    clock: float
    gas: int
    blob_gas: int
    fee: int
    """All wei paid for it."""


@dataclass(frozen=True)
class Run:
    """What the report of a run adds; times in seconds since its start.

    `ages`: (time, age of the last anchored state); `pauses`: (begin, end) of what held anchoring up on purpose;
    `rates`: initial margins that the rules have set, as fractions.
    """

    title: str
    started: str
    ages: tuple[tuple[float, float], ...] = ()
    pauses: tuple[tuple[float, float], ...] = ()
    rates: tuple[float, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Anchors in the order of the chain, two or more at different times; their run, where its report is there.

    `finalising`: execution gas of making one anchored batch final, the mean of those that are.
    """

    anchors: tuple[Anchor, ...]
    run: Run | None = None
    finalising: float = 0.0

    @property
    def intervals(self) -> list[float]:
        """Seconds between anchors."""
        return [b.mined - a.mined for a, b in zip(self.anchors, self.anchors[1:], strict=False)]

    @property
    def lags(self) -> list[float]:
        """Age in seconds of each state at the moment it was anchored: proof, queue and inclusion, without the wait."""
        return [max(anchor.mined - anchor.clock, 0.0) for anchor in self.anchors]

    def compute_saw(self) -> list[tuple[float, float]]:
        """(seconds, age of the last anchored state): falls at anchors, grows between them.

        As the run's report has it, from its start to its end; without one from the journal, first anchor to last.
        """
        if self.run is not None and self.is_recorded:
            return list(self.run.ages)
        start, points = self.anchors[0].mined, []
        for before, after in zip(self.anchors, self.anchors[1:], strict=False):
            for moment in (before.mined, after.mined):
                points.append((moment - start, max(moment - before.clock, 0.0)))
        return points

    @property
    def is_recorded(self) -> bool:
        """Whether the report of a run holds its window; otherwise the journal alone speaks."""
        return self.run is not None and len(self.run.ages) > 1

    def sample_ages(self) -> list[float]:
        """Ages of the last anchored state at 400 evenly spaced moments."""
        points = self.compute_saw()
        begin, end = points[0][0], points[-1][0]
        ages, at = [], 0
        for i in range(_POINTS):
            moment = begin + (end - begin) * (i + 0.5) / _POINTS
            while at + 2 < len(points) and points[at + 1][0] <= moment:
                at += 1
            (low, before), (high, after) = points[at], points[at + 1]
            ages.append(before + (after - before) * (moment - low) / (high - low) if high > low else after)
        return ages

    @property
    def gas(self) -> float:
        """Execution gas per anchor: the median of submitting one, and making it final."""
        return median(anchor.gas for anchor in self.anchors) + self.finalising

    @property
    def blobs(self) -> float:
        """Median number of blobs per anchor."""
        return median(anchor.blob_gas for anchor in self.anchors) / BLOB_GAS

    @property
    def gas_price(self) -> float:
        """Median wei paid per unit of execution gas, blobs included."""
        return median(anchor.fee / anchor.gas for anchor in self.anchors)

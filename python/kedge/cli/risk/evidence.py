"""What a data directory says about its settlement window: its anchor journal, and the report of its run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from kedge.risk import BAD_FILE

if TYPE_CHECKING:
    from kedge.lab import Report, WindowSample

JOURNAL, REPORT = "anchor.sqlite", "report.json"
_POINTS = 400


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
class Evidence:
    """Anchors in the order of the chain, and the run's report where there is one."""

    anchors: tuple[Anchor, ...]
    report: Report | None

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
        if self.is_recorded:
            return [(sample.time, sample.age) for sample in self._windows]
        start, points = self.anchors[0].mined, []
        for before, after in zip(self.anchors, self.anchors[1:], strict=False):
            for moment in (before.mined, after.mined):
                points.append((moment - start, max(moment - before.clock, 0.0)))
        return points

    @property
    def is_recorded(self) -> bool:
        """Whether the report of a run holds its window; otherwise the journal alone speaks."""
        return len(self._windows) > 1

    @property
    def _windows(self) -> list[WindowSample]:
        return [] if self.report is None else self.report.windows

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
        """Median execution gas per anchor."""
        return median(anchor.gas for anchor in self.anchors)

    @property
    def blobs(self) -> float:
        """Median number of blobs per anchor."""
        return median(anchor.blob_gas for anchor in self.anchors) / 131_072

    @property
    def gas_price(self) -> float:
        """Median wei paid per unit of execution gas, blobs included."""
        return median(anchor.fee / anchor.gas for anchor in self.anchors)

    def get_rates(self) -> list[float]:
        """Initial margin rates that the rules have set, as fractions; empty without a report."""
        return [] if self.report is None else [sample.rate / 1e6 for sample in self.report.margins]


def read_evidence(folder: Path) -> Evidence:
    """Read a data directory. Refused (1414) without an anchor journal or two anchors at different times."""
    from kedge.lab import read_report

    journal = folder / JOURNAL
    if not journal.is_file():
        raise BAD_FILE.reject(f"{folder} holds no {JOURNAL}: give the data directory of a node, demo, replay or bench")
    anchors = _read_anchors(journal)
    if len(anchors) < 2 or anchors[-1].mined <= anchors[0].mined:
        raise BAD_FILE.reject(f"{journal} holds {len(anchors)} anchored batches: a window needs two or more")
    report = folder / REPORT
    return Evidence(anchors, read_report(report) if report.is_file() else None)


def _read_anchors(path: Path) -> tuple[Anchor, ...]:
    from kedge.settlement import AnchorJournal

    journal = AnchorJournal(path)
    try:
        found = []
        for mined in journal.all_mined():
            header = journal.header(mined.number)
            if mined.kind == "submit" and header is not None:
                found.append(
                    Anchor(mined.l1_time, header.clock / 1000.0, mined.gas_used, mined.blob_gas_used, mined.fee)
                )
        return tuple(found)
    finally:
        journal.close()

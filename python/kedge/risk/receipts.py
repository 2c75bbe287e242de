"""The ruler of settlement on other people's rollups: L1 receipts in, one row per system out.

Definitions (L2BEAT's activity terms, as the design memo states them). Data submissions, proof submissions, state
updates: how often batches, validity proofs and state roots reach L1. Anchoring interval: time between state updates of
one system, by L1 block timestamps; where a record has fewer than two, between proofs, else between data submissions
(`measured_on` says which). Gas per settlement: all L1 gas of the system's settlement transactions over its anchors on
record (a record rarely says how many state transitions one anchor carries).

A record has gaps. An interval counts only when every block between its two anchors is on record: `runs` of consecutive
blocks. Several submissions in one block are one anchor.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from kedge.risk.checks import Array, times
from kedge.risk.errors import EMPTY_SERIES
from kedge.risk.gas import BLOB_GAS
from kedge.risk.rollups import DATA, PROOF, STATE, TWICE, Classified, classify

KINDS: Final = (STATE, PROOF, DATA)
"""Which submissions anchor a system, in order of preference."""

MOST_REASONS: Final = 20
MORE: Final = "other reasons of these kinds"
"""What is counted together once so many different reasons are listed."""


@dataclass(frozen=True)
class Intervals:
    """Seconds between anchors: how many were measured, mean, median, 99th percentile, longest."""

    count: int
    mean: float
    p50: float
    p99: float
    longest: float


@dataclass
class System:
    """One rollup in a record; gas in execution gas, blob gas apart."""

    name: str
    submissions: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    """(block, timestamp) of each submission, by kind."""
    settlements: int = 0
    gas: int = 0
    blob_gas: int = 0
    without_gas: int = 0
    """Settlement transactions whose receipt is not on record: counted, but their gas is unknown."""

    @property
    def measured_on(self) -> str:
        """The kind of submission that intervals are measured on: state updates if two or more are on record, else
        proofs, else data submissions."""
        return next(kind for least in (2, 1) for kind in KINDS if len(self.submissions[kind]) >= least)

    @property
    def gas_per_settlement(self) -> float | None:
        """Execution gas of all settlement transactions over the anchors; None where some gas is unknown."""
        return None if self.without_gas else self.gas / len(self.submissions[self.measured_on])


@dataclass(frozen=True)
class Measured:
    """A whole record: its systems by name, and what was set aside with the number of times each reason applied."""

    systems: tuple[System, ...]
    intervals: dict[str, Intervals]
    aside: dict[str, int]
    receipts: int
    runs: int
    """Runs of at least two consecutive blocks on record."""


def _count(system: System, found: Classified) -> None:
    """Add one settlement transaction to its system."""
    for kind in found.kinds:
        system.submissions[kind].append((found.block, found.timestamp))
    system.settlements += 1
    system.without_gas += found.gas is None
    system.gas += found.gas or 0
    system.blob_gas += found.blobs * BLOB_GAS


def _runs(blocks: Iterable[int]) -> dict[int, int]:
    """The run of consecutive blocks that each block belongs to."""
    run, last, found = -1, -2, {}
    for block in sorted(set(blocks)):
        run += block != last + 1
        found[block], last = run, block
    return found


def compute_intervals(anchors: Iterable[tuple[int, int]], covered: Iterable[int]) -> Intervals | None:
    """Intervals between anchors (block, timestamp) of the same run of covered blocks; None where there is none."""
    runs, found = _runs(covered), sorted(set(anchors))
    pairs = itertools.pairwise(found)
    gaps = [after[1] - before[1] for before, after in pairs if runs[before[0]] == runs[after[0]]]
    return _spread(np.array(gaps, dtype=np.float64)) if gaps else None


def compute_listed(stamps: Array) -> Intervals:
    """Intervals between the times of a bare list (seconds, increasing, at least two)."""
    return _spread(np.diff(times(stamps, "timestamps", least=2)))


def _spread(gaps: Array) -> Intervals:
    p50, p99 = (float(np.quantile(gaps, level)) for level in (0.5, 0.99))
    return Intervals(gaps.size, float(gaps.mean()), p50, p99, float(gaps.max()))


def measure(receipts: Iterable[object], covered: Iterable[int] = ()) -> Measured:
    """Sort every receipt, count settlements per system and measure their intervals.

    `covered` names further blocks whose settlements are all on record (a file may hold only those of a consecutive
    range); the blocks of the receipts themselves count as covered. Refuses (1403) a record without receipts.
    """
    systems: dict[str, System] = {}
    aside: dict[str, int] = {}
    blocks, seen, total = set(covered), set[str](), 0
    for receipt in receipts:
        total += 1
        found = classify(receipt)
        if found.hash in seen:
            found = Classified(reason=TWICE)
        seen.add(found.hash or f"#{total}")
        if found.block:
            blocks.add(found.block)
        if found.reason:
            reason = found.reason if found.reason in aside or len(aside) < MOST_REASONS else MORE
            aside[reason] = aside.get(reason, 0) + 1
        else:
            _count(systems.setdefault(found.system, System(found.system)), found)
    if not total:
        raise EMPTY_SERIES.reject("the file holds no receipt")
    measured = {name: compute_intervals(s.submissions[s.measured_on], blocks) for name, s in systems.items()}
    lengths = np.bincount(list(_runs(blocks).values())) if blocks else np.array([], dtype=np.int64)
    return Measured(
        tuple(systems[name] for name in sorted(systems)),
        {name: found for name, found in measured.items() if found is not None},
        dict(sorted(aside.items(), key=lambda item: -item[1])),
        total,
        int((lengths > 1).sum()),
    )

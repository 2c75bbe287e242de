"""The ruler of settlement on other people's rollups: L1 receipts in, one row per system out.

Definitions (L2BEAT's activity terms, as the design memo states them). Data submissions, proof submissions, state
updates: how often batches, validity proofs and state roots reach L1. Anchoring interval: time between state updates of
one system, by L1 block timestamps; where a record has fewer than two, between proofs, else between data submissions
(`measured_on` says which). Several submissions in one block are one anchor.

Gas per settlement is all L1 gas, execution and blobs, over state transitions. A record of L1 does not say how many
state transitions an anchor carries, so what is measured here is gas per anchor: the same gas over anchors.

A record has gaps. An interval counts only when every block between its two anchors is on record: `runs` of consecutive
blocks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from kedge.risk.checks import Array, times
from kedge.risk.errors import BAD_FILE, EMPTY_SERIES
from kedge.risk.receipt_dialects import Header, Receipt, Record, read_number, read_time, show
from kedge.risk.receipt_files import Source, Unread, get_key
from kedge.risk.rollups import DATA, PROOF, STATE, TWICE, Classified, classify

KINDS: Final = (STATE, PROOF, DATA)
"""Which submissions anchor a system, in order of preference."""

MOST_REASONS: Final = 20
MORE: Final = "other reasons of these kinds"
"""What is counted together once so many different reasons are listed."""
MOST_UNREAD: Final = 100_000
"""Entries with hardly a receipt among them after which a file is given up."""
LEAST_SHARE: Final = 0.01
"""Receipts in so many entries that are the least for it to be read on."""


@dataclass(frozen=True)
class Intervals:
    """Seconds between anchors: how many were measured, mean, median, 99th percentile, longest."""

    count: int
    mean: float
    p50: float
    p99: float
    longest: float


@dataclass
class Spent:
    """A sum over transactions, and how many of them do not say what they add to it."""

    total: int = 0
    unknown: int = 0

    def add(self, amount: int | None) -> None:
        """Count one transaction."""
        self.total += amount or 0
        self.unknown += amount is None

    def share(self, parts: int) -> float | None:
        """The sum over so many parts; None where it is not known."""
        return None if self.unknown or not parts else self.total / parts


@dataclass
class System:
    """One rollup in a record: blocks of its submissions by kind, what its settlement transactions used and paid."""

    name: str
    submissions: dict[str, list[int]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    settlements: int = 0
    gas: Spent = field(default_factory=Spent)
    blob_gas: Spent = field(default_factory=Spent)
    fee: Spent = field(default_factory=Spent)
    """Wei paid on L1."""

    @property
    def measured_on(self) -> str:
        """The kind of submission that intervals are measured on: state updates if two or more are on record, else
        proofs, else data submissions."""
        return next(kind for least in (2, 1) for kind in KINDS if len(self.submissions[kind]) >= least)

    @property
    def anchors(self) -> int:
        """Blocks with such a submission."""
        return len(set(self.submissions[self.measured_on]))

    @property
    def gas_per_anchor(self) -> float | None:
        """All gas, execution and blobs, over the anchors; None where some of it is unknown."""
        execution, blobs = self.gas.share(self.anchors), self.blob_gas.share(self.anchors)
        return None if execution is None or blobs is None else execution + blobs

    def add(self, receipt: Receipt, kinds: tuple[str, ...]) -> None:
        """Count one settlement transaction."""
        for kind in kinds:
            self.submissions[kind].append(receipt.block)
        self.settlements += 1
        self.gas.add(receipt.gas)
        self.blob_gas.add(receipt.blob_gas)
        self.fee.add(receipt.fee)


class Clock:
    """Times of L1 blocks, from whatever carries one: a receipt, a log, a header, another receipt of the block."""

    def __init__(self) -> None:
        self.times: dict[int, int] = {}
        self.contradicted: set[int] = set()
        """Blocks for which the record gives two times: neither counts."""

    def add(self, block: int, time: int | None) -> None:
        """Note a time where there is one."""
        if time is not None and self.times.setdefault(block, time) != time:
            self.contradicted.add(block)

    def get_time(self, block: int) -> int | None:
        """Seconds since 1970; None where the record does not say."""
        return None if block in self.contradicted else self.times.get(block)


@dataclass(frozen=True)
class Measured:
    """A whole record: its systems by name, what settles nothing and what was not understood, each by reason."""

    systems: tuple[System, ...]
    intervals: dict[str, Intervals]
    aside: dict[str, int]
    unread: dict[str, int]
    receipts: int
    runs: int
    """Runs of at least two consecutive blocks on record."""
    untimed: int
    """Settlement transactions in blocks whose time the record does not say."""
    contradicted: int
    """Blocks to which the record gives two times."""


def _tally(reasons: dict[str, int], reason: str) -> None:
    name = reason if reason in reasons or len(reasons) < MOST_REASONS else MORE
    reasons[name] = reasons.get(name, 0) + 1


def _sort(reasons: dict[str, int]) -> dict[str, int]:
    return dict(sorted(reasons.items(), key=lambda item: -item[1]))


def _runs(blocks: Iterable[int]) -> dict[int, int]:
    """The run of consecutive blocks that each block belongs to."""
    run, last, found = -1, -2, {}
    for block in sorted(set(blocks)):
        run += block != last + 1
        found[block], last = run, block
    return found


def compute_intervals(anchors: Iterable[tuple[int, int | None]], covered: Iterable[int]) -> Intervals | None:
    """Intervals between neighbouring anchors (block, time) of the same run of covered blocks, both of known and rising
    time; None where there is none."""
    runs, found = _runs(covered), sorted(dict(anchors).items())
    gaps = [
        after[1] - before[1]
        for before, after in itertools.pairwise(found)
        if runs[before[0]] == runs[after[0]] and before[1] is not None and after[1] is not None and before[1] < after[1]
    ]
    return _spread(np.array(gaps, dtype=np.float64)) if gaps else None


def _spread(gaps: Array) -> Intervals:
    p50, p99 = (float(np.quantile(gaps, level)) for level in (0.5, 0.99))
    return Intervals(gaps.size, float(gaps.mean()), p50, p99, float(gaps.max()))


class _Ruler:
    """What has been read of a record so far."""

    def __init__(self, covered: Iterable[int]) -> None:
        self.systems: dict[str, System] = {}
        self.aside: dict[str, int] = {}
        self.unread: dict[str, int] = {}
        self.first: Unread | None = None
        self.blocks, self.seen, self.clock = set(covered), set[str](), Clock()
        self.receipts = self.entries = 0
        """Entries are receipts and whatever was not understood."""

    def add(self, record: Record) -> None:
        self.entries += not isinstance(record, Header)
        if isinstance(record, Unread):
            self.first = self.first or record
            _tally(self.unread, record.reason)
            return
        self.clock.add(record.block, record.time)
        if isinstance(record, Header):
            return
        self.receipts += 1
        self.blocks.add(record.block)
        found = Classified(reason=TWICE) if record.hash in self.seen else classify(record)
        self.seen.add(record.hash)
        if found.reason:
            _tally(self.aside, found.reason)
        else:
            self.systems.setdefault(found.system, System(found.system)).add(record, found.kinds)

    def is_hopeless(self) -> bool:
        return self.entries >= MOST_UNREAD and self.receipts < LEAST_SHARE * self.entries

    def finish(self) -> Measured:
        get_time, systems = self.clock.get_time, sorted(self.systems.values(), key=lambda system: system.name)
        measured = {
            s.name: compute_intervals(((b, get_time(b)) for b in s.submissions[s.measured_on]), self.blocks)
            for s in systems
        }
        lengths = np.bincount(list(_runs(self.blocks).values())) if self.blocks else np.array([], dtype=np.int64)
        return Measured(
            tuple(systems),
            {name: found for name, found in measured.items() if found is not None},
            _sort(self.aside),
            _sort(self.unread),
            self.receipts,
            int((lengths > 1).sum()),
            sum(get_time(block) is None for s in systems for kind in KINDS for block in s.submissions[kind]),
            len(self.clock.contradicted),
        )


def measure(
    records: Iterable[Record], covered: Iterable[int] = (), name: str = "the file", looks: str = ""
) -> Measured:
    """Sort every receipt, count settlements per system and measure their intervals.

    `covered` names further blocks whose settlements are all on record (a file may hold only those of a consecutive
    range); the blocks of the receipts themselves count as covered. Refuses a record without anything (1403), and one of
    which nothing was understood as a receipt (1414; the text says what the file looks like and what is missing).
    """
    ruler = _Ruler(covered)
    for record in records:
        ruler.add(record)
        if ruler.is_hopeless():
            break
    if not ruler.receipts or ruler.is_hopeless():
        raise _refuse(ruler, name, looks)
    return ruler.finish()


def _refuse(ruler: _Ruler, name: str, looks: str) -> Exception:
    if ruler.first is None and not ruler.clock.times:
        return EMPTY_SERIES.reject(f"{name} holds no receipt")
    looks = f" It looks like {looks}." if looks else ""
    if ruler.first is None:
        return BAD_FILE.reject(f"{name}: blocks, but not one receipt.{looks} Add what eth_getBlockReceipts answers")
    where = f" (the first on line {ruler.first.line})" if ruler.first.line else ""
    reasons = "; ".join(f"{count:,} x {reason}" for reason, count in list(_sort(ruler.unread).items())[:3])
    share = "nothing" if not ruler.receipts else f"only {ruler.receipts:,} of {ruler.entries:,} entries"
    return BAD_FILE.reject(f"{share} in {name} was understood as a receipt.{looks} Not understood{where}: {reasons}")


def is_list(columns: tuple[str, ...]) -> bool:
    """Whether a CSV with these columns is a bare list of blocks and times, without transactions."""
    return "blocknumber" in columns and not {"txhash", "hash"} & set(columns)


def read_list(source: Source) -> tuple[Array, Array]:
    """Blocks (rising, each once) and their times (s) of a bare list; refuses (1414) a row that lacks either."""
    found: dict[int, int] = {}
    for at, row in enumerate(source.values, 2):
        fields = {get_key(name): value for name, value in row.items()} if isinstance(row, dict) else {}
        stamp = next(
            (fields[name] for name in ("timestamps", "timestamp", "blocktimestamp", "blocktime") if name in fields), ""
        )
        block, time = read_number(fields.get("blocknumber")), read_time(stamp)
        problem = row.reason if isinstance(row, Unread) else ""
        if block is None or time is None:
            problem = problem or _explain_row(fields.get("blocknumber"), stamp)
        elif found.setdefault(block, time) != time:
            problem = f"block {block} has two times"
        if problem or block is None:
            raise BAD_FILE.reject(f"{source.name}, row {at}: {problem}. It looks like {source.looks}")
    if not found:
        raise EMPTY_SERIES.reject(f"{source.name} has no rows")
    blocks = np.array(sorted(found), dtype=np.float64)
    return blocks, np.array([found[block] for block in sorted(found)], dtype=np.float64)


def _explain_row(block: object, stamp: object) -> str:
    if read_number(block) is None:
        return f"block_number = {show(block)} is no number" if block else "no block_number"
    return (
        f"timestamp = {show(stamp)} is no time in seconds"
        if stamp
        else "no block_number with a timestamp_s or timestamp"
    )


def compute_listed(stamps: Array) -> Intervals:
    """Intervals between the times of a bare list (seconds, increasing, at least two)."""
    return _spread(np.diff(times(stamps, "timestamps", least=2)))

"""The sequencer's knobs, with the reasons for their defaults, and who is told about progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kedge.sequencer.admission import USER_STEPS
from kedge.sequencer.transaction import Receipt, SealedChunk, Transaction

Committed = list[tuple[Transaction, Receipt]]
"""The accepted transactions of one group, in order."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is gathered, how much may wait, and when a chunk ends."""

    linger_ms: float = 1.0
    """A group waits this long for more after its first transaction."""
    group_size: int = 512
    """Most transactions of one group commit: bounds the time a transaction waits for those before it."""
    queue_limit: int = 20_000
    """Most transactions that may wait for their receipts; beyond, submissions are refused."""
    batch_limit: int = 10_000
    """Most transactions of one submission."""
    chunk_transactions: int = 1_000
    """A chunk ends with this many transactions..."""
    chunk_steps: int = 60_000
    """...or after the transaction that brings it to this many steps (the engine's own limit is 65,000)..."""
    chunk_ms: int | None = None
    """...or this long after its first transaction; None: never by time."""
    snapshot_every: int = 16
    """Chunks between two snapshots: a restart replays at most this many."""
    snapshots_kept: int = 2
    """Snapshot files that are kept."""
    switch_ms: float = 0.5
    """Threads of this process hand over the interpreter after this long: Python's 5 ms would show in every receipt."""
    user_steps: frozenset[str] = USER_STEPS
    """Transactions that users may submit."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Called after durability, in the sequencing thread or by `close`; must be quick; what they raise is logged."""

    committed: Callable[[Committed], None] | None = None
    sealed: Callable[[SealedChunk], None] | None = None


@dataclass(slots=True)
class Counters:
    """Since the start of this process. Times in seconds, summed."""

    accepted: int = 0
    refused: int = 0
    groups: int = 0
    chunks: int = 0
    replays: int = 0
    execute_seconds: float = 0.0
    commit_seconds: float = 0.0
    seal_seconds: float = 0.0

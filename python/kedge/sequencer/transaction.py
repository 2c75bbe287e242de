"""What goes into the sequencer and what comes out: transactions, receipts, sealed chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import msgspec

from kedge.units.errors import Fault


class Transaction(NamedTuple):
    """A step to run from phase idle, with its arguments in the order the program declares."""

    step: str
    args: Sequence[int]


class Origin(Enum):
    """Who submits: users may run few steps, the node itself (L1 events, oracle, clock) every transaction."""

    USER = "user"
    SYSTEM = "system"


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The answer to one transaction, given only once it cannot be lost.

    Accepted: `code` 0; `sequence` (from 1), `chunk` and `position` (from 0 within the chunk) are its place for ever.
    Refused: `code` with its `name` and `text`; `sequence`, `chunk` and `position` are 0.
    `time` is milliseconds since the Unix epoch.
    """

    code: int
    name: str
    text: str
    sequence: int
    chunk: int
    position: int
    time: int
    events: list[tuple[str, list[int]]]

    @property
    def accepted(self) -> bool:
        return self.code == 0


class Interrupted(Fault):
    """The world failed before a submission was durable as a whole.

    `receipts` has one entry per transaction: the receipt where the outcome is durable, None where the transaction was
    not applied and may be submitted again.
    """

    def __init__(self, message: str, receipts: list[Receipt | None]) -> None:
        super().__init__(message)
        self.receipts = receipts


@dataclass(frozen=True, slots=True)
class SealedChunk:
    """A chunk whose witness and row are durable: ready to be proven and published.

    Transactions `first`..`last` (none when last < first), `steps` of the engine, roots of 32 bytes, `sealed` in
    milliseconds since the Unix epoch, `witness_digest` the SHA-256 of the file at `witness`.
    """

    number: int
    first: int
    last: int
    steps: int
    old_root: bytes
    new_root: bytes
    sealed: int
    witness_digest: bytes
    witness: Path

    @property
    def transactions(self) -> int:
        return self.last - self.first + 1

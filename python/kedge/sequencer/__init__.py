"""The sequencer: admission, ordering, journal, receipts.

Purpose: give every transaction one place in one order, execute it natively, and answer once the answer cannot be lost.

Invariants
- No receipt and no event is seen before its group is on disk; no read shows what is not durable.
- A refused transaction changes nothing and is not journalled.
- Opening a data directory after any crash leads to the root of the last durable transaction, or to an error that names
  the chunk where it does not; each acknowledged transaction is there exactly once.
- One process writes to a data directory (flock); the journal is append-only.

Surface: `Sequencer.open(DIR, NativeEngines(program))`, `submit`, `submit_async`, `seal`, `read`, `chunks`, `close`;
`Ledger` reads a directory without a node; `Codec` is the binary form of transactions; `codes` lists the numbers.
"""

from kedge.sequencer.admission import USER_STEPS, Admission
from kedge.sequencer.catalog import Catalog, StepCard
from kedge.sequencer.codec import Codec
from kedge.sequencer.codes import ACCEPTED, ADMISSION_CODES
from kedge.sequencer.directory import DataDirectory, DirectoryLock, faults, write_atomic
from kedge.sequencer.engine import EngineLike, EngineSource, NativeEngines, SealedLike
from kedge.sequencer.ledger import Group, Ledger, TouchedRecords
from kedge.sequencer.sequencer import Head, Sequencer
from kedge.sequencer.settings import Committed, Counters, Listeners, Settings
from kedge.sequencer.transaction import Interrupted, Origin, Receipt, SealedChunk, Transaction

__all__ = [
    "ACCEPTED",
    "ADMISSION_CODES",
    "USER_STEPS",
    "Admission",
    "Catalog",
    "Codec",
    "Committed",
    "Counters",
    "DataDirectory",
    "DirectoryLock",
    "EngineLike",
    "EngineSource",
    "Group",
    "Head",
    "Interrupted",
    "Ledger",
    "Listeners",
    "NativeEngines",
    "Origin",
    "Receipt",
    "SealedChunk",
    "SealedLike",
    "Sequencer",
    "Settings",
    "StepCard",
    "TouchedRecords",
    "Transaction",
    "faults",
    "write_atomic",
]

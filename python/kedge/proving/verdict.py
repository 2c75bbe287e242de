"""The answer to "does this directory hold?", and the names of the reasons why it does not.

| reason | what was found |
| --- | --- |
| PROGRAM_UNREADABLE | `program.json` is missing, too large, or not a program |
| JOURNAL_UNREADABLE | there is no journal that can be read |
| PROGRAM_MISMATCH | the journal was written under another program than `program.json` |
| JOURNAL_DAMAGED | the journal's transactions do not continue one another |
| CHUNK_GAP | the chunks' numbers or transactions do not join |
| ROOT_GAP | a chunk does not start at the root where the one before ended, or the first not at the empty tree |
| DATA_UNREADABLE | the records that a chunk changed are missing or malformed |
| DATA_MISMATCH | the records that a chunk changed do not lead from its old root to its new root |
| PROOF_MISSING | a sealed chunk has no proof file |
| PROOF_UNREADABLE | a proof file is too large or no regular file |
| PROOF_REFUSED | a proof does not hold for this program |
| PROOF_MISMATCH | a proof holds, for other roots than its chunk's |
| PROOF_STRAY | a proof file has no chunk |
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum, auto
from typing import Any


class Reason(StrEnum):
    """Stable names; the module's table says what each means."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:
        return name

    PROGRAM_UNREADABLE = auto()
    JOURNAL_UNREADABLE = auto()
    PROGRAM_MISMATCH = auto()
    JOURNAL_DAMAGED = auto()
    CHUNK_GAP = auto()
    ROOT_GAP = auto()
    DATA_UNREADABLE = auto()
    DATA_MISMATCH = auto()
    PROOF_MISSING = auto()
    PROOF_UNREADABLE = auto()
    PROOF_REFUSED = auto()
    PROOF_MISMATCH = auto()
    PROOF_STRAY = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold; `chunk` is None where it concerns the directory as a whole."""

    reason: Reason
    chunk: int | None
    text: str

    def __str__(self) -> str:
        where = "" if self.chunk is None else f" chunk {self.chunk}"
        return f"{self.reason}{where}: {self.text}"


@dataclass(frozen=True, slots=True)
class CheckedProof:
    """A proof that holds for its chunk: size of the file in bytes, security in bits."""

    number: int
    size: int
    bits_conjectured: float
    bits_proven: float


@dataclass(slots=True)
class Verdict:
    """What was checked, and what does not hold. Roots and digests are hexadecimal; empty where there is none.

    `transactions` lie in sealed chunks. `open_transactions` are durable but in no sealed chunk yet: no proof covers
    them, and they are no fault.
    """

    directory: str
    program: str = ""
    chunks: int = 0
    transactions: int = 0
    open_transactions: int = 0
    first_root: str = ""
    last_root: str = ""
    proofs: list[CheckedProof] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.findings

    def find(self, reason: Reason, chunk: int | None, text: str) -> None:
        """Note something that does not hold."""
        self.findings.append(Finding(reason, chunk, text))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"holds": self.holds, **asdict(self)}

"""What one chunk may hold, so that whatever the engine accepts can be proven and published.

The engine counts steps, rows, permutations and published bytes of the open chunk and ends it (CHUNK_FULL) before it
could pass one of these. They are part of the program: two nodes of one program accept the same transactions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

BATCH_BYTES = 6 * 4096 * 31 - 4
"""What the six blobs of one L1 transaction carry: 31 bytes of each of 4,096 elements, less the length in front."""

BATCH_HEAD_BYTES = 206
"""What a batch says about itself before its messages and records."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a transaction and of a chunk. A rule set for a test may lower them; the engine refuses to raise them."""

    transaction_steps: int = 4_096
    """Most steps of a transaction."""
    steps: int = 65_000
    """Most steps of a chunk: times are compared as 16-bit numbers."""
    rows: int = 2**20
    """Most rows of any table of a proof; the table of permutations is the first to get there."""
    bytes: int = BATCH_BYTES - BATCH_HEAD_BYTES
    """Most bytes of a chunk's messages and changed records, each at its greatest length: a batch of one chunk fits."""

    def as_data(self, messages: dict[str, int]) -> dict[str, Any]:
        """The limits as the program file holds them, with the published bytes of each event that is a message."""
        return asdict(self) | {"messages": [[event, size] for event, size in messages.items()]}

"""The exchange's clock during a replay: the tape's own time, whatever the machine's speed.

A day of trading is replayed in minutes, so the time that proofs and L1 blocks take says nothing about the tape. The age
of the last anchored state is therefore measured in tape time: a state counts as anchored once the chunk that ends with
it is closed, and every chunk is a batch of its own. That is the least that the contract accepts, which refuses a batch
that claims a later anchor than the end of the batch before it (docs/design/2026-11-25-tape-time.md).
"""

from __future__ import annotations

from typing import Final

from kedge.lab.replay import Replay
from kedge.sequencer import Committed, SealedChunk

SHORTEST_CHUNK_MS: Final = 600_000
_PARTS: Final = 64


class TapeTime:
    """A clock (node.Clock) that follows a replay, and says when a chunk has lasted long enough.

    A chunk lasts a 64th of the tape at most, or ten minutes if that is more. Tell it of every committed group and of
    every chunk that was closed on its advice. `longest` is the longest window claimed, in ms.
    """

    def __init__(self, replay: Replay) -> None:
        tape = replay.tape
        self._replay = replay
        self._chunk = 1
        self._clock = self._begin = self._anchored = tape.first
        self._span = max(SHORTEST_CHUNK_MS, (tape.last - tape.first) // _PARTS)
        self.longest, self._total, self._updates = 0, 0, 0

    def now(self) -> int:
        """Where the replay is on the tape."""
        return self._replay.time

    def anchored(self, known: int) -> int:
        """The end of the last closed chunk; what L1 has accepted so far depends on the machine and does not count."""
        return self._anchored

    @property
    def mean(self) -> float:
        """The mean of the windows claimed, in ms."""
        return self._total / self._updates if self._updates else 0.0

    @property
    def is_chunk_over(self) -> bool:
        """Whether the open chunk has lasted long enough in tape time."""
        return self._clock > self._begin and self.now() - self._begin >= self._span

    def committed(self, group: Committed) -> None:
        """Follow what the exchange accepted: its clock, and where chunks end."""
        for transaction, receipt in group:
            if receipt.chunk > self._chunk:
                self._close(receipt.chunk - 1)
            if transaction.step == "window_update":
                self._clock = transaction.args[0]
                window = self._clock - transaction.args[1]
                self.longest, self._total = max(self.longest, window), self._total + window
                self._updates += 1

    def closed(self, chunk: SealedChunk | None) -> None:
        """A chunk was closed on request; None: there was nothing in it."""
        if chunk is not None and chunk.number >= self._chunk:
            self._close(chunk.number)

    def _close(self, chunk: int) -> None:
        self._chunk = chunk + 1
        self._begin = self._anchored = self._clock

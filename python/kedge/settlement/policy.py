"""When to anchor. A policy sees the backlog and answers how many chunks to offer now; it does nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Backlog:
    """Chunks proved off-chain in a row and not yet in a batch, and the age in seconds of the oldest of them."""

    proved: int
    oldest_seconds: float


class AnchorPolicy(Protocol):
    """Decides how many chunks (the oldest first) are offered to a batch now, which takes what fits; 0 means wait."""

    def chunks_to_anchor(self, backlog: Backlog) -> int: ...


@dataclass(frozen=True, slots=True)
class CountOrClock:
    """Anchor when `count` chunks are proved, or when the oldest has waited `seconds`; at most `most` at once."""

    count: int = 4
    seconds: float = 10.0
    most: int = 64

    def chunks_to_anchor(self, backlog: Backlog) -> int:
        is_due = backlog.proved >= self.count or backlog.oldest_seconds >= self.seconds
        return min(backlog.proved, self.most) if is_due else 0


class Pausable:
    """Another policy with a switch: while paused, nothing is anchored and the settlement window grows."""

    def __init__(self, policy: AnchorPolicy) -> None:
        self._policy = policy
        self.is_paused = False

    def pause(self) -> None:
        """Stop anchoring."""
        self.is_paused = True

    def resume(self) -> None:
        """Go on anchoring."""
        self.is_paused = False

    def chunks_to_anchor(self, backlog: Backlog) -> int:
        return 0 if self.is_paused else self._policy.chunks_to_anchor(backlog)

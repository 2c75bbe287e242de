"""Whose time the exchange follows: this machine's, unless whoever drives the node brings another."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Time in ms since the Unix epoch, as the exchange is told it. It never goes back."""

    def now(self) -> int:
        """What a `window_update` that is due now says."""
        ...

    def anchored(self, known: int) -> int:
        """The time of the last anchored state to claim; `known` is that of the last state accepted on L1."""
        ...


class HostClock:
    """The time of this machine; an anchored state is one that L1 has accepted."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def anchored(self, known: int) -> int:
        return known

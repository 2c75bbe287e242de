"""Where the time of one piece of work went."""

from __future__ import annotations

import time


class Stopwatch:
    """Divides the time since `start` (of `time.monotonic`) among named stages; a stage may have several laps."""

    def __init__(self, start: float) -> None:
        self._last = start
        self.seconds: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """The time since the last lap belongs to `stage`."""
        now = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now

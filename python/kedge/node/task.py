"""Something that is done again and again, and that no refusal ends: it waits longer each time and says why."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kedge.units.errors import Fault, Rejected

_log = logging.getLogger(__name__)
FAULT_SECONDS = 1.0
"""Until the next try after a failure of the world: looking costs little, and it passes by itself."""
FIRST_SECONDS, MOST_SECONDS = 1.0, 64.0
"""Until the next try after the first refusal in a row; it doubles with each, up to the second number."""
WRONG_CLOCK = 1111
"""The contract's number for a batch whose clock is ahead of L1's: time mends it, and soon."""


class Task:
    """An action with its trouble. `waits` says in the trouble what waits while the action is refused."""

    def __init__(self, waits: str, action: Callable[[], None]) -> None:
        self._waits, self._action = waits, action
        self._next = 0.0
        self._refusals = 0
        self.trouble = ""

    def run(self, now: float) -> None:
        """Act, unless the last failure was too short a time ago. `now` in seconds of a clock that never goes back.

        `Fault` and `Rejected` become the trouble, which goes when the action succeeds; anything else is raised.
        """
        if now < self._next:
            return
        try:
            self._action()
        except Fault as fault:
            self._wait(str(fault), now + FAULT_SECONDS)
        except Rejected as refused:
            if refused.code == WRONG_CLOCK:
                text = f"L1's newest block is older than the contract's drift allows; waiting: {refused}"
                self._wait(text, now + FAULT_SECONDS)
            else:
                pause = min(MOST_SECONDS, FIRST_SECONDS * 2.0**self._refusals)
                self._refusals = min(self._refusals + 1, 10)
                self._wait(f"{self._waits}, and is tried again: {refused}", now + pause)
        else:
            if self.trouble:
                _log.warning("over: %s", self.trouble)
            self._next, self._refusals, self.trouble = 0.0, 0, ""

    def _wait(self, trouble: str, until: float) -> None:
        if self.trouble != trouble:
            _log.warning("%s", trouble)
        self.trouble, self._next = trouble, until

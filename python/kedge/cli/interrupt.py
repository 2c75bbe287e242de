"""Stops that lose nothing: Ctrl-C and SIGTERM mean the same, and both act at once.

A command that only computes or reads is interrupted where it stands. One that has something to bring to an end takes
the first as a request for an orderly stop, which never waits for work that the next start would do as well; the second
gives up waiting.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from kedge.cli.output import say_lines

STOPS = (signal.SIGINT, signal.SIGTERM)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def interruptible() -> None:
    """From now on SIGTERM interrupts as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _interrupt)


@contextmanager
def orderly(stop: Callable[[], None]) -> Iterator[None]:
    """Within this block SIGINT and SIGTERM call `stop` once; a second one raises KeyboardInterrupt."""
    asked = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        say_lines("stopping in order; press Ctrl-C again to give up waiting")
        stop()

    before = {number: signal.signal(number, handle) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Stops that lose nothing: Ctrl-C, SIGTERM and the end of the terminal (SIGHUP) mean the same, and act at once.

A command that only computes or reads is interrupted where it stands. One that has something to bring to an end takes
the first as a request for an orderly stop, which never waits for work that the next start would do as well; the second
gives up waiting.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from kedge.cli.output import say_lines

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _is_wanted(number: signal.Signals) -> bool:
    """`nohup` asks to outlive the terminal."""
    return number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def interruptible() -> None:
    """From now on each of the stops raises KeyboardInterrupt."""
    for number in filter(_is_wanted, STOPS):
        signal.signal(number, _interrupt)


@contextmanager
def orderly(stop: Callable[[], None]) -> Iterator[None]:
    """Within this block the first of the stops calls `stop`; a second one raises KeyboardInterrupt."""
    asked = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        stop()
        with suppress(OSError):  # the terminal may be gone
            say_lines("stopping in order; press Ctrl-C again to give up waiting")

    before = {number: signal.signal(number, handle) for number in filter(_is_wanted, STOPS)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

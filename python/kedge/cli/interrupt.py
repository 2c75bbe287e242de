"""Ctrl-C that loses nothing: the first asks for an orderly stop, the second gives up waiting."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from kedge.cli.output import say_lines


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

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

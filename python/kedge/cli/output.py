"""Everything that people read in a terminal goes through here, so that no text is ever taken for more than a text.

File names, cells, answers of an L1 and our own units in brackets are shown as they are: nothing parses them as markup
or emoji codes, and what would steer the terminal (escape sequences, other control characters, marks that reverse the
direction of writing) becomes visible. Style is given beside a text, never inside it: `say("node ", ("ok", "green"))`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

Part = str | tuple[str, str]
"""A text, or a text and its style."""

_STEERING: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but the tab and the end of a line
    r"\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # invisible, or they reorder what stands beside them
    r"\ud800-\udfff"  # bytes of a file name that are no text; no stream could encode them
)
_BETWEEN_LINES: Final = re.compile(f"[{_STEERING}]")
_IN_A_LINE: Final = re.compile(f"[\t\n{_STEERING}]")
_SHORT: Final = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_LOG_FORMAT, _LOG_TIME = "%(asctime)s %(message)s", "%H:%M:%S"


def visible(text: str, lines: bool = True) -> str:
    """The text with every character that would steer a terminal written as its escape; with `lines`, tabs and ends of
    lines stay.
    """
    return (_BETWEEN_LINES if lines else _IN_A_LINE).sub(_name, text)


def _name(found: re.Match[str]) -> str:
    number = ord(found[0])
    return _SHORT.get(found[0]) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def styled(*parts: Part) -> Text:
    """One text of parts, each in its style."""
    return Text.assemble(*(visible(p) if isinstance(p, str) else (visible(p[0]), p[1]) for p in parts))


class Screen(Console):
    """Standard output, or standard error; the only console there is. Strings in tables and panels count as texts."""

    def __init__(
        self, stderr: bool = False, least: int = 0, piped: int | None = None, file: IO[str] | None = None
    ) -> None:
        """At least `least` columns; `piped` columns where the output is a file or a pipe; `file` in place of both."""
        super().__init__(stderr=stderr, file=file, markup=False, emoji=False, highlight=False)
        if piped is not None and not self.is_terminal:
            self.width = piped
        self.width = max(self.width, least)

    def say(self, *parts: Part) -> None:
        """One or more lines, never wrapped and never cut."""
        self.print(styled(*parts), soft_wrap=True)

    def render_str(self, text: str, **options: Any) -> Text:
        """A string of a table or of a panel as a text."""
        return super().render_str(visible(text), **{**options, "markup": False, "emoji": False})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is left unseen by `say` and `render_str`, such as a text that somebody else assembled."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


def say(*parts: Part) -> None:
    """A line on standard output."""
    Screen().say(*parts)


def say_error(kind: str, text: str) -> None:
    """A failure as one line on standard error, whatever its text holds."""
    Screen(stderr=True).say((kind, "bold red"), f": {visible(text, lines=False)}")


def say_lines(text: str) -> None:
    """Lines on standard error."""
    Screen(stderr=True).say(text.rstrip())


def say_json(facts: object) -> None:
    """Facts for scripts, on standard output; JSON escapes what is not ASCII itself."""
    sys.stdout.write(json.dumps(facts, indent=1) + "\n")


@contextmanager
def working(text: str) -> Iterator[Callable[[str], None]]:
    """A spinner with a text, which the function that this gives changes; only where standard error is a terminal."""
    screen = Screen(stderr=True)
    if not screen.is_terminal:
        yield lambda newer: None
        return
    with screen.status(styled(text)) as status:
        yield lambda newer: status.update(styled(newer))


@contextmanager
def progress(text: str) -> Iterator[Callable[[str, float], None]]:
    """A bar, only where standard error is a terminal; the function that this gives sets the text and the share that is
    done, 0 to 1.
    """
    screen = Screen(stderr=True)
    if not screen.is_terminal:
        yield lambda newer, part: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    words = TextColumn("{task.description}", markup=False)
    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), words)
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(visible(text, lines=False), total=1.0)
        yield lambda newer, part: bar.update(task, description=visible(newer, lines=False), completed=part)


class _Plain(logging.Formatter):
    """One line per record; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that logging calls
        record.message = visible(record.message, lines=False)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name that logging calls
        return visible(super().formatException(ei))


def plain_handler() -> logging.Handler:
    """Writes records as plain lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain(_LOG_FORMAT, _LOG_TIME))
    return handler


def log_plainly(name: str) -> None:
    """What a logger and those below it say, from now on, as one plain line per event on standard error."""
    logger = logging.getLogger(name)
    logger.handlers, logger.propagate = [plain_handler()], False
    logger.setLevel(logging.INFO)

"""The command line: one file per noun; failures become one clear line and an exit code.

Exit codes: 0 done, 1 something does not hold or a rule said no, 2 wrong usage, 3 the world failed (try again),
4 an invariant of ours is broken, 130 interrupted.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer

from kedge import __version__
from kedge.cli.interrupt import interruptible
from kedge.cli.output import plain_handler, say, say_error, say_lines
from kedge.units.errors import Broken, Fault, KedgeError, Rejected

# Without a markup mode typer takes help for what it is: texts, in which [gwei] is a unit.
app = typer.Typer(
    name="kedge",
    no_args_is_help=True,
    add_completion=False,
    help="Kedge settles on-chain derivatives: orders match in milliseconds, a validity proof enforces every rule, "
    "and data and roots are anchored on an EVM chain. In this version proofs are checked off-chain (`kedge verify`).",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 120},
)

EXIT_REFUSED, EXIT_FAULT, EXIT_BROKEN, EXIT_INTERRUPTED = 1, 3, 4, 130
_EXIT: dict[type[KedgeError], int] = {Rejected: EXIT_REFUSED, Fault: EXIT_FAULT, Broken: EXIT_BROKEN}


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"kedge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what happens inside, to standard error.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """Options of every command."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, handlers=[plain_handler()])


def start() -> None:
    """Run the command that was typed, and end the process with its status."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - closed by our parent
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is no reason to end
    interruptible()
    status = run()
    if status == EXIT_INTERRUPTED:
        # Whoever interrupts twice does not wait for a proof under way, and a native thread must not meet an
        # interpreter that is being taken down.
        os._exit(status)
    sys.exit(status)


def run() -> int:
    """Run the command of `sys.argv` to its end and say what ended it; the exit status."""
    try:
        status = _call()
        sys.stdout.flush()
        return status
    except KedgeError as error:
        kind = next((kind for kind in type(error).__mro__ if kind in _EXIT), Broken)
        return _end(_EXIT[kind], kind, str(error))
    except KeyboardInterrupt:
        return _end(EXIT_INTERRUPTED)
    except BrokenPipeError:  # whoever read us has gone, as `head` does: there is nobody to tell
        return _end(EXIT_REFUSED)
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        return _end(EXIT_FAULT, Fault, f"{place}{error.strerror or error}")
    except MemoryError:
        return _end(EXIT_FAULT, Fault, "there is not enough memory for this; try it with less, or on a larger machine")
    except Exception as error:
        say_lines(traceback.format_exc())
        return _end(EXIT_BROKEN, Broken, f"{error!r}: a mistake of ours; please report it with the lines above")


def _call() -> int:
    try:
        app(prog_name="kedge")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


def _end(status: int, kind: type[KedgeError] | None = None, text: str = "") -> int:
    """Say the failure; the status stays what it is where nobody can be told."""
    with _last(sys.stderr):
        if kind is not None:
            say_error(kind.__name__.lower(), text)
    with _last(sys.stdout):
        sys.stdout.flush()
    return status


@contextmanager
def _last(stream: TextIO) -> Iterator[None]:
    """What a stream is given at the end: one that takes no more leaves nothing for the interpreter to write."""
    try:
        yield
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

"""The command line: one file per noun; failures become one clear line and an exit code.

Exit codes: 0 done, 1 something does not hold or a rule said no, 2 wrong usage, 3 the world failed (try again),
4 an invariant of ours is broken, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from kedge import __version__
from kedge.units.errors import Broken, Fault, KedgeError, Rejected

app = typer.Typer(
    name="kedge",
    no_args_is_help=True,
    add_completion=False,
    help="Kedge settles on-chain derivatives: orders match in milliseconds, a validity proof enforces every rule, "
    "and data and roots are anchored on an EVM chain. In this version proofs are checked off-chain (`kedge verify`).",
    pretty_exceptions_show_locals=False,
)
errors = Console(stderr=True)

EXIT_REFUSED, EXIT_FAULT, EXIT_BROKEN, EXIT_INTERRUPTED = 1, 3, 4, 130
_EXIT: dict[type[KedgeError], int] = {Rejected: EXIT_REFUSED, Fault: EXIT_FAULT, Broken: EXIT_BROKEN}


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kedge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what happens inside, to standard error.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """Options of every command."""
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(message)s", handlers=[RichHandler(console=errors, show_path=False)])


def main() -> None:
    """Entry point of the `kedge` command."""
    try:
        app()
    except KedgeError as error:
        kind = next(k for k in type(error).__mro__ if k in _EXIT) if type(error) is not KedgeError else Broken
        errors.print(f"[bold red]{kind.__name__.lower()}[/]: {error}", highlight=False, soft_wrap=True)
        sys.exit(_EXIT[kind])
    except SystemExit as end:
        if end.code != EXIT_INTERRUPTED:
            raise
        # Whoever interrupts twice does not wait for a proof under way, and a native thread must not meet an
        # interpreter that is being taken down.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_INTERRUPTED)

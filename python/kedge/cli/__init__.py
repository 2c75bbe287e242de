"""The `kedge` command.

Purpose: one command per noun, for people and scripts.
Invariants: a failure is one line that says what to do and an exit code; long work shows progress; Ctrl-C loses nothing.
Surface: `main`.
"""

import signal

__all__ = ["main"]


def main() -> None:
    """Entry point of the `kedge` command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Modules that still load have nothing to bring to an end: a Ctrl-C ends them without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from kedge.cli.commands import start

    start()

"""Stops at moments that nobody chooses: while modules load, without a terminal, under nohup."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

LOADING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what it leaves in the background without

class Stop:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), signal.{how})

sys.meta_path.insert(0, Stop())
from kedge.cli import main
main()
"""
WORKING = """
import os, signal
from kedge.cli.interrupt import interruptible, orderly
signal.signal(signal.SIGHUP, signal.{before})
interruptible()
with orderly(lambda: print("stop", flush=True)):
    os.kill(os.getpid(), signal.SIGHUP)
    {then}
print("done")
"""


def run(code: str) -> tuple[int, str, str]:
    """Status, output and errors of a Python program."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_command_that_still_loads_ends_without_a_word(how: str) -> None:
    assert run(LOADING.format(how=how)) == (-signal.Signals[how], "", "")


def test_the_end_of_the_terminal_stops_in_order() -> None:
    status, said, errors = run(WORKING.format(before="SIG_DFL", then="pass"))
    assert (status, said) == (0, "stop\ndone\n")
    assert errors == "stopping in order; press Ctrl-C again to give up waiting\n"


def test_it_stops_even_where_nothing_can_be_said() -> None:
    assert run(WORKING.format(before="SIG_DFL", then="pass").replace("with orderly", "os.close(2)\nwith orderly")) == (
        0,
        "stop\ndone\n",
        "",
    )


def test_a_second_one_gives_up_waiting() -> None:
    status, said, errors = run(WORKING.format(before="SIG_DFL", then="os.kill(os.getpid(), signal.SIGTERM)"))
    assert (status, said) == (-signal.SIGINT, "stop\n")
    assert "KeyboardInterrupt" in errors


def test_nohup_goes_on() -> None:
    assert run(WORKING.format(before="SIG_IGN", then="pass")) == (0, "done\n", "")

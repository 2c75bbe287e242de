"""One measurement in a process of its own: data in, progress and figures out, nothing left over in between.

The child reads its job from the first line of its standard input and ends when that closes; it says one JSON line per
piece of progress, and one with its result or with why there is none.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import TypeVar

import msgspec

from kedge.proving import command_of
from kedge.units.errors import Broken, Fault

Told = Callable[[str, float], None]
"""Hears what is being measured and the share of it that is done, 0 to 1."""

_Result = TypeVar("_Result", bound=msgspec.Struct)
_MODULE = "kedge.lab.bench.worker"
_PATIENCE = 15.0


def run_apart(kind: str, job: msgspec.Struct, result: type[_Result], told: Told) -> _Result:
    """Let a child do a job of a kind that the worker knows. `Fault` or `Broken` as it ended there."""
    child = subprocess.Popen(  # noqa: S603
        command_of(_MODULE, kind),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C is for the parent, which ends its child in order
    )
    try:
        return _listen(child, job, result, told)
    finally:
        _end(child)


def _listen(child: subprocess.Popen[str], job: msgspec.Struct, result: type[_Result], told: Told) -> _Result:
    if child.stdin is None or child.stdout is None:
        raise Broken("a child was started without pipes")
    child.stdin.write(msgspec.json.encode(job).decode() + "\n")
    child.stdin.flush()
    for line in child.stdout:
        said = json.loads(line)
        if "say" in said:
            told(said["say"], said["part"])
        elif "fault" in said:
            raise Fault(said["fault"])
        elif "broken" in said:
            raise Broken(said["broken"])
        else:
            return msgspec.convert(said["result"], result)
    raise Fault(f"the measuring process ended with {child.wait()} and said nothing; is there enough memory?")


def _end(child: subprocess.Popen[str]) -> None:
    """Its input closes, so it stops in order; one that does not is killed."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from kedge.units.errors import Fault

DAY = 86_400
"""Seconds; the most that an option in seconds takes: infinity is a number to whoever parses it."""


def check_target(path: Path | None) -> Path | None:
    """For the callback of an option: `Fault` before the work begins if no file can be written there."""
    if path is None:
        return None
    if path.is_dir():
        raise Fault(f"{path} is a folder; name a file in it")
    place = next(there for there in (path, *path.absolute().parents) if there.exists())
    if place != path and not place.is_dir():
        raise Fault(f"{path} cannot be written: {place} is not a folder; name another file")
    if not os.access(place, os.W_OK):
        raise Fault(f"{path} cannot be written: you may not write to {place}; name another file")
    return path


Data = Annotated[Path, typer.Option("--data", file_okay=False, help="Data directory; made if it does not exist.")]
JsonOut = Annotated[
    Path | None, typer.Option("--json", callback=check_target, help="Also write the result to this file as JSON.")
]

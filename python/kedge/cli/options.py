"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Iterable
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


def check_picture(path: Path | None) -> Path | None:
    """As `check_target`, and `Fault` where the ending names no kind of picture."""
    if path is not None and path.suffix not in (".svg", ".png"):
        raise Fault(f"{path}: a picture ends in .svg or .png")
    return check_target(path)


def keep_apart(targets: Iterable[Path | None], inputs: Iterable[Path | None]) -> None:
    """`Fault` if what is written would replace what was read, or two results each other."""
    written = [path for path in targets if path is not None]
    for place, path in enumerate(written):
        if any(_is_same(path, other) for other in inputs if other is not None):
            raise Fault(f"{path} is what this command reads; name another file to write")
        if any(_is_same(path, other) for other in written[:place]):
            raise Fault(f"{path} is named for two results; name another file for one of them")


def _is_same(path: Path, other: Path) -> bool:
    # a device such as the null device takes any number of results, and loses none that it held
    is_file = not path.exists() or path.is_file()
    return is_file and path.resolve() == other.resolve()


Data = Annotated[Path, typer.Option("--data", file_okay=False, help="Data directory; made if it does not exist.")]
JsonOut = Annotated[
    Path | None, typer.Option("--json", callback=check_target, help="Also write the result to this file as JSON.")
]

"""Directories that a command may replace: empty ones, and those that the same command made."""

from __future__ import annotations

import shutil
from pathlib import Path

from kedge.units.errors import Fault


def claim_folder(folder: Path, command: str, reads: Path | None = None) -> None:
    """Make `folder` empty for `command`; Fault if it holds anything that this command did not make, or what the command
    `reads`, or is in use.
    """
    from kedge.sequencer import DataDirectory, DirectoryLock

    if reads is not None and reads.resolve().is_relative_to(folder.resolve()):
        raise Fault(f"{reads} lies in {folder}, which is to be replaced; name another directory with --data")
    folder = folder.resolve()  # a link to a directory stands for it, and stays
    mark = folder / f"made-by-{command}"
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            raise Fault(f"{folder} holds something that no `kedge {command}` made; name an empty directory with --data")
        DirectoryLock(DataDirectory(folder)).release()
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()

"""Reading files that somebody else may have put there."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

MAX_PROOF_BYTES: Final = 64 << 20
MAX_WITNESS_BYTES: Final = 1 << 30
MAX_PROGRAM_BYTES: Final = 64 << 20


class UnreadableFile(Exception):
    """A file is missing, too large, or no regular file; the text says which."""


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes. Never blocks on a pipe, never reads without bound."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path} cannot be opened: {error}") from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise UnreadableFile(f"{path} is not a regular file")
        if facts.st_size > limit:
            raise UnreadableFile(f"{path} has {facts.st_size} bytes, more than {limit}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from error
    finally:
        os.close(descriptor)

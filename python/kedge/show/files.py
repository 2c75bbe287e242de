"""Files that somebody names: one place that writes them, so that every refusal of the disk is one clear line, and one
that reads what people write by hand.
"""

from __future__ import annotations

import errno
from pathlib import Path

from kedge.units.errors import Fault


def write_file(path: Path, content: str | bytes) -> None:
    """Write a text (in UTF-8) or bytes, and make the folders above that are missing; `Fault` if the disk refuses."""
    is_new = not path.exists()
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        if is_new and path.is_file():
            path.unlink()  # half of a result looks like one
        reason = "a file is in the way" if isinstance(error, FileExistsError) else error.strerror
        raise Fault(f"{path} cannot be written: {reason}; free space, or name another file") from error


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a file of at most so many bytes. `OSError` also where it is longer: a device never ends, and would
    fill the memory.
    """
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most:,} bytes", str(path))
    return data


def read_short(path: Path, most: int = 1 << 20) -> str:
    """A text in UTF-8 of at most so many bytes, without byte order mark. `OSError` as `read_bounded`."""
    return read_bounded(path, most).decode("utf-8-sig")

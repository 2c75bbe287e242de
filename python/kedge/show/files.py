"""Files that somebody asked for: one place that writes them, so that every refusal of the disk is one clear line."""

from __future__ import annotations

from pathlib import Path

from kedge.units.errors import Fault


def write_file(path: Path, content: str | bytes) -> None:
    """Write a text (in UTF-8) or bytes, and make the folders above that are missing; `Fault` if the disk refuses."""
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        reason = "a file is in the way" if isinstance(error, FileExistsError) else error.strerror
        raise Fault(f"{path} cannot be written: {reason}; free space, or name another file") from error

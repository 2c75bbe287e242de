"""The data directory: where everything durable lives, who may write there, and how files are replaced.

DIR/lock                        held (flock) by the one process that may write
DIR/program.json                the program, byte for byte
DIR/journal.db                  what was sequenced (SQLite, WAL)
DIR/chunks/<8 digits>.witness   what a proof of a chunk is made from
DIR/snapshots/<8 digits>.snapshot   state after a chunk; only saves time, may be deleted
DIR/proofs/<8 digits>.proof     proofs
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from kedge.units.errors import Fault

_FULL = (errno.ENOSPC, errno.EDQUOT)


class DataDirectory:
    """Paths inside one data directory. Making this object touches nothing."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.lock = self.root / "lock"
        self.program = self.root / "program.json"
        self.journal = self.root / "journal.db"
        self.chunks = self.root / "chunks"
        self.snapshots = self.root / "snapshots"
        self.proofs = self.root / "proofs"

    def witness(self, number: int) -> Path:
        return self.chunks / f"{number:08d}.witness"

    def snapshot(self, number: int) -> Path:
        return self.snapshots / f"{number:08d}.snapshot"

    def proof(self, number: int) -> Path:
        return self.proofs / f"{number:08d}.proof"

    def create(self) -> None:
        """Make the directory and its folders; those that exist are kept."""
        with faults(f"cannot create the data directory {self.root}"):
            for folder in (self.root, self.chunks, self.snapshots, self.proofs):
                folder.mkdir(parents=True, exist_ok=True)


class DirectoryLock:
    """The right to write to a data directory; the kernel releases it when the process dies, however it dies."""

    def __init__(self, directory: DataDirectory) -> None:
        """`Fault` naming the holder when another process has it."""
        self._path = directory.lock
        with faults(f"cannot open {self._path}"):
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise Fault(
                f"the data directory {directory.root} is in use by process {holder}: "
                f"stop that process first, or choose another directory with --data"
            ) from error
        with faults(f"cannot write {self._path}"):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the directory back; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> DirectoryLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


@contextmanager
def faults(what: str) -> Iterator[None]:
    """Turn the operating system's errors into `Fault`s that say what to do."""
    try:
        yield
    except OSError as error:
        advice = "free some space; work goes on by itself" if error.errno in _FULL else "check the path and permissions"
        raise Fault(f"{what}: {error.strerror or error}; {advice}") from error


def write_atomic(path: Path, data: bytes) -> None:
    """Replace `path` by a durable file with this content; at no moment is there a partial one under that name."""
    temporary = path.with_name(path.name + ".tmp")
    with faults(f"cannot write {path}"):
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a renamed file survives a power cut only after this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Snapshots: the state after a chunk, so that a restart need not replay everything.

    magic "KEDGESNP" | u16 version | u64 chunk | u64 last transaction | program digest | root | SHA-256 of body | body

A snapshot only saves time: one that is missing or damaged is passed over for an older one, or for the whole journal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

from kedge.sequencer.directory import DataDirectory, faults, write_atomic

_MAGIC: Final = b"KEDGESNP"
_VERSION: Final = 1
_HEADER: Final = Struct("<8sHQQ32s32s32s")


class Snapshot(NamedTuple):
    """The state after chunk `chunk`, whose last transaction is `last`; `body` is the engine's own."""

    chunk: int
    last: int
    root: bytes
    body: bytes


class SnapshotStore:
    """The snapshot files of one data directory, for one program."""

    def __init__(self, directory: DataDirectory, program_digest: bytes, kept: int) -> None:
        self._directory = directory
        self._digest = program_digest
        self._kept = kept

    def write(self, snapshot: Snapshot) -> None:
        """Make a snapshot durable and remove those beyond the newest `kept`. `Fault` when the disk refuses."""
        digest = hashlib.sha256(snapshot.body).digest()
        header = _HEADER.pack(_MAGIC, _VERSION, snapshot.chunk, snapshot.last, self._digest, snapshot.root, digest)
        write_atomic(self._directory.snapshot(snapshot.chunk), header + snapshot.body)
        with faults(f"cannot remove old snapshots in {self._directory.snapshots}"):
            for path in self._paths()[self._kept :]:
                path.unlink(missing_ok=True)

    def newest(self, chunk: int) -> Iterator[Snapshot]:
        """Sound snapshots of chunk `chunk` or earlier, newest first."""
        for path in self._paths():
            snapshot = self._read(path)
            if snapshot is not None and snapshot.chunk <= chunk:
                yield snapshot

    def _paths(self) -> list[Path]:
        return sorted(self._directory.snapshots.glob("*.snapshot"), reverse=True)

    def _read(self, path: Path) -> Snapshot | None:
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if len(data) < _HEADER.size:
            return None
        magic, version, chunk, last, program, root, digest = _HEADER.unpack_from(data)
        body = data[_HEADER.size :]
        sound = (magic, version, program) == (_MAGIC, _VERSION, self._digest)
        if not sound or hashlib.sha256(body).digest() != digest:
            return None
        return Snapshot(chunk, last, root, body)

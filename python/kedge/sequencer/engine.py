"""What the sequencer asks of an engine; `kedge._native.Engine` is the one that runs in a node.

Nothing here computes: these are the shapes of the surface, so that the sequencer can be tested with any deterministic
engine, and so that this room imports the native module in one place only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

CHUNK_FULL: Final = 5
"""The engine's code for "seal first": the transaction changed nothing and may be submitted again."""

Outcome = tuple[int, list[tuple[str, list[int]]], int]
"""Of one transaction: code (0 = accepted), events (name, fields), number of steps run."""


class SealedLike(Protocol):
    """A finished chunk."""

    @property
    def old_root(self) -> bytes: ...
    @property
    def new_root(self) -> bytes: ...
    @property
    def witness(self) -> bytes: ...
    @property
    def touched(self) -> list[tuple[int, list[int]]]: ...
    @property
    def steps(self) -> int: ...


class EngineLike(Protocol):
    """The state machine: deterministic, in memory, atomic per transaction."""

    @property
    def steps_in_chunk(self) -> int: ...
    def submit_many(self, txs: Sequence[tuple[str, Sequence[int]]]) -> list[Outcome]: ...
    def get(self, address: int) -> list[int]: ...
    def entries(self) -> list[tuple[int, list[int]]]: ...
    def root(self) -> bytes: ...
    def snapshot(self) -> bytes: ...
    def seal(self) -> SealedLike: ...


class EngineSource(Protocol):
    """Makes engines of one program."""

    @property
    def program(self) -> bytes:
        """The program's canonical bytes; their SHA-256 is the identity of the protocol version."""
        ...

    def empty(self) -> EngineLike:
        """An engine on the empty state."""
        ...

    def restore(self, snapshot: bytes) -> EngineLike:
        """An engine on the state of `EngineLike.snapshot`."""
        ...


class NativeEngines:
    """Engines of `kedge._native` for one program."""

    def __init__(self, program: bytes) -> None:
        from kedge import _native

        self.program = program
        self._native = _native
        self._parsed = _native.Program(program)

    def empty(self) -> EngineLike:
        return self._native.Engine(self._parsed)

    def restore(self, snapshot: bytes) -> EngineLike:
        return self._native.Engine.restore(self._parsed, snapshot)

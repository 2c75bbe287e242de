"""The proof system as this room uses it; `kedge._native` is the one that counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from kedge.units.errors import Broken

Progress = Callable[[str, float], None]
"""Hears a stage by name and the part of it that is done, 0 to 1."""


class ProofCancelled(Exception):
    """A proof was stopped on request; nothing is kept of it."""


class CancelLike(Protocol):
    """Stops a proof that runs in another thread."""

    def cancel(self) -> None: ...


class Verifier(Protocol):
    """Checks proofs of one program."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of the program."""
        ...

    def verify(self, proof: bytes) -> Mapping[str, Any]:
        """What a proof proves (roots, program, bits, tables); `ValueError` with the reason if it does not hold."""
        ...


class ProofSystem(Verifier, Protocol):
    """Makes proofs of one program, too."""

    def make_cancel(self) -> CancelLike:
        """A token for one proof."""
        ...

    def prove(self, witness: bytes, progress: Progress, cancel: CancelLike) -> bytes:
        """The proof file of a witness. `ProofCancelled` when cancelled, `Broken` when it cannot be proven."""
        ...


class NativeProofs:
    """Proofs by `kedge._native`. A call uses every core and lets other threads run."""

    def __init__(self, program: bytes) -> None:
        """`ValueError` when the bytes are not a program."""
        from kedge import _native

        self._native = _native
        self._program = _native.Program(program)
        self.digest = hashlib.sha256(program).digest()

    def verify(self, proof: bytes) -> Mapping[str, Any]:
        return self._native.verify(self._program, proof)

    def make_cancel(self) -> CancelLike:
        return self._native.Cancel()

    def prove(self, witness: bytes, progress: Progress, cancel: CancelLike) -> bytes:
        if not isinstance(cancel, self._native.Cancel):
            raise TypeError("cancel with a token of make_cancel()")
        try:
            return self._native.prove(self._program, witness, progress, cancel)
        except self._native.Cancelled as stopped:
            raise ProofCancelled from stopped
        except (ValueError, self._native.NativePanic) as error:
            raise Broken(f"the witness cannot be proven: {error}") from error


class StateTree(Protocol):
    """A sparse Merkle tree of records."""

    def update(self, changes: Sequence[tuple[int, Sequence[int]]]) -> None: ...
    def root(self) -> bytes: ...


class Toolbox(Protocol):
    """What checking a directory needs: its program is known only once its file is read."""

    def verifier(self, program: bytes) -> Verifier:
        """The verifier of a program; `ValueError` when the bytes are not one."""
        ...

    def tree(self) -> StateTree:
        """The empty tree."""
        ...


class NativeToolbox:
    """The verifier and the tree of `kedge._native`."""

    def verifier(self, program: bytes) -> Verifier:
        return NativeProofs(program)

    def tree(self) -> StateTree:
        from kedge import _native

        return _native.Tree()

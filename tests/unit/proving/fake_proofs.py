"""A small proof system for the fake engine: a proof is a real header and a checksum instead of a proof."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any

from kedge.proving import ProofCancelled
from kedge.units.errors import Broken
from tests.unit.sequencer.fake_engine import PROGRAM, root_of

HEADER = Struct("<8sH32s32s32sH2B")


class FakeCancel:
    def __init__(self) -> None:
        self.event = threading.Event()

    def cancel(self) -> None:
        self.event.set()


class FakeProofs:
    """`gate` holds every proof back until it is set or cancelled; `broken` names a new root that cannot be proven."""

    def __init__(self, program: bytes = PROGRAM) -> None:
        if not program.startswith(b"{"):
            raise ValueError("not a program")
        self.digest = hashlib.sha256(program).digest()
        self.gate = threading.Event()
        self.gate.set()
        self.broken = b""
        self.order: list[bytes] = []

    def make_cancel(self) -> FakeCancel:
        return FakeCancel()

    def prove(self, witness: bytes, progress: Callable[[str, float], None], cancel: Any) -> bytes:
        old_root, new_root, _ = json.loads(witness)
        new = bytes.fromhex(new_root)
        self.order.append(new)
        progress("replay", 0.0)
        progress("replay", 1.0)
        while not self.gate.wait(0.002):
            if cancel.event.is_set():
                raise ProofCancelled
        if new == self.broken:
            raise Broken("the witness cannot be proven: no")
        progress("proof", 1.0)
        return self.make(bytes.fromhex(old_root), new)

    def make(self, old_root: bytes, new_root: bytes) -> bytes:
        header = HEADER.pack(b"KEDGEPRF", 1, self.digest, old_root, new_root, 2, 16, 5)
        return header + hashlib.sha256(header).digest()

    def verify(self, proof: bytes) -> dict[str, Any]:
        if len(proof) != HEADER.size + 32 or proof[-32:] != hashlib.sha256(proof[:-32]).digest():
            raise ValueError("the checksum does not hold")
        _, _, program, old_root, new_root, *_ = HEADER.unpack_from(proof)
        if program != self.digest:
            raise ValueError("for another program")
        roots = {"old_root": old_root, "new_root": new_root, "program": program}
        return {
            **roots,
            "bits_conjectured": 100.5,
            "bits_proven": 57.0,
            "terms": [("fri", 100.5)],
            "tables": [("a", 16)],
        }


class FakeTree:
    def __init__(self) -> None:
        self.state: dict[int, int] = {}

    def update(self, changes: Sequence[tuple[int, Sequence[int]]]) -> None:
        self.state.update({address: words[0] for address, words in changes})

    def root(self) -> bytes:
        return root_of(self.state)


class FakeToolbox:
    def verifier(self, program: bytes) -> FakeProofs:
        return FakeProofs(program)

    def tree(self) -> FakeTree:
        return FakeTree()

"""A small deterministic engine and its program, to test the sequencer without the native module.

State: numbers under keys. `put key value`, `take key amount` (refused with code 20 when there is less), `walk n` runs
n steps, `tick now` belongs to the node. The root is a hash of the sorted state.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

CODES = [
    [1, "MALFORMED", "bounds"],
    [3, "STUCK", "no step applies"],
    [4, "TOO_LONG", "too many steps"],
    [5, "CHUNK_FULL", "seal first"],
    [20, "TOO_LITTLE", "there is less under this key"],
]
KEY = ["key", 0, 999]
STEPS = [
    {"name": "put", "inputs": [KEY, ["value", -(2**60), 2**60]]},
    {"name": "take", "inputs": [KEY, ["amount", 1, 2**60]]},
    {"name": "walk", "inputs": [["n", 1, 10_000]]},
    {"name": "tick", "inputs": [["now", 0, 2**42]]},
    {"name": "follow", "inputs": []},
]
PHASES = [{"name": "idle", "steps": []}, {"name": "walking", "steps": ["follow"]}]
PROGRAM = json.dumps(
    {"format": 1, "name": "fake", "steps": STEPS, "phases": PHASES, "codes": CODES}, sort_keys=True
).encode()
USER_STEPS = frozenset({"put", "take", "walk"})

Outcome = tuple[int, list[tuple[str, list[int]]], int]


@dataclass(frozen=True)
class FakeSealed:
    old_root: bytes
    new_root: bytes
    witness: bytes
    touched: list[tuple[int, list[int]]]
    steps: int


def root_of(state: dict[int, int]) -> bytes:
    return hashlib.sha256(repr(sorted((k, v) for k, v in state.items() if v)).encode()).digest()


class FakeEngine:
    """One transaction is at most 4,096 steps; a chunk has room for another while 4,096 steps are left of 65,000."""

    def __init__(self, state: dict[int, int] | None = None) -> None:
        self.state = dict(state or {})
        self.steps_in_chunk = 0
        self._old_root = root_of(self.state)
        self._log: list[list[object]] = []
        self._touched: set[int] = set()
        self.calls: list[int] = []

    def submit_many(self, txs: Sequence[tuple[str, Sequence[int]]]) -> list[Outcome]:
        self.calls.append(len(txs))
        return [self._submit(step, list(args)) for step, args in txs]

    def _submit(self, step: str, args: list[int]) -> Outcome:
        if self.steps_in_chunk + 4_096 > 65_000:
            return 5, [], 0
        steps = args[0] if step == "walk" else 1
        if steps > 4_096:
            return 4, [], 0
        key = 1_000 if step == "tick" else args[0]
        if step == "take" and self.state.get(key, 0) < args[1]:
            return 20, [], 0
        if step in ("put", "take"):
            self.state[key] = args[1] if step == "put" else self.state[key] - args[1]
            self._touched.add(key)
        self.steps_in_chunk += steps
        self._log.append([step, *args])
        return 0, [(step, args)], steps

    def get(self, address: int) -> list[int]:
        return [self.state.get(address, 0), 0, 0, 0, 0, 0, 0, 0]

    def entries(self) -> list[tuple[int, list[int]]]:
        return [(key, self.get(key)) for key in sorted(self.state) if self.state[key]]

    def root(self) -> bytes:
        return root_of(self.state)

    def snapshot(self) -> bytes:
        return json.dumps(sorted(self.state.items())).encode()

    def seal(self) -> FakeSealed:
        new_root = self.root()
        touched = [(key, self.get(key)) for key in sorted(self._touched)]
        witness = json.dumps([self._old_root.hex(), new_root.hex(), self._log]).encode()
        sealed = FakeSealed(self._old_root, new_root, witness, touched, self.steps_in_chunk)
        self._old_root, self._log, self._touched, self.steps_in_chunk = new_root, [], set(), 0
        return sealed


class FakeEngines:
    """Remembers the engines it made, so that a test can look inside."""

    program = PROGRAM

    def __init__(self) -> None:
        self.made: list[FakeEngine] = []

    def empty(self) -> FakeEngine:
        self.made.append(FakeEngine())
        return self.made[-1]

    def restore(self, snapshot: bytes) -> FakeEngine:
        self.made.append(FakeEngine(dict(json.loads(snapshot))))
        return self.made[-1]

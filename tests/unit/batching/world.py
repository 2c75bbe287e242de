"""A tiny exchange for the tests of batching and settlement: records in a fake tree, hashed with Keccak."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from kedge.batching import (
    DEPOSITS_HEAD,
    WITHDRAWALS_HEAD,
    Batch,
    Chunk,
    Deposit,
    Header,
    Withdrawal,
    compute_batch,
    fold_head,
)
from kedge.batching.schema import Schema
from kedge.machine import P

HASH = [[f"h{i}", 0, P - 1] for i in range(4)]
RECORDS = [
    {"name": "account", "kind": 0, "fields": [["collateral", -(2**61), 2**61 - 1], ["flags", 0, 3]]},
    {"name": "order", "kind": 3, "fields": [["price", 0, 2**28 - 1], ["size", -(2**30), 2**30], ["one", 1, 1]]},
    {"name": "clock", "kind": 9, "fields": [["now", 0, 2**42 - 1]]},
    {"name": "queue", "kind": 9, "fields": [["count", 0, 2**32], *HASH]},
]
PROGRAM = json.dumps({"records": RECORDS}, sort_keys=True, separators=(",", ":")).encode()
DIGEST = hashlib.sha256(PROGRAM).digest()
SCHEMA = Schema.parse(PROGRAM)[0]
START = 1_700_000_000_000


class FakeTree:
    """The records hashed in order: a root with the interface of the native tree."""

    def __init__(self) -> None:
        self._records: dict[int, list[int]] = {}

    def set(self, address: int, words: list[int], /) -> None:
        self._records[address] = [word % P for word in words]
        if not any(words):
            del self._records[address]

    def root(self) -> bytes:
        return hashlib.sha256(json.dumps(sorted(self._records.items())).encode()).digest()


def fake_hash(words: list[int]) -> list[int]:
    """Sixteen field elements to four."""
    assert len(words) == 16
    digest = hashlib.sha256(json.dumps([word % P for word in words]).encode()).digest()
    return [int.from_bytes(digest[i : i + 8]) % P for i in range(0, 32, 8)]


def address(account: int, kind: int, slot: int = 0) -> int:
    return account << 13 | kind << 10 | slot


class World:
    """Seals chunks and batches that hold together; `batches` keeps every one made."""

    def __init__(self) -> None:
        self.tree = FakeTree()
        self.genesis = self.tree.root()
        self.deposits: list[Deposit] = []
        self.withdrawals: list[Withdrawal] = []
        self.heads = ([0] * 4, [0] * 4)
        self.batches: list[Batch] = []
        self.chunk = 1
        self.now = START

    @property
    def after(self) -> Header | None:
        return self.batches[-1].header if self.batches else None

    def seal(
        self,
        deposits: Sequence[Deposit] = (),
        withdrawals: Sequence[Withdrawal] = (),
        records: Sequence[tuple[int, Sequence[int]]] = (),
    ) -> Chunk:
        """One chunk with these messages and records."""
        self.deposits += deposits
        self.withdrawals += withdrawals
        self.heads = (
            fold_head(self.heads[0], deposits, fake_hash),
            fold_head(self.heads[1], withdrawals, fake_hash),
        )
        touched = [(where, (*words, *[0] * (8 - len(words)))) for where, words in records]
        for head, messages, folded in (
            (DEPOSITS_HEAD, self.deposits, self.heads[0]),
            (WITHDRAWALS_HEAD, self.withdrawals, self.heads[1]),
        ):
            if messages:
                touched.append((head, (len(messages), *folded, 0, 0, 0)))
        old = self.tree.root()
        for where, words in touched:
            self.tree.set(where, list(words))
        anchored, self.now = self.after.clock if self.after else START, self.now + 1000
        chunk = Chunk(
            number=self.chunk,
            old_root=old,
            new_root=self.tree.root(),
            touched=touched,
            deposits=tuple(deposits),
            withdrawals=tuple(withdrawals),
            clock=self.now,
            anchored=anchored,
        )
        self.chunk += 1
        return chunk

    def batch(self, *chunks: Chunk) -> Batch:
        """The next batch of these chunks, or of one chunk with one order."""
        chosen = chunks or (self.seal(records=[(address(2, 3, self.chunk), (self.chunk, -5, 1))]),)
        self.batches.append(compute_batch(chosen, DIGEST, self.after))
        return self.batches[-1]

    def owe(self, *items: tuple[int, bytes, int]) -> list[Withdrawal]:
        """Withdrawals (account, owner, amount) with the next indices."""
        return [Withdrawal(index, *item) for index, item in enumerate(items, len(self.withdrawals))]

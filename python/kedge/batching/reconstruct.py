"""Rebuild the state from what L1 holds, and believe nothing else.

Input: the headers that the contract accepted, the published bytes behind their blobs (already checked against the
versioned hashes), and the deposits of the Vault. Output: every record. Each claim of each header is recomputed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kedge.batching.batch import Batch, Header
from kedge.batching.codec import decode
from kedge.batching.messages import (
    ZERO_HASH,
    Deposit,
    FieldHash,
    Message,
    Withdrawal,
    chain_deposits,
    fold_head,
)
from kedge.batching.refusals import (
    BROKEN_HISTORY,
    WRONG_DEPOSITS,
    WRONG_HEADER,
    WRONG_ROOT,
    WRONG_WITHDRAWALS,
    DataRefusal,
)
from kedge.batching.schema import EMPTY, Schema, Words
from kedge.machine import P, address_of
from kedge.rules import DEPOSITS, EXCHANGE, WITHDRAWALS, Clock, Queue

DEPOSITS_HEAD = address_of(Queue, EXCHANGE, DEPOSITS)
WITHDRAWALS_HEAD = address_of(Queue, EXCHANGE, WITHDRAWALS)
CLOCK = address_of(Clock, EXCHANGE)


class StateTree(Protocol):
    """The sparse Merkle store of records; `kedge._native.Tree` is one."""

    def set(self, address: int, words: list[int], /) -> None: ...
    def root(self) -> bytes: ...


@dataclass(slots=True)
class Reconstruction:
    """A state rebuilt up to some batch: `records` without the empty ones, and the messages so far."""

    root: bytes
    records: dict[int, Words] = field(default_factory=dict)
    last: Header | None = None
    batches: int = 0
    deposits: int = 0
    withdrawals: list[Withdrawal] = field(default_factory=list)
    published_bytes: int = 0


class Rebuilder:
    """Applies batches one after the other to an empty tree; refuses, by number, the first that does not hold."""

    def __init__(
        self,
        schema: Schema,
        program: bytes,
        tree: StateTree,
        field_hash: FieldHash,
        heads: tuple[int, int] = (DEPOSITS_HEAD, WITHDRAWALS_HEAD),
    ) -> None:
        self._schema = schema
        self._program = program
        self._tree = tree
        self._hash = field_hash
        self._heads = heads
        self._chain = ZERO_HASH
        self._folded = ([0] * 4, [0] * 4)
        self.state = Reconstruction(tree.root())

    def apply(self, header: Header, data: bytes, deposits: Sequence[Deposit]) -> Batch:
        """Apply the next batch; `deposits` are exactly those that it consumes, from the Vault's events in order."""
        batch = decode(data, self._schema)
        self._check_place(header, batch)
        self._check_messages(header, batch, deposits)
        for address, words in batch.records:
            self._tree.set(address, list(words))
            if words == EMPTY:
                self.state.records.pop(address, None)
            else:
                self.state.records[address] = words
        root = self._tree.root()
        if root != header.new_root:
            raise WRONG_ROOT.reject(
                f"batch {header.number} claims {header.new_root.hex()}, its records give {root.hex()}"
            )
        self._check_heads(header)
        self.state.root = root
        self.state.last = header
        self.state.batches += 1
        self.state.published_bytes += len(data)
        return batch

    def _check_place(self, header: Header, batch: Batch) -> None:
        last = self.state.last
        number, chunk = (last.number + 1, last.last_chunk + 1) if last else (1, header.first_chunk)
        if (header.number, header.first_chunk) != (number, chunk) or header.old_root != self.state.root:
            raise BROKEN_HISTORY.reject(f"batch {header.number} does not follow batch {number - 1}")
        if header.program != self._program:
            raise WRONG_HEADER.reject(f"batch {header.number} is of program {header.program.hex()}")
        if batch.header != header:
            raise WRONG_HEADER.reject(f"batch {header.number}")

    def _check_messages(self, header: Header, batch: Batch, deposits: Sequence[Deposit]) -> None:
        number = header.number
        start = self.state.deposits
        if batch.deposits_before != start or not _is_counted(deposits, start, batch.deposits):
            raise WRONG_DEPOSITS.reject(f"batch {number} consumes others than those on L1")
        self._chain = chain_deposits(self._chain, deposits)
        if self._chain != header.deposit_chain:
            raise WRONG_DEPOSITS.reject(f"the Keccak chain of batch {number}")
        if batch.withdrawals_before != len(self.state.withdrawals):
            raise WRONG_WITHDRAWALS.reject(f"batch {number} skips some")
        self._folded = (
            fold_head(self._folded[0], deposits, self._hash),
            fold_head(self._folded[1], batch.withdrawals, self._hash),
        )
        self.state.deposits = batch.deposits
        self.state.withdrawals += batch.withdrawals

    def _check_heads(self, header: Header) -> None:
        counts = (header.deposits, header.withdrawals)
        refusals = (WRONG_DEPOSITS, WRONG_WITHDRAWALS)
        for address, count, folded, refusal in zip(self._heads, counts, self._folded, refusals, strict=True):
            self._check_head(address, [count, *folded], refusal, header.number)
        clock = self.state.records.get(CLOCK)
        if clock is not None and tuple(clock[:2]) != (header.clock, header.anchored):
            raise WRONG_HEADER.reject(f"batch {header.number} states another clock than its own state holds")

    def _check_head(self, address: int, wanted: list[int], refusal: DataRefusal, number: int) -> None:
        found = self.state.records.get(address, EMPTY)
        if any((a - b) % P for a, b in zip(found, [*wanted, 0, 0, 0], strict=True)):
            raise refusal.reject(f"the head in the state after batch {number}")


def _is_counted(messages: Sequence[Message], start: int, end: int) -> bool:
    return [item.index for item in messages] == list(range(start, end))


def reconstruct(
    batches: Iterable[tuple[Header, bytes]], deposits: Sequence[Deposit], rebuilder: Rebuilder
) -> Reconstruction:
    """Apply all batches in order; `deposits` are all deposits of the Vault since genesis, in order of index."""
    for header, data in batches:
        rebuilder.apply(header, data, deposits[rebuilder.state.deposits : header.deposits])
    return rebuilder.state

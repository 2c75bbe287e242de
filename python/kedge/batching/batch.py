"""Chunks, batches, and the header of a batch on L1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from kedge.batching.messages import ZERO_HASH, Deposit, Message, Withdrawal, chain_deposits, withdrawals_root
from kedge.batching.schema import Words
from kedge.machine import lift
from kedge.units.errors import Broken

Record = tuple[int, Words]

HEADER_TYPES = "(uint64,bytes32,bytes32,bytes32,uint64,uint64,uint64,bytes32,uint64,bytes32,uint64,uint64)"


@dataclass(frozen=True, slots=True)
class Header:
    """What a batch claims on L1, in the order of the contract's struct. Counts since genesis; times in ms of L2."""

    number: int
    old_root: bytes
    new_root: bytes
    program: bytes
    first_chunk: int
    last_chunk: int
    deposits: int
    deposit_chain: bytes
    withdrawals: int
    withdrawals_root: bytes
    clock: int
    anchored: int

    def as_tuple(self) -> tuple[int | bytes, ...]:
        """The arguments of the contract's struct."""
        return astuple(self)

    def digest(self, blob_hashes: Sequence[bytes]) -> bytes:
        """The digest that the Settlement contract stores for this header with these blobs."""
        return keccak(abi_encode([HEADER_TYPES, "bytes32[]"], [self.as_tuple(), list(blob_hashes)]))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A sealed chunk as batching needs it; `touched` holds final words, times are in ms at the end of the chunk."""

    number: int
    old_root: bytes
    new_root: bytes
    touched: Sequence[tuple[int, Sequence[int]]]
    deposits: tuple[Deposit, ...]
    withdrawals: tuple[Withdrawal, ...]
    clock: int
    anchored: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The published content of 1..k consecutive chunks.

    `records` are sorted by address, words are signed. Deposits are those with index in [deposits_before,
    deposits); they are on L1 already, and `deposit_chain` is the Vault's hash after them. Withdrawals start at index
    `withdrawals_before`.
    """

    number: int
    program: bytes
    first_chunk: int
    last_chunk: int
    old_root: bytes
    new_root: bytes
    clock: int
    anchored: int
    deposits_before: int
    deposits: int
    deposit_chain: bytes
    withdrawals_before: int
    withdrawals: tuple[Withdrawal, ...]
    records: tuple[Record, ...]

    @property
    def header(self) -> Header:
        """The header on L1."""
        return Header(
            number=self.number,
            old_root=self.old_root,
            new_root=self.new_root,
            program=self.program,
            first_chunk=self.first_chunk,
            last_chunk=self.last_chunk,
            deposits=self.deposits,
            deposit_chain=self.deposit_chain,
            withdrawals=self.withdrawals_before + len(self.withdrawals),
            withdrawals_root=withdrawals_root(self.withdrawals),
            clock=self.clock,
            anchored=self.anchored,
        )


def compute_batch(chunks: Sequence[Chunk], program: bytes, after: Header | None) -> Batch:
    """The batch of these chunks that follows the batch `after` (None: the first one).

    A record touched by several chunks appears once, with its last words. The anchored claim is the latest that any of
    the chunks used, so the contract checks the strongest. Chunks that do not join are our own failure (Broken).
    """
    if not chunks:
        raise Broken("a batch needs at least one chunk")
    deposits_before, withdrawals_before = (after.deposits, after.withdrawals) if after else (0, 0)
    _check_joined(chunks, after)
    merged: dict[int, Words] = {}
    for chunk in chunks:
        for address, words in chunk.touched:
            merged[address] = tuple(lift(word) for word in words)
    deposits = [item for chunk in chunks for item in chunk.deposits]
    withdrawals = tuple(item for chunk in chunks for item in chunk.withdrawals)
    _check_counted(deposits, deposits_before)
    _check_counted(withdrawals, withdrawals_before)
    return Batch(
        number=after.number + 1 if after else 1,
        program=program,
        first_chunk=chunks[0].number,
        last_chunk=chunks[-1].number,
        old_root=chunks[0].old_root,
        new_root=chunks[-1].new_root,
        clock=chunks[-1].clock,
        anchored=max(chunk.anchored for chunk in chunks),
        deposits_before=deposits_before,
        deposits=deposits_before + len(deposits),
        deposit_chain=chain_deposits(after.deposit_chain if after else ZERO_HASH, deposits),
        withdrawals_before=withdrawals_before,
        withdrawals=withdrawals,
        records=tuple(sorted(merged.items())),
    )


def _check_joined(chunks: Sequence[Chunk], after: Header | None) -> None:
    number, root = (after.last_chunk + 1, after.new_root) if after else (chunks[0].number, chunks[0].old_root)
    for chunk in chunks:
        if chunk.number != number or chunk.old_root != root:
            raise Broken(f"chunk {chunk.number} does not follow chunk {number - 1} of the same history")
        number, root = chunk.number + 1, chunk.new_root


def _check_counted(messages: Iterable[Message], start: int) -> None:
    for index, item in enumerate(messages, start):
        if item.index != index:
            raise Broken(f"{type(item).__name__.lower()} {item.index} stands where number {index} belongs")

"""From sealed chunks in the journal to batches for L1.

Everything is read back from what is durable, never from memory, so a batch after a restart is byte for byte the batch
that would have been made without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kedge.batching import (
    TOO_LARGE,
    Batch,
    Chunk,
    Deposit,
    Header,
    Schema,
    Withdrawal,
    compute_batch,
    encode,
    owner_bytes,
)
from kedge.machine import address_of
from kedge.rules import EXCHANGE, Clock, Owner
from kedge.sequencer import Catalog, Codec, DataDirectory, Ledger, SealedChunk, Transaction
from kedge.units.errors import Broken, Rejected

MOST_TRANSACTIONS = 1 << 20
CLOCK = address_of(Clock, EXCHANGE)
Words = Callable[[int], list[int]]


class BatchMaker:
    """Makes the next batch from chunks of one data directory. `words` reads a record of the live state by address."""

    def __init__(self, directory: DataDirectory, program: bytes, words: Words) -> None:
        self._directory = directory
        self._words = words
        self._codec = Codec(Catalog(program))
        self._schema, self.digest = Schema.parse(program)

    def make(self, chunks: Sequence[SealedChunk], after: Header | None, genesis_clock: int) -> tuple[Batch, bytes]:
        """The batch of as many of these chunks as fit one L1 transaction, the first ones, and its published bytes.

        A single chunk fits, since the engine meters what it publishes; `Rejected` (TOO_LARGE) if one ever does not.
        """
        clock = after.clock if after else genesis_clock
        anchored = after.anchored if after else genesis_clock
        withdrawals = after.withdrawals if after else 0
        parts = []
        with Ledger(self._directory) as ledger:
            for sealed in chunks:
                part = self._part(ledger, sealed, clock, anchored, withdrawals)
                clock, anchored, withdrawals = part.clock, part.anchored, withdrawals + len(part.withdrawals)
                parts.append(part)
        return self._publish(parts, after)

    def _publish(self, parts: Sequence[Chunk], after: Header | None) -> tuple[Batch, bytes]:
        """Halves towards the greatest number of chunks that fit; what several of them touch is published once."""
        made: tuple[Batch, bytes] | None = None
        fits, too_many, count = 0, len(parts) + 1, len(parts)
        while count > fits:
            batch = compute_batch(parts[:count], self.digest, after)
            try:
                made, fits = (batch, encode(batch, self._schema)), count
            except Rejected as refused:
                if refused.code != TOO_LARGE.code or count == 1:
                    raise
                too_many = count
            count = (fits + too_many) // 2
        if made is None:
            raise Broken("a batch needs at least one chunk")
        return made

    def _part(self, ledger: Ledger, sealed: SealedChunk, clock: int, anchored: int, withdrawals: int) -> Chunk:
        touched = ledger.touched(sealed.number)
        for address, words in touched:
            if address == CLOCK:
                clock, anchored = words[0], words[1]
        deposits, taken = self._messages(self._transactions(ledger, sealed), withdrawals)
        return Chunk(sealed.number, sealed.old_root, sealed.new_root, touched, deposits, taken, clock, anchored)

    def _transactions(self, ledger: Ledger, sealed: SealedChunk) -> list[Transaction]:
        """Groups never span chunks, so those of a chunk start right after the transaction before it."""
        found: list[Transaction] = []
        for group in ledger.groups(sealed.first - 1):
            if group.first > sealed.last:
                break
            found += self._codec.decode_all(group.entries, MOST_TRANSACTIONS)
        return found

    def _messages(
        self, transactions: Sequence[Transaction], withdrawals: int
    ) -> tuple[tuple[Deposit, ...], tuple[Withdrawal, ...]]:
        """An accepted deposit carries its message; a withdrawal's owner is in the state and never changes once set."""
        deposits: list[Deposit] = []
        taken: list[Withdrawal] = []
        for step, args in transactions:
            if step == "deposit":
                deposits.append(Deposit(args[0], args[1], owner_bytes(args[3:]), args[2]))
            elif step == "withdraw":
                owner = owner_bytes(self._words(address_of(Owner, args[0]))[:5])
                taken.append(Withdrawal(withdrawals + len(taken), args[0], owner, args[1]))
        return tuple(deposits), tuple(taken)

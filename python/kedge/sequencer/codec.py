"""Transactions as bytes: the journal's entries and the binary form of the wire.

`u16 step number | i64 argument ...`, little-endian, no padding. Step numbers are positions in the program, whose
digest the journal pins; the width of each argument is fixed, so every transaction has exactly one encoding.
"""

from __future__ import annotations

from struct import Struct, error

from kedge.sequencer.catalog import Catalog, StepCard
from kedge.sequencer.codes import (
    BAD_ENCODING,
    BATCH_TOO_LARGE,
    NOT_AN_INTEGER,
    OUT_OF_RANGE,
    UNKNOWN_STEP,
    WRONG_ARGUMENTS,
)
from kedge.sequencer.transaction import Transaction

_NUMBER = Struct("<H")


class Codec:
    """Encodes and decodes the transactions of one program; what cannot be is `Rejected`."""

    def __init__(self, catalog: Catalog) -> None:
        self._cards = catalog.steps
        self._by_name = catalog.by_name

    def encode(self, transaction: Transaction) -> bytes:
        """The canonical bytes. Checks shape and 64-bit width, not the step's bounds."""
        card = self._by_name.get(transaction.step)
        if card is None:
            raise UNKNOWN_STEP.reject(repr(transaction.step)[:80])
        return pack(card, transaction.args)

    def decode(self, data: bytes) -> Transaction:
        """The transaction that `data` is the canonical encoding of, with nothing after it."""
        transaction, end = self._read(data, 0)
        if end != len(data):
            raise BAD_ENCODING.reject(f"{len(data) - end} bytes after the transaction")
        return transaction

    def decode_all(self, data: bytes, limit: int) -> list[Transaction]:
        """Transactions one after the other; more than `limit` are refused."""
        transactions: list[Transaction] = []
        offset = 0
        while offset < len(data):
            if len(transactions) == limit:
                raise BATCH_TOO_LARGE.reject(f"more than {limit}")
            transaction, offset = self._read(data, offset)
            transactions.append(transaction)
        return transactions

    def _read(self, data: bytes, offset: int) -> tuple[Transaction, int]:
        if len(data) - offset < _NUMBER.size:
            raise BAD_ENCODING.reject(f"cut short at byte {offset}")
        (number,) = _NUMBER.unpack_from(data, offset)
        if number >= len(self._cards):
            raise UNKNOWN_STEP.reject(f"step number {number}")
        card = self._cards[number]
        if len(data) - offset < card.packing.size:
            raise BAD_ENCODING.reject(f"{card.name} at byte {offset} is cut short")
        _, *args = card.packing.unpack_from(data, offset)
        return Transaction(card.name, args), offset + card.packing.size


def pack(card: StepCard, args: object) -> bytes:
    """The bytes of `card` run with `args`, checked to be the right number of 64-bit integers (a bool is not one)."""
    if type(args) is not tuple and type(args) is not list:
        raise NOT_AN_INTEGER.reject(f"{card.name} needs a list of integers")
    if len(args) != len(card.arguments):
        raise WRONG_ARGUMENTS.reject(f"{card.name} takes {len(card.arguments)}, got {len(args)}")
    for kind in set(map(type, args)):
        if kind is not int:
            raise NOT_AN_INTEGER.reject(f"{card.name} got a {kind.__name__}")
    try:
        return card.packing.pack(card.number, *args)
    except error:
        raise OUT_OF_RANGE.reject(f"{card.name} got an integer of more than 64 bits") from None

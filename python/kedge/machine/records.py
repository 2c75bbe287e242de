"""Records: what the state maps an address to. Eight words, each with a declared interval.

Address = account (24 bits) | kind (3 bits) | slot (10 bits), so that everything an account owns shares its Merkle path.
Account 0 has kinds of its own: a record class says 8 + k for kind k under account 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kedge.machine.word import Algebra, IntervalError, Number, Word

WORDS = 8
SLOT_BITS, KIND_BITS, ACCOUNT_BITS = 10, 3, 24
EXCHANGE_KINDS = 1 << KIND_BITS
"""Kinds from here on live under account 0 (less this number)."""
ADDRESS_BITS = SLOT_BITS + KIND_BITS + ACCOUNT_BITS


@dataclass(frozen=True, slots=True)
class Field:
    """One word of a record, in [lo, hi]."""

    lo: int
    hi: int


def unsigned(bits: int) -> Field:
    """A word in [0, 2**bits)."""
    return Field(0, 2**bits - 1)


def signed(bits: int) -> Field:
    """A word in [-2**bits, 2**bits)."""
    return Field(-(2**bits), 2**bits - 1)


class Record:
    """Base of every record class: fields in the order of their words, and the kind that its address carries."""

    kind: ClassVar[int]
    fields: ClassVar[dict[str, Field]]

    def __init_subclass__(cls) -> None:
        cls.fields = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        if len(cls.fields) > WORDS:
            raise IntervalError(f"{cls.__name__} has {len(cls.fields)} fields; a record holds {WORDS}")

    @classmethod
    def at(cls, account: Number, slot: Number = 0) -> Place:
        """The place of this record among those of an account."""
        return Place(cls, account * 2 ** (SLOT_BITS + KIND_BITS) + slot + (cls.kind % EXCHANGE_KINDS << SLOT_BITS))

    @classmethod
    def reference(cls, address: Number) -> Place:
        """The place that a stored address names; the rules keep such addresses to records of this kind."""
        return Place(cls, address)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a record lives: its class and its address."""

    record: type[Record]
    address: Number


def address_of(record: type[Record], account: int, slot: int = 0) -> int:
    """The address of a record as a plain integer."""
    return (account << (SLOT_BITS + KIND_BITS)) | (record.kind % EXCHANGE_KINDS << SLOT_BITS) | slot


def kind_of(address: int) -> int:
    """The record kind that an address carries, with 8 added under account 0."""
    kind = address >> SLOT_BITS & EXCHANGE_KINDS - 1
    return kind if address >> (SLOT_BITS + KIND_BITS) else kind + EXCHANGE_KINDS


class View:
    """A record inside a step: fields read as words; assigned only if it was opened by `change`.

    An assignment inside `m.when(condition)` takes effect only where the condition holds.
    """

    def __init__(self, m: Algebra, place: Place, access: int, words: list[Word], writable: bool) -> None:
        object.__setattr__(self, "_m", m)
        object.__setattr__(self, "_record", place.record)
        object.__setattr__(self, "_access", access)
        object.__setattr__(self, "_spare", words[len(place.record.fields) :])
        object.__setattr__(self, "_words", dict(zip(place.record.fields, words, strict=False)))
        object.__setattr__(self, "_writable", writable)
        object.__setattr__(self, "address", m.word(place.address))

    address: Word

    def __getattr__(self, name: str) -> Word:
        words: dict[str, Word] = object.__getattribute__(self, "_words")
        if name not in words:
            raise AttributeError(f"{object.__getattribute__(self, '_record').__name__} has no field {name}")
        return words[name]

    def __setattr__(self, name: str, value: Number) -> None:
        m: Algebra = object.__getattribute__(self, "_m")
        record: type[Record] = object.__getattribute__(self, "_record")
        words: dict[str, Word] = object.__getattribute__(self, "_words")
        if not object.__getattribute__(self, "_writable"):
            raise AttributeError(f"{record.__name__} was opened by read: it cannot change")
        if name not in words:
            raise AttributeError(f"{record.__name__} has no field {name}")
        words[name] = m.merge(words[name], m.word(value))

    def final_words(self) -> list[Word]:
        """The eight words that leave the step; every one must be within its declared bounds."""
        record: type[Record] = object.__getattribute__(self, "_record")
        words: dict[str, Word] = object.__getattribute__(self, "_words")
        for name, field in record.fields.items():
            word = words[name]
            if word.lo < field.lo or word.hi > field.hi:
                raise IntervalError(
                    f"{record.__name__}.{name} could become [{word.lo}, {word.hi}], "
                    f"outside [{field.lo}, {field.hi}]: narrow it"
                )
        spare: list[Word] = object.__getattribute__(self, "_spare")
        return [*words.values(), *spare]

"""How a record becomes bits: from the records that the program declares, and from nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kedge.batching.bits import BitReader, BitWriter
from kedge.batching.refusals import BAD_DATA
from kedge.machine import P, kind_of, lift
from kedge.units.errors import Broken

WORDS = 8
ADDRESS_BITS = 37
PLACE_BITS = 2 + ADDRESS_BITS
"""The most that a record's address takes: the class of the gap to the record before, and the gap."""
EMPTY: tuple[int, ...] = (0,) * WORDS

Words = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A word in [lo, hi], stored as `word - lo` in as many bits as `hi - lo` needs.

    A field that spans the whole field (a hash word) is stored as the field element 0..p-1 in 64 bits.
    """

    name: str
    lo: int
    hi: int

    @property
    def is_whole(self) -> bool:
        return self.hi - self.lo >= P - 1

    @property
    def width(self) -> int:
        return 64 if self.is_whole else (self.hi - self.lo).bit_length()

    def code(self, word: int) -> int | None:
        """The stored form of a word, or None if the word is outside the bounds."""
        if self.is_whole:
            return word % P
        for candidate in (word, word - P, word + P):
            if self.lo <= candidate <= self.hi:
                return candidate - self.lo
        return None

    def word(self, code: int) -> int:
        """The word that a stored form stands for, signed; refuses a code that no word has."""
        limit = P - 1 if self.is_whole else self.hi - self.lo
        if code > limit:
            raise BAD_DATA.reject(f"field {self.name} is outside its bounds")
        return lift(code if self.is_whole else code + self.lo)


@dataclass(frozen=True, slots=True)
class Layout:
    """One declared record: its fields are the first words, the other words are zero."""

    name: str
    fields: tuple[Field, ...]

    def codes(self, words: Words) -> list[int] | None:
        """The stored forms of a record's words, or None if this layout cannot hold them."""
        if any(words[len(self.fields) :]):
            return None
        codes: list[int] = []
        for field, word in zip(self.fields, words, strict=False):
            code = field.code(word)
            if code is None:
                return None
            codes.append(code)
        return codes


class Schema:
    """The record layouts of one program, by kind; a tag tells several of one kind apart (the first that fits)."""

    def __init__(self, layouts: Mapping[int, Sequence[Layout]]) -> None:
        self._layouts = {kind: tuple(of_kind) for kind, of_kind in layouts.items()}
        self._tag = {kind: (len(of_kind) - 1).bit_length() for kind, of_kind in self._layouts.items()}

    @staticmethod
    def parse(program: bytes) -> tuple[Schema, bytes]:
        """The schema and the digest (SHA-256) of a program file. ValueError if the bytes declare no records."""
        try:
            records: list[dict[str, Any]] = json.loads(program)["records"]
            layouts: dict[int, list[Layout]] = {}
            for record in records:
                fields = tuple(Field(str(name), int(lo), int(hi)) for name, lo, hi in record["fields"])
                if len(fields) > WORDS or any(field.lo > field.hi for field in fields):
                    raise ValueError(f"record {record['name']} has too many fields or an empty interval")
                layouts.setdefault(int(record["kind"]), []).append(Layout(str(record["name"]), fields))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"not a program file: {error}") from error
        return Schema(layouts), hashlib.sha256(program).digest()

    def most_bits(self, address: int) -> int:
        """The greatest length of the record at an address in published bytes, its place included, in bits."""
        kind = kind_of(address)
        widths = [sum(field.width for field in layout.fields) for layout in self._layouts.get(kind, ())]
        return PLACE_BITS + 1 + self._tag.get(kind, 0) + max(widths, default=0)

    def write(self, out: BitWriter, address: int, words: Words) -> None:
        """Pack one record. A record that no declared layout can hold is our own failure (Broken)."""
        if not any(words):
            out.write(1, 1)
            return
        kind = kind_of(address)
        for tag, layout in enumerate(self._layouts.get(kind, ())):
            codes = layout.codes(words)
            if codes is None:
                continue
            out.write(0, 1)
            out.write(tag, self._tag[kind])
            for field, code in zip(layout.fields, codes, strict=True):
                out.write(code, field.width)
            return
        raise Broken(f"the record at address {address} fits no declared record of kind {kind}: {list(words)}")

    def read(self, source: BitReader, address: int) -> Words:
        """Unpack one record into eight centred words. Refuses whatever `write` would have written otherwise."""
        if source.read(1):
            return EMPTY
        kind = kind_of(address)
        layouts = self._layouts.get(kind, ())
        tag = source.read(self._tag.get(kind, 0))
        if tag >= len(layouts):
            raise BAD_DATA.reject(f"no record {tag} of kind {kind}")
        words = tuple(field.word(source.read(field.width)) for field in layouts[tag].fields)
        words += (0,) * (WORDS - len(words))
        if not any(words) or any(layout.codes(words) is not None for layout in layouts[:tag]):
            raise BAD_DATA.reject(f"the record at address {address} has a shorter form")
        return words

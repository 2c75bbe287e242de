"""Digests: 32 bytes, four field elements, each little-endian."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

from kedge._native import poseidon2

DIGEST_BYTES: Final = 32
"""Length of a digest."""

_WORDS: Final = Struct("<4Q")
_INPUT: Final = 16


def compute_digest(words: Sequence[int]) -> bytes:
    """H of at most sixteen words; missing ones are zero. `ValueError` when there are more or one is out of range."""
    return _WORDS.pack(*poseidon2([*words, *[0] * (_INPUT - len(words))]))


def digest_to_words(digest: bytes) -> tuple[int, int, int, int]:
    """The four field elements of a digest, each from 0 to p - 1."""
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"a digest is {DIGEST_BYTES} bytes, not {len(digest)}")
    first, second, third, fourth = _WORDS.unpack(digest)
    return first, second, third, fourth


def digest_to_hex(digest: bytes) -> str:
    """A digest as people read it: `0x` and 64 lower-case digits."""
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"a digest is {DIGEST_BYTES} bytes, not {len(digest)}")
    return "0x" + digest.hex()


def digest_from_hex(text: str) -> bytes:
    """The digest that `0x` and 64 digits spell; `ValueError` with the reason otherwise."""
    digits = text.removeprefix("0x")
    if len(digits) != 2 * DIGEST_BYTES or not digits.isascii() or not digits.isalnum():
        raise ValueError(f"a digest is 0x and {2 * DIGEST_BYTES} hexadecimal digits: {text[:80]!r}")
    return bytes.fromhex(digits)

"""The field of every constraint: Goldilocks, and the signed integers that stand for its elements."""

from __future__ import annotations

P = 2**64 - 2**32 + 1
HALF = (P - 1) // 2


def lift(element: int) -> int:
    """The signed integer of least absolute value that is congruent to `element` modulo P."""
    element %= P
    return element - P if element > HALF else element


def bits_for(largest: int) -> int:
    """The least b with `largest` < 2**b, for `largest` >= 0."""
    return largest.bit_length()

"""Words: integers with a static interval, and comparisons between them.

    a + b, a - b, a * b     a word; its interval is computed, and one that could leave the field is refused on the spot
    a < b, a == b, ...      a `Comparison`: for `require`, `guard`, `when` or `test`, which know its cheapest proof

A word never changes. A word whose interval has one element is that constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Union

from kedge.machine.field import HALF

Number = Union["Word", int]


class Algebra(Protocol):
    """What words need of the machine that they belong to; `kedge.machine.core.Machine` has it."""

    def word(self, value: object, /) -> Word: ...
    def add(self, a: Word, b: Word, /) -> Word: ...
    def sub(self, a: Word, b: Word, /) -> Word: ...
    def mul(self, a: Word, b: Word, /) -> Word: ...
    def negate(self, bit: Word, /) -> Word: ...
    def both(self, a: Word, b: Word, /) -> Word: ...
    def either(self, a: Word, b: Word, /) -> Word: ...
    def test(self, condition: Condition, /) -> Word: ...
    def merge(self, old: Word, new: Word, /) -> Word: ...


class IntervalError(Exception):
    """A rule's arithmetic could leave the field or a record's bounds: the rule is refused when it is defined."""


class Word:
    """A symbolic integer in [lo, hi]; `ref` is a graph node (tracing) or the value itself (oracle)."""

    __slots__ = ("hi", "lo", "m", "name", "ref")

    def __init__(self, m: Algebra, ref: int, lo: int, hi: int, name: str = "") -> None:
        if lo < -HALF or hi > HALF:
            raise IntervalError(f"{name or 'a word'} could reach [{lo}, {hi}], outside the field")
        self.m, self.ref, self.lo, self.hi, self.name = m, ref, lo, hi, name

    @property
    def constant(self) -> int | None:
        return self.lo if self.lo == self.hi else None

    @property
    def is_bit(self) -> bool:
        return self.lo >= 0 and self.hi <= 1

    def __repr__(self) -> str:
        return f"{self.name or 'word'}[{self.lo}, {self.hi}]"

    def __add__(self, other: Number) -> Word:
        return self.m.add(self, self.m.word(other))

    __radd__ = __add__

    def __sub__(self, other: Number) -> Word:
        return self.m.sub(self, self.m.word(other))

    def __rsub__(self, other: Number) -> Word:
        return self.m.sub(self.m.word(other), self)

    def __mul__(self, other: Number) -> Word:
        return self.m.mul(self, self.m.word(other))

    __rmul__ = __mul__

    def __neg__(self) -> Word:
        return self.m.sub(self.m.word(0), self)

    def __invert__(self) -> Word:
        """The other bit."""
        return self.m.negate(self)

    def __and__(self, other: Condition) -> Word:
        return self.m.both(self, self.m.test(other))

    def __or__(self, other: Condition) -> Word:
        return self.m.either(self, self.m.test(other))

    def __lt__(self, other: Number) -> Comparison:
        return Comparison("<", self, self.m.word(other))

    def __le__(self, other: Number) -> Comparison:
        return Comparison("<=", self, self.m.word(other))

    def __gt__(self, other: Number) -> Comparison:
        return Comparison("<", self.m.word(other), self)

    def __ge__(self, other: Number) -> Comparison:
        return Comparison("<=", self.m.word(other), self)

    def __eq__(self, other: object) -> Comparison:  # type: ignore[override]
        return Comparison("==", self, self.m.word(other))

    def __ne__(self, other: object) -> Comparison:  # type: ignore[override]
        return Comparison("!=", self, self.m.word(other))

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("a word has no truth of its own inside a step: use require, guard, when or test")


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """`left op right`, not yet proven or tested; op is one of < <= == !=."""

    op: str
    left: Word
    right: Word

    def __and__(self, other: Condition) -> Word:
        return self.left.m.test(self) & other

    def __or__(self, other: Condition) -> Word:
        return self.left.m.test(self) | other

    def __invert__(self) -> Comparison:
        if self.op in ("==", "!="):
            return Comparison("!=" if self.op == "==" else "==", self.left, self.right)
        return Comparison("<=" if self.op == "<" else "<", self.right, self.left)

    def __bool__(self) -> bool:
        raise TypeError("a comparison has no truth inside a step: use require, guard, when or test")


Condition = Word | Comparison

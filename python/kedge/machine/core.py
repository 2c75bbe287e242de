"""The machine that a step is written against.

A step never knows which reading it is in. `Machine` gives it words, conditions, records and gadgets; the two readings
(`Tracer`: graph and constraints, `Oracle`: plain integers) supply the primitives at the bottom of this class. Every
gadget is built from three of them only: advice, polynomial assertions and bus uses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kedge.machine.field import HALF
from kedge.machine.records import WORDS, Place, View
from kedge.machine.word import Condition, IntervalError, Number, Word


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the engine does when a claim does not hold: refuse with `code`, or (guard) try the next step."""

    code: int
    guard: bool = False


class Cursor:
    """The registers that travel from step to step; an assignment takes effect when the step ends."""

    def __init__(self, m: Machine, registers: dict[str, Word]) -> None:
        object.__setattr__(self, "_m", m)
        object.__setattr__(self, "_words", registers)

    @property
    def names(self) -> list[str]:
        """All registers, `time` and `phase` included."""
        return list(object.__getattribute__(self, "_words"))

    def __getattr__(self, name: str) -> Word:
        words: dict[str, Word] = object.__getattribute__(self, "_words")
        if name not in words:
            raise AttributeError(f"no register is called {name}")
        return words[name]

    def __setattr__(self, name: str, value: Number) -> None:
        m: Machine = object.__getattribute__(self, "_m")
        words: dict[str, Word] = object.__getattribute__(self, "_words")
        if name not in words or name == "time":
            raise AttributeError(f"no register is called {name}" if name != "time" else "time passes by itself")
        words[name] = m.merge(words[name], m.word(value))


class Machine(ABC):
    """Words, conditions, records and gadgets, the same in every reading."""

    cursor: Cursor

    def __init__(self) -> None:
        self._conditions: list[Word] = []

    # ---- words -----------------------------------------------------------------------------------------------------

    def word(self, value: object) -> Word:
        """`value` as a word; integers become constants."""
        if isinstance(value, Word):
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{value!r} is neither a word nor an integer")
        return Word(self, self._constant(value), value, value, str(value))

    def add(self, a: Word, b: Word) -> Word:
        return Word(self, self._add(a, b), a.lo + b.lo, a.hi + b.hi, f"({a.name} + {b.name})")

    def sub(self, a: Word, b: Word) -> Word:
        return Word(self, self._sub(a, b), a.lo - b.hi, a.hi - b.lo, f"({a.name} - {b.name})")

    def mul(self, a: Word, b: Word) -> Word:
        corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
        lo, hi, name = min(corners), max(corners), f"({a.name} * {b.name})"
        if lo < -HALF or hi > HALF:
            raise IntervalError(f"{name} could reach [{lo}, {hi}], outside the field")
        return Word(self, self._mul(a, b), lo, hi, name)

    def negate(self, bit: Word) -> Word:
        self._need_bit(bit)
        return self.sub(self.word(1), bit)

    def both(self, a: Word, b: Word) -> Word:
        self._need_bit(a, b)
        return self.mul(a, b)

    def either(self, a: Word, b: Word) -> Word:
        self._need_bit(a, b)
        return self.assume(a + b - a * b, 0, 1)

    def select(self, condition: Condition, yes: Number, no: Number) -> Word:
        """`yes` where the condition holds, else `no`."""
        bit, a, b = self.test(condition), self.word(yes), self.word(no)
        if bit.constant is not None:
            return a if bit.constant else b
        lo, hi = min(a.lo, b.lo), max(a.hi, b.hi)
        return Word(self, self._select(bit, a, b), lo, hi, f"({bit.name} ? {a.name} : {b.name})")

    def minimum(self, a: Number, b: Number) -> Word:
        """The lesser of two words."""
        x, y = self.word(a), self.word(b)
        return self.assume(self.select(x < y, x, y), min(x.lo, y.lo), min(x.hi, y.hi))

    def maximum(self, a: Number, b: Number) -> Word:
        """The greater of two words."""
        x, y = self.word(a), self.word(b)
        return self.assume(self.select(x < y, y, x), max(x.lo, y.lo), max(x.hi, y.hi))

    # ---- conditions ------------------------------------------------------------------------------------------------

    @contextmanager
    def when(self, condition: Condition) -> Iterator[Word]:
        """Within this block assignments, requirements and events count only where the condition holds."""
        bit = self.test(condition)
        self._conditions.append(self.commit(bit if not self._conditions else self.both(self._conditions[-1], bit)))
        try:
            yield self._conditions[-1]
        finally:
            self._conditions.pop()

    @property
    def condition(self) -> Word | None:
        """The bit of the innermost `when`, or None outside of any."""
        return self._conditions[-1] if self._conditions else None

    def merge(self, old: Word, new: Word) -> Word:
        """What an assignment of `new` over `old` leaves, given the `when` around it."""
        return new if self.condition is None else self.select(self.condition, new, old)

    def test(self, condition: Condition) -> Word:
        """The condition as a bit.

        Proves: the bit is 1 exactly where the condition holds. Prover may choose: nothing.
        """
        if isinstance(condition, Word):
            self._need_bit(condition)
            return condition
        a, b = condition.left, condition.right
        if condition.op == "==":
            return self._is_zero(a - b)
        if condition.op == "!=":
            return ~self._is_zero(a - b)
        if condition.op == "<=":
            return ~self._less(b, a)
        return self._less(a, b)

    def require(self, condition: Condition, code: int) -> None:
        """Refuse the whole transaction with `code` unless the condition holds."""
        self._demand(condition, Refusal(int(code)))

    def guard(self, condition: Condition) -> None:
        """This step applies only where the condition holds; otherwise the engine tries the phase's next step."""
        self._demand(condition, Refusal(0, guard=True))

    def narrow(self, x: Number, lo: int, hi: int, code: int) -> Word:
        """`x`, proven to lie in [lo, hi]; refused with `code` otherwise.

        Under a `when`, the bounds hold only where its condition does: use the result there only.
        """
        word, refusal = self.word(x), Refusal(int(code))
        if word.lo < lo:
            self._positive(word - lo, refusal, span=hi - lo)
        exact = word.lo < lo < hi and (hi - lo + 1).bit_count() == 1
        if word.hi > hi and not exact:
            self._positive(self.word(hi) - word, refusal, span=hi - lo)
        return self.assume(word, max(lo, word.lo), min(hi, word.hi))

    def _demand(self, condition: Condition, refusal: Refusal) -> None:
        if isinstance(condition, Word):
            self._need_bit(condition)
            self._zero_unless(self.word(1) - condition, refusal)
        elif condition.op == "==":
            self._zero_unless(condition.left - condition.right, refusal)
        elif condition.op == "!=":
            x = self.commit(condition.left - condition.right)
            (inverse,) = self._hint("inverse", [x], [], 1)
            self._zero_unless(self.unbounded(self._one_minus_product(x, inverse)), refusal)
        else:
            gap = condition.right - condition.left - (1 if condition.op == "<" else 0)
            self._positive(gap, refusal)

    def _zero_unless(self, x: Word, refusal: Refusal) -> None:
        bit = self.condition
        self._require(x.ref if bit is None else self._gate(bit, x), refusal)

    def _positive(self, gap: Word, refusal: Refusal, span: int | None = None) -> None:
        """Claim 0 <= gap. `span` bounds the check from above where the caller knows a tighter one."""
        top = gap.hi if span is None else min(gap.hi, span)
        if top < 0:
            raise IntervalError(f"{gap.name} is never positive: the claim cannot hold")
        bits = max(1, top.bit_length())
        if gap.lo < 0 and gap.lo + HALF * 2 + 1 <= 2**bits:
            raise IntervalError(f"{gap.name} is too wide for a range check of {bits} bits")
        self._range(gap, bits, refusal, self.condition)

    def _less(self, a: Word, b: Word) -> Word:
        """Assumes nothing. Proves bit = (a < b): the bit picks which of b-a-1 and a-b must not be negative."""
        if a.hi < b.lo:
            return self.word(1)
        if a.lo >= b.hi:
            return self.word(0)
        (bit,) = self._hint("less", [a, b], [], 1)
        self._boolean(bit)
        bit_word = Word(self, bit, 0, 1, f"{a.name} < {b.name}")
        gap = self.unbounded(self._select(bit_word, b - a - 1, a - b))
        bits = max(b.hi - a.lo - 1, a.hi - b.lo, 1).bit_length()
        if min(b.lo - a.hi - 1, a.lo - b.hi) + HALF * 2 + 1 <= 2**bits:
            raise IntervalError(f"{a.name} and {b.name} lie too far apart to be compared")
        self._range(Word(self, gap.ref, 0, 2**bits - 1, "gap"), bits, None, None)
        return bit_word

    def _is_zero(self, x: Word) -> Word:
        """Proves bit = (x == 0): if x != 0 then x*bit = 0 forces 0; if x = 0 then bit = 1 - x*inverse = 1."""
        if x.lo > 0 or x.hi < 0:
            return self.word(0)
        if x.constant == 0:
            return self.word(1)
        x = self.commit(x)
        (inverse,) = self._hint("inverse", [x], [], 1)
        bit = self.commit(Word(self, self._one_minus_product(x, inverse), 0, 1, f"{x.name} == 0"))
        self._require(self._gate(bit, x), None)
        return bit

    def _need_bit(self, *words: Word) -> None:
        for word in words:
            if not word.is_bit:
                raise IntervalError(f"{word!r} is not a bit")

    def assume(self, x: Word, lo: int, hi: int) -> Word:
        """`x` with a tighter interval that the caller has proven, or is about to prove."""
        return Word(self, x.ref, max(lo, x.lo), min(hi, x.hi), x.name)

    def unbounded(self, ref: int) -> Word:
        """A word without a useful interval, for assertions only."""
        return Word(self, ref, -HALF, HALF, "raw")

    # ---- what gadgets are built from -------------------------------------------------------------------------------

    def advise(self, fn: str, args: Sequence[Word], tops: Sequence[int], params: Sequence[int] = ()) -> list[Word]:
        """Witness values in [0, top] each, as *claimed*: nothing is proven until `check_range` and `check_equal`."""
        refs = self._hint(fn, args, params, len(tops))
        return [Word(self, ref, 0, top, f"{fn}.{i}") for i, (ref, top) in enumerate(zip(refs, tops, strict=True))]

    def check_range(self, x: Word) -> None:
        """Prove that an advised word lies in its interval [0, hi]."""
        if x.hi == 0:
            self._require(x.ref, None)
            return
        bits = x.hi.bit_length()
        self._range(x, bits, None, None)
        if (x.hi + 1).bit_count() != 1:
            self._range(self.word(x.hi) - x, bits, None, None)

    def check_equal(self, a: Word, b: Word) -> None:
        """Prove that two words are equal; with no refusal attached, for the inside of gadgets."""
        self._require((a - b).ref, None)

    # ---- records ---------------------------------------------------------------------------------------------------

    def read(self, place: Place, when: Condition | None = None, name: str = "") -> View:
        """The record at a place. Where `when` does not hold nothing is read and every field is 0."""
        return self._open(place, when, name, writable=False)

    def change(self, place: Place, when: Condition | None = None, name: str = "") -> View:
        """As `read`; assignments to its fields are the record's content after the step."""
        return self._open(place, when, name, writable=True)

    def _open(self, place: Place, when: Condition | None, name: str, writable: bool) -> View:
        enable = None if when is None else self.commit(self.test(when))
        label = name or place.record.__name__.lower()
        access, refs = self._access(place, enable, label)
        words = []
        for (field, bounds), ref in zip(place.record.fields.items(), refs, strict=False):
            lo, hi = (bounds.lo, bounds.hi) if enable is None else (min(0, bounds.lo), max(0, bounds.hi))
            words.append(Word(self, ref, lo, hi, f"{label}.{field}"))
        words += [self.word(0)] * (WORDS - len(words))
        view = View(self, place, access, words, writable)
        self._views.append(view)
        return view

    _views: list[View]

    # ---- primitives: one implementation per reading ----------------------------------------------------------------

    @abstractmethod
    def input(self, name: str) -> Word:
        """The transaction's argument of that name, range-checked by the engine and by the proof."""

    @abstractmethod
    def commit(self, x: Word) -> Word:
        """The same word as a column of its own, so that further products keep a low degree."""

    @abstractmethod
    def emit(self, event: str, **fields: Number) -> None:
        """Report an event where the `when` around it holds; events are receipts, not constraints."""

    @abstractmethod
    def find(self, index: str, group: Word, key: Word) -> Word:
        """Advice: the address of the last entry at or before `key` in the group, or 0. Prover may choose: anything."""

    @abstractmethod
    def insert(self, index: str, group: Word, key: Word, address: Word) -> None:
        """Enter an address into the advice index (never constrained), where the `when` around it holds."""

    @abstractmethod
    def remove(self, index: str, group: Word, key: Word, address: Word) -> None:
        """Take an address out of the advice index, where the `when` around it holds."""

    @abstractmethod
    def hash(self, words: Sequence[Number]) -> list[Word]:
        """The four-word Poseidon2 digest of sixteen words (with feed-forward)."""

    @abstractmethod
    def _constant(self, value: int) -> int: ...
    @abstractmethod
    def _add(self, a: Word, b: Word) -> int: ...
    @abstractmethod
    def _sub(self, a: Word, b: Word) -> int: ...
    @abstractmethod
    def _mul(self, a: Word, b: Word) -> int: ...
    @abstractmethod
    def _select(self, bit: Word, a: Word, b: Word) -> int: ...
    @abstractmethod
    def _gate(self, bit: Word, x: Word) -> int:
        """bit * x for an assertion: its degree may be one above that of a word."""

    @abstractmethod
    def _one_minus_product(self, a: Word, inverse: int) -> int: ...
    @abstractmethod
    def _hint(self, fn: str, args: Sequence[Word], params: Sequence[int], count: int) -> list[int]: ...
    @abstractmethod
    def _boolean(self, ref: int) -> None: ...
    @abstractmethod
    def _require(self, ref: int, refusal: Refusal | None) -> None:
        """Assert ref == 0. With no refusal a failure is a broken gadget, not a refused transaction."""

    @abstractmethod
    def _range(self, x: Word, bits: int, refusal: Refusal | None, enable: Word | None) -> None:
        """Assert x in [0, 2**bits) (where `enable` holds)."""

    @abstractmethod
    def _access(self, place: Place, enable: Word | None, label: str) -> tuple[int, list[int]]: ...

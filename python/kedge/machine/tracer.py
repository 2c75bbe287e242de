"""The tracing reading: a step becomes a table (columns, constraints, bus uses) and the list of moves that fills it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kedge.machine.core import Cursor, Machine, Refusal
from kedge.machine.field import HALF, bits_for
from kedge.machine.graph import MAX_DEGREE
from kedge.machine.records import WORDS, Field, Place, View
from kedge.machine.table import Table
from kedge.machine.word import IntervalError, Number, Word

SHALLOW = 9
"""Bus fields are re-read without sharing by the lookup argument: an expression larger than this gets a column."""


class Tracer(Machine):
    """Builds one step's table; `table` and `moves` are its result."""

    def __init__(
        self,
        name: str,
        inputs: dict[str, Field],
        registers: dict[str, Field],
        phases: Sequence[int],
        events: dict[str, tuple[str, ...]],
        indexes: Sequence[str],
    ) -> None:
        super().__init__()
        self.table = Table(name, "step", columns=["on"])
        self.graph = self.table.graph
        self.moves: list[dict[str, Any]] = []
        self._on = self.graph.column(0)
        self._require(self.graph.sub(self.graph.mul(self._on, self._on), self._on), None, "on is a bit")
        self._inputs, self._events, self._indexes = inputs, events, list(indexes)
        self._views: list[View] = []
        self._places: list[tuple[int, int, int, list[int]]] = []
        self._opened: dict[str, Word] = {}
        self._open_cursor(registers, phases)

    # ---- cursor ----------------------------------------------------------------------------------------------------

    def _open_cursor(self, registers: dict[str, Field], phases: Sequence[int]) -> None:
        """Idle finds every register 0, since the step that ends a transaction sends zeros: it needs no columns."""
        words: dict[str, Word] = {}
        for k, (name, bounds) in enumerate(registers.items()):
            if name == "phase" and len(phases) == 1:
                words[name] = self.word(phases[0])
            elif name != "time" and list(phases) == [0]:
                words[name] = self.word(0)
            else:
                column = self._column(name)
                self.moves.append({"do": "register", "index": k, "col": column})
                words[name] = Word(self, self.graph.column(column), bounds.lo, bounds.hi, name)
        self.cursor = Cursor(self, words)
        self._registers, self._current = registers, words
        self._bus("cursor", -1, self._on, [w.ref for w in words.values()])
        if len(phases) > 1:
            self.guard(self._phase_is(words["phase"], phases))

    def _phase_is(self, phase: Word, phases: Sequence[int]) -> Word:
        bit: Word = self.test(phase == phases[0])
        for number in phases[1:]:
            bit = bit | (phase == number)
        return bit

    def close(self) -> None:
        """End the step: write what changed, move time on by one, hand the cursor over."""
        now = self._current["time"]
        for view, (access, address, enable, old) in zip(self._views, self._places, strict=True):
            final = [self._field(w) for w in view.final_words()]
            if final != old:
                self.moves.append({"do": "write", "access": access, "words": final})
            self._bus("memory", 1, enable, [address, now.ref, *final])
        leaving = []
        for name, bounds in self._registers.items():
            word = self._current[name] + 1 if name == "time" else self._current[name]
            if name != "time" and (word.lo < bounds.lo or word.hi > bounds.hi):
                raise IntervalError(f"{self.table.name}: register {name} could become {word!r}: narrow it")
            leaving.append(self._field(word))
        self.moves.append({"do": "next", "registers": leaving})
        self._bus("cursor", 1, self._on, leaving)

    # ---- arithmetic ------------------------------------------------------------------------------------------------

    def _constant(self, value: int) -> int:
        return self.graph.mul(self.graph.scalar(value), self._on)

    def _add(self, a: Word, b: Word) -> int:
        return self.graph.add(a.ref, b.ref)

    def _sub(self, a: Word, b: Word) -> int:
        return self.graph.sub(a.ref, b.ref)

    def _mul(self, a: Word, b: Word) -> int:
        for x, y in ((a, b), (b, a)):
            if x.constant is not None:
                return self.graph.mul(self.graph.scalar(x.constant), y.ref)
        low = [self._lowered(w, 1) for w in (a, b)]
        return self.graph.mul(low[0], low[1])

    def _select(self, bit: Word, a: Word, b: Word) -> int:
        flag, x, y = (self._lowered(w, 1) for w in (bit, a, b))
        return self.graph.add(y, self.graph.mul(flag, self.graph.sub(x, y)))

    def _gate(self, bit: Word, x: Word) -> int:
        return self.graph.mul(self._lowered(bit, 1), self._lowered(x, MAX_DEGREE - 1))

    def _one_minus_product(self, a: Word, inverse: int) -> int:
        return self.graph.sub(self._on, self.graph.mul(self._lowered(a, 1), inverse))

    def _lowered(self, x: Word, degree: int) -> int:
        return x.ref if self.graph.degrees[x.ref] <= degree else self.commit(x).ref

    def commit(self, x: Word) -> Word:
        if self.graph.degrees[x.ref] <= 1:
            return x
        return Word(self, self._commit(x.ref, x.name), x.lo, x.hi, x.name)

    def _commit(self, node: int, name: str) -> int:
        known = self._opened.get(str(node))
        if known is None:
            column = self._column(name)
            self.moves.append({"do": "commit", "node": node, "col": column})
            ref = self.graph.column(column)
            self._require(self.graph.sub(ref, node), None, f"{self.table.columns[column]} is what it names")
            known = self._opened[str(node)] = Word(self, ref, -HALF, HALF, name)
        return known.ref

    def _field(self, x: Word) -> int:
        """A node fit for a bus: linear and shallow."""
        shallow = self.graph.degrees[x.ref] <= 1 and self.graph.sizes[x.ref] <= SHALLOW
        return x.ref if shallow else self._commit(x.ref, x.name)

    def _column(self, name: str) -> int:
        short = name if len(name) <= 40 else f"t{len(self.table.columns)}"
        if short in self.table.columns:
            short = f"{short} #{len(self.table.columns)}"
        self.table.columns.append(short)
        return len(self.table.columns) - 1

    # ---- primitives ------------------------------------------------------------------------------------------------

    def input(self, name: str) -> Word:
        if name not in self._opened:
            bounds, column = self._inputs[name], self._column(name)
            self.moves.append({"do": "input", "index": list(self._inputs).index(name), "col": column})
            raw = Word(self, self.graph.column(column), bounds.lo, bounds.hi, name)
            if bounds.lo > -HALF or bounds.hi < HALF:
                self._bound_input(raw)
            self._opened[name] = raw
        return self._opened[name]

    def _bound_input(self, x: Word) -> None:
        """The engine has refused a malformed argument already; the proof must not take the prover's word for it."""
        span = x.hi - x.lo
        self._range(x - x.lo, max(1, bits_for(span)), None, None)
        if span == 0 or (span + 1).bit_count() != 1:
            self._range(self.word(x.hi) - x, max(1, bits_for(span)), None, None)

    def _hint(self, fn: str, args: Sequence[Word], params: Sequence[int], count: int) -> list[int]:
        columns = [self._column(f"{fn}({', '.join(a.name for a in args)}).{i}") for i in range(count)]
        move = {"do": "hint", "fn": fn, "args": [a.ref for a in args], "params": list(params), "cols": columns}
        self.moves.append(move)
        return [self.graph.column(c) for c in columns]

    def _boolean(self, ref: int) -> None:
        self._require(self.graph.mul(ref, self.graph.sub(self._on, ref)), None, "a hinted bit is a bit")

    def _require(self, ref: int, refusal: Refusal | None, label: str = "") -> None:
        if self.graph.degrees[ref] > MAX_DEGREE:
            raise IntervalError(f"{self.table.name}: a constraint of degree {self.graph.degrees[ref]}")
        if refusal is not None:
            move = (
                {"do": "guard", "node": ref} if refusal.guard else {"do": "require", "node": ref, "code": refusal.code}
            )
            self.moves.append(move)
        self.table.assert_zero(label or self._label(refusal), ref)

    @staticmethod
    def _label(refusal: Refusal | None) -> str:
        if refusal is None:
            return "gadget"
        return "guard" if refusal.guard else f"require {refusal.code}"

    def _range(self, x: Word, bits: int, refusal: Refusal | None, enable: Word | None) -> None:
        """Limbs of 16 bits; a last limb of r < 16 bits is looked up a second time, shifted up by 16 - r."""
        node = self._lowered(x, 1)
        count = self._count(enable)
        if refusal is not None:
            gate = None if enable is None else count
            code = {"bits": bits, "code": refusal.code, "guard": refusal.guard, "enable": gate}
            self.moves.append({"do": "range", "node": node, **code})
        widths = [16] * (bits // 16) + ([bits % 16] if bits % 16 else [])
        limbs = self._limbs(node, widths, x.name)
        for limb in limbs:
            self._bus("range16", 1, count, [limb])
        if widths[-1] < 16:
            shifted = self.graph.mul(self.graph.scalar(1 << (16 - widths[-1])), limbs[-1])
            self._bus("range16", 1, count, [shifted])

    def _limbs(self, node: int, widths: list[int], name: str) -> list[int]:
        """All limbs but the lowest get a column; the lowest is what remains of the word."""
        if len(widths) == 1:
            return [node]
        lowest, upper = node, []
        for i, width in enumerate(widths[1:], start=1):
            column = self._column(f"{name} limb {i}")
            self.moves.append({"do": "hint", "fn": "and", "args": [node], "params": [16 * i, width], "cols": [column]})
            upper.append(self.graph.column(column))
            lowest = self.graph.sub(lowest, self.graph.mul(self.graph.scalar(1 << 16 * i), upper[-1]))
        return [lowest, *upper]

    def _access(self, place: Place, enable: Word | None, label: str) -> tuple[int, list[int]]:
        address = self._field(self.word(place.address))
        count = self._count(enable)
        columns = [self._column(f"{label}.{field}") for field in place.record.fields]
        seen = self._column(f"{label} seen")
        gate = None if enable is None else count
        move = {"do": "read", "address": address, "enable": gate, "words": columns, "seen": seen}
        self.moves.append(move)
        words = [self.graph.column(c) for c in columns]
        if enable is not None:
            for word in words:
                off = self.graph.sub(self._on, count)
                self._require(self.graph.mul(off, word), None, f"{label} is zero where it is not read")
        padded = words + [self.graph.scalar(0)] * (WORDS - len(words))
        then = self.graph.column(seen)
        self._bus("memory", -1, count, [address, then, *padded])
        now = self._current["time"].ref
        self._bus("range16", 1, count, [self.graph.sub(self.graph.sub(now, then), self._on)])
        access = len(self._places)
        self._places.append((access, address, count, padded))
        return access, words

    def hash(self, words: Sequence[Number]) -> list[Word]:
        inputs = [self._field(self.word(w)) for w in words]
        columns = [self._column(f"digest.{i}") for i in range(4)]
        self.moves.append({"do": "hash", "input": inputs, "cols": columns})
        digest = [self.graph.column(c) for c in columns]
        self._bus("poseidon2", 1, self._on, [*inputs, *digest])
        return [Word(self, ref, -HALF, HALF, "digest") for ref in digest]

    def find(self, index: str, group: Word, key: Word) -> Word:
        column = self._column(f"{index} place")
        where = {"index": self._indexes.index(index), "group": group.ref, "key": key.ref}
        self.moves.append({"do": "find", **where, "col": column})
        return Word(self, self.graph.column(column), 0, 2**37 - 1, f"{index} place")

    def insert(self, index: str, group: Word, key: Word, address: Word) -> None:
        self._touch("insert", index, group, key, address)

    def remove(self, index: str, group: Word, key: Word, address: Word) -> None:
        self._touch("remove", index, group, key, address)

    def _touch(self, do: str, index: str, group: Word, key: Word, address: Word) -> None:
        where = {"index": self._indexes.index(index), "group": group.ref, "key": key.ref, "address": address.ref}
        self.moves.append({"do": do, **where, "enable": self._enable()})

    def emit(self, event: str, **fields: Number) -> None:
        names = self._events[event]
        if tuple(fields) != names:
            raise IntervalError(f"event {event} has the fields {names}, not {tuple(fields)}")
        values = [self.word(v).ref for v in fields.values()]
        number = list(self._events).index(event)
        self.moves.append({"do": "emit", "event": number, "enable": self._enable(), "fields": values})

    def _enable(self) -> int | None:
        return None if self.condition is None else self.condition.ref

    def _count(self, enable: Word | None) -> int:
        """How often a row uses a bus: proven 0 or 1, and 0 where `on` is 0.

        A bit from memory or from an argument is bound only where the row is on; were it free in a padding row, that
        row could put what it likes on a bus, a negative number of times, and so provide a false lookup.
        """
        if enable is None:
            return self._on
        count = self._lowered(enable, 1)
        self._boolean(count)
        return count

    def _bus(self, bus: str, sign: int, count: int, fields: list[int], weight: int = 1) -> None:
        self.table.use(bus, sign, count, fields, weight)

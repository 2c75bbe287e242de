"""The plain-integer reading: slow, obvious, and what the native engine is tested against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kedge.machine.core import Cursor, Machine, Refusal
from kedge.machine.field import P, lift
from kedge.machine.hints import HINTS
from kedge.machine.records import WORDS, Place, View
from kedge.machine.ruleset import ALIASED, MALFORMED, STUCK, TOO_LONG, RuleSet, Step
from kedge.machine.word import IntervalError, Number, Word
from kedge.units.errors import Broken

Digest = Callable[[list[int]], list[int]]
Event = tuple[str, list[int]]
Entry = tuple[int, int, int]


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


@dataclass
class World:
    """Everything that a step may change; copied per transaction so that a refusal leaves no trace."""

    records: dict[int, list[int]] = field(default_factory=dict)
    entries: dict[tuple[str, int], list[Entry]] = field(default_factory=dict)
    arrivals: int = 0

    def copy(self) -> World:
        entries = {k: list(v) for k, v in self.entries.items()}
        return World(dict(self.records), entries, self.arrivals)


class Oracle(Machine):
    """One run of one step on integers; a word's `ref` is its value, checked against its interval."""

    def __init__(
        self, rules: RuleSet, step: Step, world: World, cursor: dict[str, int], args: Sequence[int], digest: Digest
    ):
        super().__init__()
        self._world, self._digest, self._rules = world, digest, rules
        self._args = dict(zip(step.inputs, args, strict=True)) if step.inputs else {}
        self._inputs = step.inputs
        self._views: list[View] = []
        self._opened: list[int | None] = []
        self.events: list[Event] = []
        words = {n: Word(self, cursor[n], b.lo, b.hi, n) for n, b in rules.registers.items()}
        self.cursor, self._current = Cursor(self, words), words

    def close(self) -> dict[str, int]:
        """Write the changed records and return the registers for the next step."""
        for view, address in zip(self._views, self._opened, strict=True):
            if address is not None:
                self._world.records[address] = [w.ref for w in view.final_words()]
        leaving = {name: word.ref for name, word in self._current.items()}
        leaving["time"] += 1
        return leaving

    def _word_value(self, x: Word) -> int:
        if not x.lo <= x.ref <= x.hi:
            raise Broken(f"{x!r} holds {x.ref}")
        return x.ref

    def _constant(self, value: int) -> int:
        return value

    def _add(self, a: Word, b: Word) -> int:
        return self._word_value(a) + self._word_value(b)

    def _sub(self, a: Word, b: Word) -> int:
        return self._word_value(a) - self._word_value(b)

    def _mul(self, a: Word, b: Word) -> int:
        return self._word_value(a) * self._word_value(b)

    def _select(self, bit: Word, a: Word, b: Word) -> int:
        return a.ref if bit.ref else b.ref

    def _gate(self, bit: Word, x: Word) -> int:
        return lift(bit.ref * x.ref)

    def _one_minus_product(self, a: Word, inverse: int) -> int:
        return lift(1 - a.ref * inverse)

    def commit(self, x: Word) -> Word:
        return x

    def input(self, name: str) -> Word:
        bounds = self._inputs[name]
        return Word(self, self._args[name], bounds.lo, bounds.hi, name)

    def _hint(self, fn: str, args: Sequence[Word], params: Sequence[int], count: int) -> list[int]:
        return HINTS[fn]([a.ref for a in args], params)

    def _boolean(self, ref: int) -> None:
        if ref not in (0, 1):
            raise Broken(f"a hinted bit is {ref}")

    def _require(self, ref: int, refusal: Refusal | None) -> None:
        if ref % P:
            self._fail(refusal)

    def _range(self, x: Word, bits: int, refusal: Refusal | None, enable: Word | None) -> None:
        if (enable is None or enable.ref) and not 0 <= lift(x.ref) < 1 << bits:
            self._fail(refusal)

    def _fail(self, refusal: Refusal | None) -> None:
        if refusal is None:
            raise Broken("a gadget's own claim does not hold")
        raise _Refused(refusal)

    def _access(self, place: Place, enable: Word | None, label: str) -> tuple[int, list[int]]:
        on = enable is None or bool(enable.ref)
        address = self.word(place.address).ref
        if on and address in self._opened:
            raise _Refused(Refusal(ALIASED))
        self._opened.append(address if on else None)
        words = self._world.records.get(address, [0] * WORDS) if on else [0] * WORDS
        return len(self._views), words[: len(place.record.fields)]

    def hash(self, words: Sequence[Number]) -> list[Word]:
        digest = self._digest([self.word(w).ref % P for w in words])
        return [Word(self, lift(d), -(P // 2), P // 2, "digest") for d in digest]

    def emit(self, event: str, **fields: Number) -> None:
        if tuple(fields) != self._rules.events[event]:
            raise IntervalError(f"event {event} has the fields {self._rules.events[event]}")
        if self.condition is None or self.condition.ref:
            self.events.append((event, [self.word(v).ref for v in fields.values()]))

    def find(self, index: str, group: Word, key: Word) -> Word:
        before = [e for e in self._world.entries.get((index, group.ref), []) if e[0] <= key.ref]
        return Word(self, max(before)[2] if before else 0, 0, 2**37 - 1, f"{index} place")

    def insert(self, index: str, group: Word, key: Word, address: Word) -> None:
        if self.condition is None or self.condition.ref:
            self._world.arrivals += 1
            entry = (key.ref, self._world.arrivals, address.ref)
            self._world.entries.setdefault((index, group.ref), []).append(entry)

    def remove(self, index: str, group: Word, key: Word, address: Word) -> None:
        if self.condition is None or self.condition.ref:
            kept = [e for e in self._world.entries[(index, group.ref)] if e[2] != address.ref]
            self._world.entries[(index, group.ref)] = kept


class OracleEngine:
    """Transactions on plain integers, with the same driver as the native engine: phases, candidates, refusal."""

    def __init__(self, rules: RuleSet, digest: Digest) -> None:
        self.rules, self.world, self._digest = rules, World(), digest
        self._time = 1

    def submit(self, name: str, args: Sequence[int]) -> tuple[int, list[Event], int]:
        """Run one transaction; returns (code, events, steps). A refused one changes nothing."""
        step = self.rules.steps.get(name)
        if step is None or 0 not in step.phases or len(args) != len(step.inputs):
            return MALFORMED, [], 0
        if any(not f.lo <= a <= f.hi for f, a in zip(step.inputs.values(), args, strict=True)):
            return MALFORMED, [], 0
        world = self.world.copy()
        try:
            events, steps = self._run(world, step, args)
        except _Refused as refused:
            return refused.refusal.code or STUCK, [], 0
        self.world, self._time = world, self._time + steps
        return 0, events, steps

    def _run(self, world: World, step: Step, args: Sequence[int]) -> tuple[list[Event], int]:
        cursor = dict.fromkeys(self.rules.registers, 0) | {"time": self._time}
        events, cursor = self._attempt(world, step, cursor, args)
        steps = 1
        while cursor["phase"]:
            if steps >= self.rules.limits.transaction_steps:
                raise _Refused(Refusal(TOO_LONG))
            more, cursor = self._next(world, cursor)
            events, steps = events + more, steps + 1
        return events, steps

    def _next(self, world: World, cursor: dict[str, int]) -> tuple[list[Event], dict[str, int]]:
        for candidate in self.rules.candidates(cursor["phase"]):
            try:
                return self._attempt(world, candidate, cursor, [])
            except _Refused as refused:
                if not refused.refusal.guard:
                    raise
        raise _Refused(Refusal(STUCK))

    def _attempt(
        self, world: World, step: Step, cursor: dict[str, int], args: Sequence[int]
    ) -> tuple[list[Event], dict[str, int]]:
        trial = world.copy()
        run = Oracle(self.rules, step, trial, cursor, args, self._digest)
        step.rule(run)
        leaving = run.close()
        world.records, world.entries, world.arrivals = trial.records, trial.entries, trial.arrivals
        return run.events, leaving

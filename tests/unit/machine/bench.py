"""A rule set of one step, to run a gadget on plain integers, on the native engine, and against its own constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum

from kedge._native import Engine, Program, check, poseidon2, survivors, traces
from kedge.machine import Field, Machine, OracleEngine, Record, RuleSet, Traced, Word, trace, unsigned

Number = Word | int
Gadget = Callable[..., Number | Sequence[Number]]


class Code(IntEnum):
    """Refusals of the bench."""

    NO = 16
    NEVER = 17


class Shelf(Record):
    """Two words, to read and write."""

    kind = 0
    left = unsigned(20)
    right = unsigned(10)


class Bench:
    """`gadget(m, *inputs)` gives the words to report; `inputs` are the bounds of its arguments."""

    def __init__(self, gadget: Gadget, *inputs: Field, outputs: int = 1) -> None:
        names = [f"x{i}" for i in range(len(inputs))]
        rules = RuleSet(
            "bench",
            1,
            registers={"kept": unsigned(8)},
            phases={"idle": []},
            records=[Shelf],
            events={"out": tuple(f"y{i}" for i in range(outputs))},
            codes=Code,
            indexes=[],
        )

        def probe(m: Machine) -> None:
            found = gadget(m, *(m.input(name) for name in names))
            values = [found] if isinstance(found, Word | int) else list(found)
            m.emit("out", **{f"y{i}": value for i, value in enumerate(values)})

        rules.step(phases=["idle"], **dict(zip(names, inputs, strict=True)))(probe)
        self.rules = rules
        self.traced: Traced = trace(rules)
        self.program = Program(self.traced.data)
        self.engine, self.oracle = Engine(self.program), OracleEngine(rules, poseidon2)

    def run(self, *args: int) -> list[int] | int:
        """What the gadget gave, or the code it refused with; both readings agree."""
        outcome = self.engine.submit("probe", args)
        assert self.oracle.submit("probe", args) == outcome
        return outcome[0] or outcome[1][0][1]

    def check(self) -> list[str]:
        """Close the chunk of all runs so far; reasons why its constraints do not hold."""
        sealed = self.engine.seal()
        return check(self.program, traces(self.program, sealed.witness), sealed.old_root, sealed.new_root)

    def free_cells(self) -> set[str]:
        """Close the chunk; columns of the step with a cell that could be anything."""
        witness = self.engine.seal().witness
        return {
            column
            for table, _, column, _ in survivors(self.program, witness, [1, 2**40 + 7], 10**6)
            if table == "probe"
        }

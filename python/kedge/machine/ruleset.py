"""Steps, phases and everything else that makes a rule set; tracing it gives the program.

rules = RuleSet("kedge", version=1, registers=..., phases=[...], records=[...], events=..., codes=Code, indexes=[...])

@rules.step(phases=["matching"])
def fill(m: Machine) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from kedge.machine.core import Machine
from kedge.machine.limits import Limits
from kedge.machine.records import Field, Record, unsigned

Rule = Callable[[Machine], None]
MALFORMED, ALIASED, STUCK, TOO_LONG, CHUNK_FULL, BROKEN, OVERSIZED = 1, 2, 3, 4, 5, 6, 7
ENGINE_CODES: dict[int, tuple[str, str]] = {
    MALFORMED: (
        "MALFORMED",
        "an argument is missing, superfluous or outside of its bounds, or no such transaction exists",
    ),
    ALIASED: ("ALIASED", "one step would open the same record twice"),
    STUCK: ("STUCK", "no step of the current phase applies"),
    TOO_LONG: ("TOO_LONG", "the transaction needs more steps than one transaction may take"),
    CHUNK_FULL: ("CHUNK_FULL", "the open chunk has no room for the transaction: it must be sealed first"),
    BROKEN: ("BROKEN", "the rules themselves failed: a record or the cursor is not what they keep it to; report this"),
    OVERSIZED: ("OVERSIZED", "no chunk has room for the transaction: it could not be proven or published; report this"),
}
"""Codes 1 to 15 belong to the engine; a rule set's own codes start at 16."""


@dataclass(frozen=True, slots=True)
class Step:
    """A rule with the phases it may run in and, for transactions (phase 0), its arguments in order."""

    name: str
    rule: Rule
    phases: tuple[int, ...]
    inputs: dict[str, Field]


@dataclass
class RuleSet:
    """`phases` maps each phase to the steps tried in it, in order; the first phase is idle and starts transactions.

    `messages` maps each event that a batch publishes beside the records to the bytes that it takes there.
    """

    name: str
    version: int
    registers: dict[str, Field]
    phases: dict[str, list[str]]
    records: Sequence[type[Record]]
    events: dict[str, tuple[str, ...]]
    codes: type[IntEnum]
    indexes: Sequence[str]
    messages: dict[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    steps: dict[str, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.registers = {"time": unsigned(17), "phase": Field(0, len(self.phases) - 1)} | self.registers

    def step(self, phases: Sequence[str], **inputs: Field) -> Callable[[Rule], Rule]:
        """Register a rule under its function's name."""
        numbers = tuple(list(self.phases).index(p) for p in phases)

        def register(rule: Rule) -> Rule:
            name = rule.__name__
            if name in self.steps:
                raise ValueError(f"two steps are called {name}")
            self.steps[name] = Step(name, rule, numbers, inputs)
            return rule

        return register

    def phase(self, name: str) -> int:
        return list(self.phases).index(name)

    def candidates(self, phase: int) -> list[Step]:
        """The steps tried in a phase, in order."""
        return [self.steps[name] for name in list(self.phases.values())[phase]]

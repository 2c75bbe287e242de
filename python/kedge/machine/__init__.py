"""The language of rules: one Python function, read as execution, as trace and as constraints.

Purpose: words with static intervals, conditions, records, gadgets, steps; a rule set is traced into one program.
Invariants: field arithmetic always equals integer arithmetic (an operation that could leave the field is refused when
the rule is defined); gadgets are built from advice, assertions of degree at most 3, and bus uses; no rule is known.
Surface: what `__all__` lists. `Machine` is what a rule is written against, `trace` makes the program, `OracleEngine` is
the plain-integer reading that the native engine is tested against.
"""

from kedge.machine.core import Machine
from kedge.machine.field import HALF, P, lift
from kedge.machine.gadgets import divide, isqrt, magnitude, mul_div, split
from kedge.machine.limits import BATCH_BYTES, BATCH_HEAD_BYTES, Limits
from kedge.machine.oracle import OracleEngine
from kedge.machine.program import Traced, trace
from kedge.machine.records import Field, Place, Record, View, address_of, kind_of, signed, unsigned
from kedge.machine.ruleset import ENGINE_CODES, RuleSet, Step
from kedge.machine.word import Comparison, Condition, IntervalError, Word

__all__ = [
    "BATCH_BYTES",
    "BATCH_HEAD_BYTES",
    "ENGINE_CODES",
    "HALF",
    "Comparison",
    "Condition",
    "Field",
    "IntervalError",
    "Limits",
    "Machine",
    "OracleEngine",
    "P",
    "Place",
    "Record",
    "RuleSet",
    "Step",
    "Traced",
    "View",
    "Word",
    "address_of",
    "divide",
    "isqrt",
    "kind_of",
    "lift",
    "magnitude",
    "mul_div",
    "signed",
    "split",
    "trace",
    "unsigned",
]

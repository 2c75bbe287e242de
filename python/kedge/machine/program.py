"""From rules to data: the program that the sequencer executes, the prover fills and the verifier checks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from kedge.machine.ruleset import ENGINE_CODES, RuleSet
from kedge.machine.table import Table
from kedge.machine.tables import machine_tables
from kedge.machine.tracer import Tracer

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Traced:
    """A traced rule set; `data` is the canonical program file and `digest` its identity (SHA-256)."""

    rules: RuleSet
    tables: list[Table]
    data: bytes

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.data).digest()


def trace(rules: RuleSet) -> Traced:
    """Trace every step once. Raises IntervalError if some rule could leave the field or a record's bounds."""
    tables: list[Table] = []
    steps: list[dict[str, Any]] = []
    for step in rules.steps.values():
        tracer = Tracer(step.name, step.inputs, rules.registers, step.phases, rules.events, rules.indexes)
        step.rule(tracer)
        tracer.close()
        inputs = [[name, f.lo, f.hi] for name, f in step.inputs.items()]
        steps.append({"name": step.name, "table": len(tables), "inputs": inputs, "run": tracer.moves})
        tables.append(tracer.table)
    tables += machine_tables(len(rules.registers))
    return Traced(rules, tables, _encode(rules, tables, steps))


def _encode(rules: RuleSet, tables: list[Table], steps: list[dict[str, Any]]) -> bytes:
    codes = [[number, name, text] for number, (name, text) in ENGINE_CODES.items()]
    codes += [[int(c), c.name, getattr(c, "text", "")] for c in rules.codes]
    program = {
        "format": FORMAT,
        "name": rules.name,
        "version": rules.version,
        "registers": list(rules.registers),
        "phases": [{"name": name, "steps": names} for name, names in rules.phases.items()],
        "records": [_record(r) for r in rules.records],
        "events": [{"name": name, "fields": list(fields)} for name, fields in rules.events.items()],
        "codes": codes,
        "indexes": list(rules.indexes),
        "limits": rules.limits.as_data(rules.messages),
        "tables": [table.as_data() for table in tables],
        "steps": steps,
    }
    return json.dumps(program, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _record(record: Any) -> dict[str, Any]:
    fields = [[name, f.lo, f.hi] for name, f in record.fields.items()]
    return {"name": record.__name__.lower(), "kind": record.kind, "fields": fields}

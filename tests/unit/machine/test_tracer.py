"""What tracing makes of the exchange's rules: tables that any padding satisfies, of bounded degree, always the same."""

from __future__ import annotations

import hashlib
import json

import pytest

from kedge.machine import P, Traced, trace
from kedge.machine.graph import MAX_DEGREE, Graph
from kedge.machine.table import Table
from kedge.rules import RECORDS, Order, program, rules

TABLES = {table.name: table for table in program().tables}
DYNAMIC = [name for name, table in TABLES.items() if table.graph.nodes]


def evaluate(graph: Graph, cells: list[int]) -> list[int]:
    """Every node's value on a row; fixed columns and public values are 0 as well."""
    values: list[int] = []
    for op, *rest in graph.nodes:
        if op in "+-*":
            a, b = (values[n] for n in rest)
            values.append((a + b if op == "+" else a - b if op == "-" else a * b) % P)
        else:
            values.append(rest[0] if op == "k" else cells[rest[0]] if op == "c" else 0)
    return values


@pytest.mark.parametrize("name", DYNAMIC)
def test_a_row_of_zeros_satisfies_every_constraint_and_uses_no_bus(name: str) -> None:
    table = TABLES[name]
    values = evaluate(table.graph, [0] * len(table.columns))
    assert [label for label, node in table.constraints if values[node]] == []
    assert [use["bus"] for use in table.buses if values[use["count"]]] == []


@pytest.mark.parametrize("name", DYNAMIC)
def test_degrees_are_bounded(name: str) -> None:
    table = TABLES[name]
    degrees: list[int] = []
    for op, *rest in table.graph.nodes:
        assert op not in "+-*" or max(rest) < len(degrees), "an operand comes before its use"
        a, b = (degrees[n] for n in rest) if op in "+-*" else (0, 0)
        degrees.append(a + b if op == "*" else max(a, b) if op in "+-" else int(op in "cp"))
    assert degrees == table.graph.degrees
    assert max(degrees[node] for _, node in table.constraints or [("", 0)]) <= MAX_DEGREE
    assert {degrees[node] for use in table.buses for node in use["fields"]} <= {0, 1}
    assert {degrees[use["count"]] for use in table.buses} == {1}


@pytest.mark.parametrize("name", DYNAMIC)
def test_every_column_is_read_by_a_constraint_or_a_bus(name: str) -> None:
    table = TABLES[name]
    used: set[int] = set()
    stack = [node for _, node in table.constraints]
    stack += [node for use in table.buses for node in (use["count"], *use["fields"])]
    while stack:
        op, *rest = table.graph.nodes[stack.pop()]
        if op in "+-*":
            stack += rest
        elif op == "c":
            used.add(rest[0])
    padding = {column for i, column in enumerate(table.columns) if i not in used}
    assert padding == set()
    assert len(set(table.columns)) == len(table.columns)


def test_the_same_rules_make_the_same_program() -> None:
    again = trace(rules)
    assert again.data == program().data
    assert again.digest == hashlib.sha256(program().data).digest()


def test_the_file_is_canonical() -> None:
    data = program().data
    assert json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() == data


def test_no_record_of_the_exchange_shares_the_kind_of_orders() -> None:
    """`rest` recognises an order by its address: no other record may ever lie at such a one."""
    assert [record.__name__ for record in RECORDS if record.kind % 8 == Order.kind] == ["Order"]
    assert len({record.kind for record in RECORDS}) == len(RECORDS)


def test_every_step_has_a_table_and_every_phase_its_steps() -> None:
    assert list(TABLES)[: len(rules.steps)] == list(rules.steps)
    for number, (phase, steps) in enumerate(rules.phases.items()):
        for step in steps:
            assert number in rules.steps[step].phases, f"{step} is tried in {phase} but cannot run there"


def test_a_table_that_is_not_traced_is_empty() -> None:
    assert [table.name for table in program().tables if not table.columns] == ["poseidon2"]
    assert isinstance(program(), Traced)
    assert all(isinstance(table, Table) for table in program().tables)

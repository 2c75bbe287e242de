"""Every column of every table is pinned: no cell of a valid trace changes without a constraint or a bus noticing."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from typing import Any, Final

import pytest

from kedge._native import survivors, witness_info
from kedge.machine import P
from kedge.rules import program
from tests.soundness.tour import Traces, tour

FREE: Final[dict[str, str]] = {
    "inverse": "an inverse of 0 may be anything: the bit is 1 - 0 * inverse = 1 whatever it is",
    "seen": "the time of an access that is not made: its count on the memory bus is 0",
    "limb": "a limb of a range check that is not asked for: its counts on the range bus are 0",
}
"""Why a cell may be free in some rows. Each claim is checked in every row where a cell turned out to be free."""

FREE_EVERYWHERE: Final[dict[str, str]] = {}
"""Columns that no row of the tour pins, with the reason: none."""

DELTAS = [1, 0x9E3779B97F4A7C15 % P]


@cache
def data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(program().data)
    return loaded


@cache
def rows() -> Traces:
    return tour().traces()


class Row:
    """Values of a step's nodes on one row."""

    def __init__(self, step: str, number: int) -> None:
        self.table = next(t for t in data()["tables"] if t["name"] == step)
        self.moves = next(s["run"] for s in data()["steps"] if s["name"] == step)
        self.cells = rows()[step][number]

    def value(self, node: int) -> int:
        op, *rest = self.table["nodes"][node]
        if op == "c":
            return self.cells[int(rest[0])]
        if op == "k":
            return int(rest[0])
        a, b = self.value(rest[0]), self.value(rest[1])
        return (a + b if op == "+" else a - b if op == "-" else a * b) % P

    def mentions(self, node: int, column: int) -> bool:
        op, *rest = self.table["nodes"][node]
        return rest[0] == column if op == "c" else op in "+-*" and any(self.mentions(n, column) for n in rest)

    def is_free(self, column: int) -> str:
        """The reason why a cell is free here, or nothing."""
        for move in self.moves:
            if move["do"] == "hint" and move["fn"] == "inverse" and column in move["cols"]:
                return "inverse" if self.value(move["args"][0]) == 0 else ""
            if move["do"] == "read" and move["seen"] == column:
                return "seen" if move["enable"] is not None and self.value(move["enable"]) == 0 else ""
        uses = [b for b in self.table["buses"] if any(self.mentions(f, column) for f in b["fields"])]
        ranges = uses and all(b["bus"] == "range16" and self.value(b["count"]) == 0 for b in uses)
        return "limb" if ranges else ""


def test_the_tour_runs_every_step_and_is_valid() -> None:
    from kedge._native import check

    info = witness_info(tour().program, tour().sealed.witness)
    assert set(info["steps"]) == {step["name"] for step in data()["steps"]}
    assert min(info["steps"].values()) >= 1
    assert check(tour().program, tour().traces(), tour().sealed.old_root, tour().sealed.new_root) == []


def test_every_cell_of_every_row_is_pinned_or_free_for_a_listed_reason() -> None:
    everything = max(witness_info(tour().program, tour().sealed.witness)["rows"].values())
    free: dict[tuple[str, str], set[int]] = defaultdict(set)
    reasons: set[str] = set()
    for table, row, column, _ in survivors(tour().program, tour().sealed.witness, DELTAS, everything):
        names = next(t["columns"] for t in data()["tables"] if t["name"] == table)
        reason = Row(table, row).is_free(names.index(column))
        assert reason in FREE, f"{table}, row {row}: {column} may be anything"
        reasons.add(reason)
        free[table, column].add(row)
    assert reasons == set(FREE), "a reason that no cell needs"
    used = witness_info(tour().program, tour().sealed.witness)["rows"]
    nowhere = {f"{table}.{column}" for (table, column), found in free.items() if len(found) == used[table]}
    assert nowhere == set(FREE_EVERYWHERE)


@pytest.mark.parametrize("table", [t["name"] for t in data()["tables"] if t["fill"] in ("step", "leaf", "node")])
def test_no_row_can_use_a_bus_unless_it_is_on(table: str) -> None:
    """Every count is `on`, or proven to be a bit that is 0 where `on` is 0: else padding rows could feed the buses."""
    traced = next(t for t in program().tables if t.name == table)
    graph, asserted = traced.graph, {node for _, node in traced.constraints}
    on = graph.column(0)
    assert traced.columns[0] == "on"
    assert graph.sub(graph.mul(on, on), on) in asserted
    for use in traced.buses:
        count = use["count"]
        assert count == on or graph.mul(count, graph.sub(on, count)) in asserted, f"{table}: {use['bus']}"
        assert (use["sign"], use["weight"]) in ((1, 1), (-1, 1))

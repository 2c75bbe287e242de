"""Sequencers that do not keep the rules: the honest program's tables, filled by another program's moves.

A dishonest prover may compute its columns as it likes; it cannot change the constraints. So a test changes the list of
moves of some steps (drops a refusal, writes another value), lets the native engine run that, and hands the rows to
`check` with the honest program, which must give a reason.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

from kedge._native import Engine, Program, Sealed, check, traces
from kedge.rules import program
from tests.unit.rules.venue import Venue, native_program

Moves = list[dict[str, Any]]


class Cheat:
    """The honest program's data, to be changed; tables may only grow by nodes that no constraint mentions."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = copy.deepcopy(_honest())

    def moves(self, step: str) -> Moves:
        return next(s["run"] for s in self.data["steps"] if s["name"] == step)

    def column(self, step: str, name: str) -> int:
        """Number of a column by its name, or by the only name that begins so."""
        names: list[str] = self._table(step)["columns"]
        found = [i for i, column in enumerate(names) if column == name] or [
            i for i, column in enumerate(names) if column.startswith(name)
        ]
        assert len(found) == 1, f"{name} is the name of {len(found)} columns of {step}"
        return found[0]

    def node(self, step: str, *node: Any) -> int:
        """A node of the step's table, added if it is new."""
        nodes: list[list[Any]] = self._table(step)["nodes"]
        if list(node) not in nodes:
            nodes.append(list(node))
        return nodes.index(list(node))

    def cell(self, step: str, name: str) -> int:
        """The node of a column."""
        return self.node(step, "c", self.column(step, name))

    def drop(self, step: str, unwanted: Callable[[dict[str, Any]], bool]) -> None:
        """Remove moves, at least one."""
        moves = self.moves(step)
        kept = [move for move in moves if not unwanted(move)]
        assert len(kept) < len(moves), f"no such move in {step}"
        moves[:] = kept

    def forgive(self, codes: Iterable[int]) -> None:
        """No step refuses with these codes any more."""
        wanted = set(codes)
        for step in self.data["steps"]:
            kept = [
                m
                for m in step["run"]
                if m["do"] not in ("require", "range") or m["code"] not in wanted or m.get("guard")
            ]
            step["run"] = kept

    def twist(self, step: str, column: str | int, value: Callable[[int], int]) -> None:
        """Commit another node to a column: `value` makes it from the honest one."""
        number = column if isinstance(column, int) else self.column(step, column)
        (move,) = [m for m in self.moves(step) if m["do"] == "commit" and m["col"] == number]
        move["node"] = value(move["node"])

    def hand_over(self, step: str, register: str, value: int) -> None:
        """Leave a node's value in a register when the step ends."""
        self.moves(step)[-1]["registers"][self.data["registers"].index(register)] = value

    def write(self, step: str, record: str, field: str, value: Callable[[int], int]) -> None:
        """Leave another word in a record that the step changes."""
        access, word = self._access(step, record, field)
        (move,) = [m for m in self.moves(step) if m["do"] == "write" and m["access"] == access]
        move["words"][word] = value(move["words"][word])

    def forget(self, step: str, record: str) -> None:
        """Do not write a record that the step changes."""
        access, _ = self._access(step, record, None)
        self.drop(step, lambda move: move["do"] == "write" and move["access"] == access)

    def emitted(self, step: str, event: str, field: str) -> int:
        """The column that an event's field reports."""
        number, described = next((i, e) for i, e in enumerate(self.data["events"]) if e["name"] == event)
        (move,) = [m for m in self.moves(step) if m["do"] == "emit" and m["event"] == number]
        kind, column = self._table(step)["nodes"][move["fields"][described["fields"].index(field)]]
        assert kind == "c"
        return int(column)

    def _access(self, step: str, record: str, field: str | None) -> tuple[int, int]:
        reads = [m for m in self.moves(step) if m["do"] == "read"]
        seen = self.column(step, f"{record} seen")
        access = next(i for i, move in enumerate(reads) if move["seen"] == seen)
        word = 0 if field is None else reads[access]["words"].index(self.column(step, f"{record}.{field}"))
        return access, word

    def build(self) -> Program:
        return Program(json.dumps(self.data, sort_keys=True, separators=(",", ":")).encode())

    def _table(self, step: str) -> dict[str, Any]:
        return next(t for t in self.data["tables"] if t["name"] == step)


def _honest() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(program().data)
    return data


def reasons(cheat: Program, sealed: Sealed) -> list[str]:
    """Why the honest program does not accept what the cheat's engine ran."""
    try:
        rows = traces(cheat, sealed.witness)
    except ValueError as error:  # a value that no lookup table holds: there is not even a trace
        return [str(error)]
    return check(native_program(), rows, sealed.old_root, sealed.new_root)


def cheating_venue(cheat: Program) -> Venue:
    """An open exchange that a cheat runs."""
    return Venue(oracle=False, native=cheat).open()


def take_over(cheat: Program, honest: Venue) -> Engine:
    """A cheat's engine on the state of an honest one, which begins a new chunk."""
    honest.seal()
    return Engine.restore(cheat, honest.engine.snapshot().replace(native_program().digest, cheat.digest))

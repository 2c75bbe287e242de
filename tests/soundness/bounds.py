"""The greatest transaction of a program, bounded from the program alone: whatever anybody sends costs no more.

A record that a step opens at a place made of steady registers (those that no later step of the transaction changes) is
one record however often the step runs. Everything else may be another record on every run. So a transaction touches at
most: what its first step opens, every steady place once, and the other places once a step.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kedge.batching import Schema
from kedge.machine.records import EXCHANGE_KINDS
from kedge.machine.tables import LEVELS

CLEARED = ["k", 0]


@dataclass(frozen=True, slots=True)
class Cost:
    """Leaves touched, permutations of the steps' own, bits of changed records, bytes of messages."""

    leaves: int = 0
    hashes: int = 0
    bits: int = 0
    messages: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.leaves + other.leaves,
            self.hashes + other.hashes,
            self.bits + other.bits,
            self.messages + other.messages,
        )

    def times(self, count: int) -> Cost:
        return Cost(self.leaves * count, self.hashes * count, self.bits * count, self.messages * count)

    def most(self, other: Cost) -> Cost:
        return Cost(
            max(self.leaves, other.leaves),
            max(self.hashes, other.hashes),
            max(self.bits, other.bits),
            max(self.messages, other.messages),
        )

    @property
    def permutations(self) -> int:
        """Each leaf with the whole path above it, and the root, before and after."""
        return 2 * (LEVELS * self.leaves + 1) + self.hashes

    @property
    def bytes(self) -> int:
        return -(-self.bits // 8) + self.messages


class Program:
    """A program file, with what its steps cost."""

    def __init__(self, data: bytes) -> None:
        self.data: dict[str, Any] = json.loads(data)
        self.schema, _ = Schema.parse(data)
        self.limits: dict[str, Any] = self.data["limits"]
        followed = {name for phase in self.data["phases"] for name in phase["steps"]}
        self.first = [step for step in self.data["steps"] if step["name"] not in followed]
        self.later = [step for step in self.data["steps"] if step["name"] in followed]
        self.kinds = {tuple(field[0] for field in r["fields"]): r["kind"] for r in self.data["records"]}
        names = range(len(self.data["registers"]))
        self.steady = {k for k in names if all(self._keeps(step, k) for step in self.later)}

    def transaction(self) -> Cost:
        """No transaction costs more than this."""
        first, steady, moving = Cost(), Cost(), Cost()
        for step in self.first:
            whole, own = self.cost(step)
            first = first.most(whole + own)
        for step in self.later:
            fixed, other = self.cost(step)
            steady, moving = steady + fixed, moving.most(other)
        return first + steady + moving.times(self.limits["transaction_steps"])

    def cost(self, step: dict[str, Any]) -> tuple[Cost, Cost]:
        """What a step costs at steady places, and what it costs at others and by itself."""
        table = self.data["tables"][step["table"]]
        written = {move["access"] for move in step["run"] if move["do"] == "write"}
        fixed, other = Cost(), Cost()
        for k, move in enumerate(move for move in step["run"] if move["do"] == "read"):
            cost = Cost(leaves=1, bits=self._bits(table, move) if k in written else 0)
            if self._is_steady(table, step, move["address"]):
                fixed += cost
            else:
                other += cost
        hashes = sum(use["bus"] == "poseidon2" for use in table["buses"])
        sizes = dict(self.limits["messages"])
        events = [self.data["events"][move["event"]]["name"] for move in step["run"] if move["do"] == "emit"]
        return fixed, other + Cost(hashes=hashes, messages=sum(sizes.get(event, 0) for event in events))

    def _bits(self, table: dict[str, Any], read: dict[str, Any]) -> int:
        """Of the record that an access opens, known by the names of its columns."""
        fields = tuple(table["columns"][c].split(" #")[0].split(".", 1)[1] for c in read["words"])
        kind = self.kinds[fields]
        account = 0 if kind >= EXCHANGE_KINDS else 2
        return self.schema.most_bits(account << 13 | kind % EXCHANGE_KINDS << 10)

    def _keeps(self, step: dict[str, Any], register: int) -> bool:
        """Whether a step hands a register on as it got it, or clears it."""
        table = self.data["tables"][step["table"]]
        node = table["nodes"][next(m for m in step["run"] if m["do"] == "next")["registers"][register]]
        own = [["c", move["col"]] for move in step["run"] if move["do"] == "register" and move["index"] == register]
        return node in own or node == CLEARED

    def _is_steady(self, table: dict[str, Any], step: dict[str, Any], node: int) -> bool:
        kind, *operands = table["nodes"][node]
        if kind == "c":
            filled = [move for move in step["run"] if move.get("col") == operands[0]]
            return operands[0] == 0 or any(self._fills_steadily(table, step, move) for move in filled)
        return kind == "k" or all(self._is_steady(table, step, operand) for operand in operands)

    def _fills_steadily(self, table: dict[str, Any], step: dict[str, Any], move: dict[str, Any]) -> bool:
        if move["do"] == "register":
            return move["index"] in self.steady
        return move["do"] == "commit" and self._is_steady(table, step, move["node"])

"""The constraint graph of one table: hash-consed polynomials over its columns, with their degrees.

Invariant of step, leaf and node tables: an all-zero row satisfies every constraint, because every additive constant is
multiplied by the column `on`. Padding rows are zero rows, so a table without a single real row proves too.
"""

from __future__ import annotations

from typing import Any

from kedge.machine.field import P

MAX_DEGREE = 3
"""Of a constraint. A word stays one below it, so that a condition can still gate it."""


class Graph:
    """Nodes in order of creation; a node's operands come before it."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Any, ...]] = []
        self.degrees: list[int] = []
        self.sizes: list[int] = []
        self._known: dict[tuple[Any, ...], int] = {}

    def _node(self, key: tuple[Any, ...], degree: int, size: int) -> int:
        if key not in self._known:
            self._known[key] = len(self.nodes)
            self.nodes.append(key)
            self.degrees.append(degree)
            self.sizes.append(size)
        return self._known[key]

    def column(self, index: int) -> int:
        return self._node(("c", index), 1, 1)

    def preprocessed(self, index: int) -> int:
        return self._node(("p", index), 1, 1)

    def public(self, index: int) -> int:
        return self._node(("u", index), 0, 1)

    def scalar(self, value: int) -> int:
        return self._node(("k", value % P), 0, 1)

    def value(self, node: int) -> int | None:
        """The scalar that a node is, if it is one."""
        op, *rest = self.nodes[node]
        return int(rest[0]) if op == "k" else None

    def add(self, a: int, b: int) -> int:
        if self.value(a) == 0:
            return b
        if self.value(b) == 0:
            return a
        return self._binary("+", min(a, b), max(a, b), max(self.degrees[a], self.degrees[b]))

    def sub(self, a: int, b: int) -> int:
        if self.value(b) == 0:
            return a
        return self.scalar(0) if a == b else self._binary("-", a, b, max(self.degrees[a], self.degrees[b]))

    def mul(self, a: int, b: int) -> int:
        for x, y in ((a, b), (b, a)):
            if self.value(x) == 0:
                return x
            if self.value(x) == 1:
                return y
        return self._binary("*", min(a, b), max(a, b), self.degrees[a] + self.degrees[b])

    def _binary(self, op: str, a: int, b: int, degree: int) -> int:
        return self._node((op, a, b), degree, self.sizes[a] + self.sizes[b] + 1)

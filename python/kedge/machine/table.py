"""One table of the proof: its columns, its constraint graph, its bus uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kedge.machine.graph import Graph


@dataclass
class Table:
    """`fill` tells the engine who writes the rows: a step, or one of the machine's own tables."""

    name: str
    fill: str
    columns: list[str] = field(default_factory=list)
    preprocessed: list[str] = field(default_factory=list)
    public: int = 0
    graph: Graph = field(default_factory=Graph)
    constraints: list[tuple[str, int]] = field(default_factory=list)
    buses: list[dict[str, Any]] = field(default_factory=list)

    def column(self, name: str) -> int:
        """The node of a column, added if it is new."""
        if name not in self.columns:
            self.columns.append(name)
        return self.graph.column(self.columns.index(name))

    def assert_zero(self, label: str, node: int) -> None:
        if self.graph.value(node) == 0:
            return
        if (label, node) not in self.constraints:
            self.constraints.append((label, node))

    def use(self, bus: str, sign: int, count: int, fields: list[int], weight: int = 1) -> None:
        """Send (+1) or receive (-1) `fields`, `count` times a row; weight 0 marks the providing side of a lookup."""
        self.buses.append({"bus": bus, "sign": sign, "count": count, "weight": weight, "fields": fields})

    def as_data(self) -> dict[str, Any]:
        """The table as the program file holds it."""
        return {
            "name": self.name,
            "fill": self.fill,
            "columns": self.columns,
            "preprocessed": self.preprocessed,
            "public": self.public,
            "nodes": [list(node) for node in self.graph.nodes],
            "constraints": [list(c) for c in self.constraints],
            "buses": self.buses,
        }

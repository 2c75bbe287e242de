"""A result as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kedge import __version__
from kedge.risk.montecarlo import Estimate
from kedge.risk.result import Cell, Result


def _value(cell: Cell) -> Any:
    """A cell as JSON has it: an estimate is its value and its standard error, two numbers."""
    return {"value": cell.value, "error": cell.error} if isinstance(cell, Estimate) else cell


def as_json(result: Result, inputs: Mapping[str, tuple[Any, str]]) -> dict[str, Any]:
    """The result as JSON: one object per row, keyed by column; units, inputs and curves beside it."""
    return {
        "kedge": __version__,
        "title": result.title,
        "inputs": {name: {"value": value, "from": origin} for name, (value, origin) in inputs.items()},
        "tables": [
            {
                "title": table.title,
                "units": {column.name: column.unit for column in table.columns},
                "rows": [
                    {column.name: _value(cell) for column, cell in zip(table.columns, row, strict=True)}
                    for row in table.rows
                ],
            }
            for table in result.tables
        ],
        "notes": list(result.notes),
        "figures": [asdict(figure) for figure in result.figures],
    }


def encode_json(result: Result, inputs: Mapping[str, tuple[Any, str]]) -> str:
    """The text of a file of it, indented."""
    return json.dumps(as_json(result, inputs), indent=1, default=str) + "\n"

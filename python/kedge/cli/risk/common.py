"""The frame of every risk command: where inputs come from, and a result as a table, as JSON and as a picture.

@risk.command()
def window(detect: Annotated[str, typer.Option(help="... [time]")] = "2s", config: Config = None, seed: Seed = 1,
           json_out: JsonOut = None, plot: PlotOut = None) -> None:
    from kedge.risk import ...        # heavy imports inside, so that `kedge --help` stays quick
    present(Result(...), json_out, plot)
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from kedge import __version__
from kedge.cli.options import check_target
from kedge.cli.output import Screen, styled

if TYPE_CHECKING:
    from kedge.risk import Cell, Column, Result, Table

_FRAME = {"config", "json_out", "plot", "toml"}
_PAGE = 132
"""Columns of a table that goes to a file or a pipe."""
_running: ContextVar[typer.Context] = ContextVar("running")
"""The running command; typer keeps its own copy of click's context private."""


def _read_config(context: typer.Context, file: Path | None) -> Path | None:
    """Make the values of a TOML file the defaults of this command; flags still win."""
    _running.set(context)
    if file is None:
        return None
    from kedge.risk import BAD_FILE, UNKNOWN_NAME

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BAD_FILE.reject(f"{file}: {error}") from error
    own = content.get(context.info_name or "", {key: v for key, v in content.items() if not isinstance(v, dict)})
    values = {key.replace("-", "_"): value for key, value in own.items()}
    known = {parameter.name for parameter in context.command.params} - _FRAME
    for key in values:
        if key not in known:
            raise UNKNOWN_NAME.reject(f"{file}: {key!r}; known: {', '.join(sorted(k for k in known if k))}")
    context.default_map = {**(context.default_map or {}), **values}
    return file


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        callback=_read_config,
        is_eager=True,
        help="TOML file with the same names as the flags, at its top or in a table named after the command.",
    ),
]
JsonOut = Annotated[
    Path | None,
    typer.Option("--json", callback=check_target, help="Also write inputs, tables and curves here as JSON."),
]
PlotOut = Annotated[
    Path | None, typer.Option("--plot", callback=check_target, help="Also draw the result here (.svg or .png).")
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the simulation; the same seed gives the same numbers.")]


def get_inputs() -> dict[str, tuple[Any, str]]:
    """Every input of the running command: its value, and where it came from (flag, file or example)."""
    context = _running.get()
    names = {"DEFAULT": "example", "DEFAULT_MAP": "file"}
    return {
        parameter.name: (
            context.params[parameter.name],
            names.get(getattr(context.get_parameter_source(parameter.name), "name", "DEFAULT"), "flag"),
        )
        for parameter in context.command.params
        if parameter.name and parameter.name in context.params and parameter.name not in _FRAME
    }


def _text(cell: Cell, column: Column) -> str:
    from kedge.risk import TIME, Estimate, units

    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and column.form == TIME:
        return units.show_time(cell)
    if isinstance(cell, float):
        return format(cell, column.form)
    if isinstance(cell, Estimate):
        return f"{cell.value:{column.form}} ± {cell.error:{column.form}}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _grid(table: Table) -> Grid:
    grid = Grid(title=table.title or None, title_justify="left", header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(table.columns):
        texts = all(isinstance(row[at], str) for row in table.rows)
        grid.add_column(column.heading, justify="left" if texts else "right", overflow="fold")
    for row in table.rows:
        grid.add_row(*(_text(cell, column) for cell, column in zip(row, table.columns, strict=True)))
    return grid


def _show(result: Result, inputs: Mapping[str, tuple[Any, str]]) -> None:
    screen = Screen(piped=_PAGE)
    screen.print(styled((result.title, "bold")))
    for source, words in (
        ("example", "Example inputs (not a calibration)"),
        ("file", "From the file"),
        ("record", "Fitted to the record"),
        ("flag", "Given"),
    ):
        given = [
            f"{name.replace('_', '-')} {' '.join(map(str, value)) if isinstance(value, list | tuple) else value}"
            for name, (value, origin) in inputs.items()
            if origin == source and value is not None and value not in ([], ())
        ]
        if given:
            screen.print(styled((f"{words}: {' · '.join(given)}", "dim")))
    for table in result.tables:
        screen.print(_grid(table))
    for note in result.notes:
        screen.print(f"- {note}")


def _value(cell: Cell) -> Any:
    """A cell as JSON has it: an estimate is its value and its standard error, two numbers."""
    from kedge.risk import Estimate

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


def present(result: Result, json_out: Path | None, plot: Path | None, *, quiet: bool = False) -> None:
    """Print the result unless `quiet`, then write it as JSON and draw it where that was asked."""
    inputs = {**get_inputs(), **{name: (value, "record") for name, value in result.fitted.items()}}
    if not quiet:
        _show(result, inputs)
    if json_out is not None:
        from kedge.show import write_file

        write_file(json_out, json.dumps(as_json(result, inputs), indent=1, default=str) + "\n")
    if plot is not None:
        from kedge.risk.views.plot import draw

        draw(result.title, result.figures, plot)

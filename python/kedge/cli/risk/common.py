"""The frame of every risk command: where inputs come from, and a result as a table, as JSON and as a picture.

@risk.command()
def window(detect: Annotated[str, typer.Option(help="... [time]")] = "2s", config: Config = None, seed: Seed = 1,
           json_out: JsonOut = None, plot: PlotOut = None) -> None:
    from kedge.risk.views.window import show_window    # heavy imports inside, so that `kedge --help` stays quick
    present(show_window(...), json_out, plot)
"""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kedge.cli.options import check_picture, check_target, keep_apart
from kedge.cli.risk.screen import show

if TYPE_CHECKING:
    from kedge.risk import Result

_FRAME = {"config", "json_out", "plot", "toml"}
_running: ContextVar[typer.Context] = ContextVar("running")
"""The running command; typer keeps its own copy of click's context private."""


def _read_config(context: typer.Context, file: Path | None) -> Path | None:
    """Make the values of a TOML file the defaults of this command; flags still win."""
    _running.set(context)
    if file is None:
        return None
    from kedge.risk import UNKNOWN_NAME
    from kedge.risk.recorded import read_tables

    content = read_tables(file)
    own = content.get(context.info_name or "")
    if not isinstance(own, dict):
        own = {key: value for key, value in content.items() if not isinstance(value, dict)}
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
    Path | None, typer.Option("--plot", callback=check_picture, help="Also draw the result here (.svg or .png).")
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


def get_files() -> list[Path]:
    """The files that the running command was given to read."""
    params = _running.get().params
    given = [value for name, value in params.items() if name not in ("json_out", "plot", "out")]
    return [
        item for value in given for item in (value if isinstance(value, list) else [value]) if isinstance(item, Path)
    ]


def present(result: Result, json_out: Path | None, plot: Path | None, *, quiet: bool = False) -> None:
    """Print the result unless `quiet`, then write it as JSON and draw it where that was asked; `Fault` where that would
    replace a file that the command read.
    """
    keep_apart((json_out, plot), get_files())
    inputs = {**get_inputs(), **{name: (value, "record") for name, value in result.fitted.items()}}
    if not quiet:
        show(result, inputs)
    if json_out is not None:
        from kedge.risk.views.as_json import encode_json
        from kedge.show import write_file

        write_file(json_out, encode_json(result, inputs))
    if plot is not None:
        from kedge.risk.views.plot import draw

        draw(result.title, result.figures, plot)

"""A measurement as a command runs it: in a folder that goes away, with a progress line, shown as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kedge.cli.output import Screen, progress

if TYPE_CHECKING:
    from kedge.lab import BenchRow, Measure, Population

TABLE_WIDTH = 150


def run(name: str, measure: Measure, data: Path, json_out: Path | None) -> list[BenchRow]:
    """Measure with a progress line; the rows are printed, and written where asked."""
    from kedge.lab import rows_table, working_folder, write_rows

    with working_folder(data, name) as folder, progress(name) as told:
        rows = measure(folder, lambda text, part: told(f"{name}: {text}", part))
    if json_out is not None:
        write_rows(rows, json_out)
    Screen(least=TABLE_WIDTH).print(rows_table(rows))
    return rows


def read_states(accounts: list[int], resting: list[int]) -> tuple[Population, ...]:
    """The states that two options ask for; refused as wrong usage if one cannot be made."""
    from kedge.lab import build_populations

    try:
        return build_populations(accounts, resting)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error

"""kedge measure: the ruler of settlement on recorded facts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.app import app
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

measure = typer.Typer(
    no_args_is_help=True, help="Measure settlement on records, ours or others', by one set of definitions."
)
app.add_typer(measure, name="measure")


@measure.callback()
def options() -> None:
    """Keep `receipts` a command of its own, however many there are."""


@measure.command()
def receipts(
    file: Annotated[
        Path,
        typer.Argument(
            help="L1 receipts as nodes, libraries, explorers and Dune write them (JSON, JSON lines, CSV, .gz too), "
            "or a bare list of blocks with times (CSV)."
        ),
    ],
    covered: Annotated[
        list[str] | None,
        typer.Option(help="Blocks FIRST-LAST of which the file holds every settlement; repeat it."),
    ] = None,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Anchoring interval, gas per anchor, proof and data submissions of every rollup in a file of L1 receipts.

    Receipts that settle nothing are counted by the reason, and so is what was not understood. A file of which nothing
    was understood is refused.
    """
    from kedge.risk.views.receipts import measure_file

    present(measure_file(file, _blocks(covered or [])), json_out, plot)


def _blocks(ranges: list[str]) -> list[int]:
    from kedge.risk import OUT_OF_DOMAIN

    blocks: list[int] = []
    for text in ranges:
        found = re.fullmatch(r"([0-9]{1,15})-([0-9]{1,15})", text)
        first, last = (int(found[1]), int(found[2])) if found else (0, -1)
        if not 0 <= last - first < 1_000_000:
            raise OUT_OF_DOMAIN.reject(f"covered = {text!r} is not a range FIRST-LAST of at most a million blocks")
        blocks.extend(range(first, last + 1))
    return blocks

"""kedge risk: the group that every analysis registers its command with."""

from __future__ import annotations

import typer

from kedge.cli.app import app

risk = typer.Typer(
    no_args_is_help=True,
    help="What a settlement window costs. Each command runs bare on a telling case (an example, not a calibration); "
    "flags and --config FILE.toml replace its inputs; --json and --plot keep the outcome.",
)
app.add_typer(risk, name="risk")

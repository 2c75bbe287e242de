"""kedge risk: the group that every analysis registers its command with."""

from __future__ import annotations

import warnings
from typing import Any

import typer
from typer.core import TyperGroup

from kedge.cli.app import app


class _Analyses(TyperGroup):
    """Inputs that each are possible can together overflow a formula: a refusal, not a mistake of ours."""

    def invoke(self, ctx: Any) -> Any:
        try:
            with warnings.catch_warnings():
                # what numpy warns of ends as a figure that is not finite, which a table refuses
                warnings.simplefilter("ignore", RuntimeWarning)
                return super().invoke(ctx)
        except ArithmeticError as error:
            from kedge.risk import OUT_OF_DOMAIN

            raise OUT_OF_DOMAIN.reject(f"these inputs are beyond what can be computed ({error})") from error


risk = typer.Typer(
    cls=_Analyses,
    no_args_is_help=True,
    help="What a settlement window costs. Each command runs bare on a telling case (an example, not a calibration); "
    "flags and --config FILE.toml replace its inputs; --json and --plot keep the outcome.",
)
app.add_typer(risk, name="risk")

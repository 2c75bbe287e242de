"""kedge proof: look into one proof file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.app import EXIT_REFUSED, app
from kedge.cli.output import say, say_json

proof = typer.Typer(no_args_is_help=True, help="Look into proof files.")
app.add_typer(proof, name="proof")


@proof.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A .proof file.")],
    program: Annotated[
        Path | None, typer.Option(help="The program to check it against; that of its directory.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a proof claims, whether it holds, and its security, term by term. Exit code 0 only if it holds."""
    from kedge.proving import MAX_PROGRAM_BYTES, inspect_proof
    from kedge.show import read_bounded

    facts = inspect_proof(file, read_bounded(program, MAX_PROGRAM_BYTES) if program is not None else None)
    if as_json:
        say_json(facts)
    else:
        for name, value in facts.items():
            if isinstance(value, list) and value and isinstance(value[0], tuple | list):
                say(f"{name}:")
                for item, figure in value:
                    say(f"    {item:<24} {figure:.1f}" if isinstance(figure, float) else f"    {item:<24} {figure}")
            else:
                say(f"{name}: {value}")
    if not facts["holds"]:
        raise typer.Exit(EXIT_REFUSED)

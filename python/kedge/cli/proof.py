"""kedge proof: look into one proof file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kedge.cli.app import EXIT_REFUSED, app

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
    from kedge.proving import inspect_proof

    facts = inspect_proof(file, program.read_bytes() if program is not None else None)
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
    else:
        console = Console(highlight=False)
        for name, value in facts.items():
            if isinstance(value, list) and value and isinstance(value[0], tuple | list):
                console.print(f"{name}:")
                for item, figure in value:
                    console.print(
                        f"    {item:<24} {figure:.1f}" if isinstance(figure, float) else f"    {item:<24} {figure}"
                    )
            else:
                console.print(f"{name}: {value}", soft_wrap=True)
    if not facts["holds"]:
        raise typer.Exit(EXIT_REFUSED)

"""kedge program: what the rules compile to, and what each costs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from kedge.cli.app import app
from kedge.cli.output import Screen, say, say_json
from kedge.units.errors import Rejected

program = typer.Typer(no_args_is_help=True, help="The rules as data: tables, constraints, buses, digest.")
app.add_typer(program, name="program")
NO_SUCH_TABLE = 801
"""The program has no table of that name."""


@program.command()
def show(
    table: Annotated[str | None, typer.Argument(help="A table (step) to look into; all tables without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the tables of this version's program with their columns, constraints and bus uses, or one table in full."""
    from kedge.rules import program as traced

    data = traced().tables
    chosen = [t for t in data if table in (None, t.name)]
    if not chosen:
        raise Rejected(NO_SUCH_TABLE, "NO_SUCH_TABLE", f"{table}; there are {', '.join(t.name for t in data)}")
    if as_json:
        facts = [t.as_data() for t in chosen]
        say_json({"digest": traced().digest.hex(), "tables": facts})
        return
    say(f"digest {traced().digest.hex()}, {len(traced().data):,} bytes")
    rows = Table("table", "columns", "constraints", "bus uses", box=None)
    for item in chosen:
        rows.add_row(item.name, str(len(item.columns) or "built in"), str(len(item.constraints)), str(len(item.buses)))
    Screen().print(rows)
    if table is not None:
        _describe(table)


def _describe(name: str) -> None:
    """Columns, labels of constraints and buses of one table, and the words of its rule."""
    from kedge.rules import program as traced
    from kedge.rules import rules

    item = next(t for t in traced().tables if t.name == name)
    if name in rules.steps:
        say(f"\n{(rules.steps[name].rule.__doc__ or '').strip()}\n")
    say("columns: " + ", ".join(item.columns))
    labels = sorted({label for label, _ in item.constraints})
    say("constraints: " + "; ".join(labels))
    uses = [f"{'send' if use['sign'] > 0 else 'receive'} {use['bus']}" for use in item.buses]
    say("buses: " + ", ".join(f"{use} x{uses.count(use)}" for use in dict.fromkeys(uses)))

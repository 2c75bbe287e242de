"""kedge status: how far a node has come, asked of it or read from its directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from kedge.cli.app import app
from kedge.cli.options import JsonOut
from kedge.cli.output import Screen, say

if TYPE_CHECKING:
    from kedge.node import Status


@app.command()
def status(
    data: Annotated[Path, typer.Option("--data", file_okay=False, help="Data directory of the node.")] = Path(
        "data/node"
    ),
    json_out: JsonOut = None,
) -> None:
    """Show heights, lags and the settlement window. Asks the node that runs on the directory; reads its files if none
    does.
    """
    from kedge.api import ask_status
    from kedge.node import read_status

    found = ask_status(data) or read_status(data)
    if json_out is not None:
        import msgspec

        from kedge.show import write_file

        write_file(json_out, msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    _show(found)


def _show(found: Status) -> None:
    if found.running:
        say("node      ", ("running", "green"))
    else:
        say("node      ", ("no node runs here", "yellow"), "; read from its files")
    say(f"program   {found.program}\nroot      {found.root}")
    table = Table("tier", "chunk", "transaction", "lag (s)", box=None)
    for tier, height in found.tiers.items():
        lag = "-" if height.lag is None else f"{height.lag:.1f}"
        table.add_row(tier, f"{height.chunk:,}", f"{height.transaction:,}", lag)
    Screen().print(table)
    if found.window is not None:
        say(f"settlement window {found.window:.1f} s")
    state = found.anchoring
    paused = ("(anchoring is paused)" if state.paused else "", "bold yellow")
    say(f"batches   {state.batches} made, {state.anchored} anchored, {state.final} final ", paused)
    if found.counts is not None:
        counts = found.counts
        say(f"counts    {counts.accepted:,} accepted, {counts.refused:,} refused, {counts.fills:,} fills")
    for trouble in filter(None, (found.trouble, state.trouble)):
        say(("waits", "bold red"), f"     {trouble}")
    say("proved off-chain: no contract has checked these proofs")

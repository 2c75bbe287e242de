"""kedge reconstruct: the whole state from L1 alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.app import app
from kedge.cli.ground import open_l1
from kedge.cli.options import check_target
from kedge.cli.output import say, working

Url = Annotated[str | None, typer.Option("--l1", help="RPC address of the L1.")]
Address = Annotated[str | None, typer.Option("--settlement", help="Address of the Settlement contract, 0x...")]
FirstBlock = Annotated[int, typer.Option(min=0, help="An L1 block up to the deployment.")]
Beacon = Annotated[str | None, typer.Option(help="Beacon node that serves the blobs; not for development chains.")]


@app.command()
def reconstruct(
    data: Annotated[
        Path | None, typer.Option("--data", file_okay=False, help="Data directory with a development chain.")
    ] = None,
    l1: Url = None,
    settlement: Address = None,
    first_block: FirstBlock = 0,
    beacon: Beacon = None,
    out: Annotated[
        Path | None, typer.Option(callback=check_target, help="Write the rebuilt records to this file as JSON.")
    ] = None,
) -> None:
    """Rebuild every record of the exchange from L1's contracts, logs and blobs, checking each claim on the way.

    With --data, only the development chain saved in that directory is read; the node may be running or gone.
    """
    with open_l1(data, l1, settlement, first_block, beacon) as source, working("reading L1"):
        state = source.rebuild()
    say(f"batches   {state.batches}, {state.published_bytes:,} bytes of published data")
    say(f"messages  {state.deposits} deposits, {len(state.withdrawals)} withdrawals")
    say(f"records   {len(state.records):,}")
    say(f"root      {state.root.hex()} ", ("(equals the contract's)", "green"))
    if out is not None:
        from kedge.show import write_file

        records = {str(address): list(words) for address, words in sorted(state.records.items())}
        write_file(out, json.dumps({"root": state.root.hex(), "records": records}, indent=1) + "\n")

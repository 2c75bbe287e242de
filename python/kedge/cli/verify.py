"""kedge verify: check proofs, roots and data, trusting nothing that a node remembers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.app import EXIT_REFUSED, app
from kedge.cli.ground import open_l1
from kedge.cli.options import JsonOut
from kedge.cli.output import say, working
from kedge.cli.reconstruct import Address, Beacon, FirstBlock

if TYPE_CHECKING:
    from kedge.batching import Reconstruction
    from kedge.proving import Verdict


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(help="The data directory to check.", exists=True, file_okay=False)],
    against_l1: Annotated[bool, typer.Option("--l1", help="Also rebuild the state from its L1 and compare.")] = False,
    url: Annotated[str | None, typer.Option(help="RPC address of that L1; else the saved development chain.")] = None,
    settlement: Address = None,
    first_block: FirstBlock = 0,
    beacon: Beacon = None,
    json_out: JsonOut = None,
) -> None:
    """Check a data directory: every proof against its program and roots, roots without a gap from the empty state to
    the last, and the records that each chunk changed against its roots. Exit code 0 only if all of it holds.

    Nothing of the node's memory is used, and nothing in the directory is trusted. Compare the program digest with the
    rules you mean: `kedge program show`.
    """
    from kedge.proving import verify_directory
    from kedge.rules import program

    with working("checking") as told:
        verdict = verify_directory(directory, watch=lambda done, of: told(f"checking chunk {done} of {of}"))
    own = program().digest.hex()
    say(f"program   {verdict.program} ({'this version' if verdict.program == own else 'ANOTHER version'})")
    say(f"chunks    {verdict.chunks}, {verdict.transactions} transactions")
    say(f"root      {verdict.last_root}")
    if verdict.proofs:
        bits = min(proof.bits_conjectured for proof in verdict.proofs)
        proven = min(proof.bits_proven for proof in verdict.proofs)
        say(f"proofs    {len(verdict.proofs)}, at least {bits:.1f} bits conjectured, {proven:.1f} proven")
    if against_l1:
        with open_l1(directory, url, settlement, first_block, beacon) as source, working("reading L1"):
            say(_compare(directory, source.rebuild(), verdict))
    for finding in verdict.findings:
        say((str(finding), "red"))
    if json_out is not None:
        from kedge.show import write_file

        write_file(json_out, json.dumps(verdict.as_dict(), indent=1) + "\n")
    if not verdict.holds:
        say(("does not hold", "bold red"), f": {len(verdict.findings)} findings")
        raise typer.Exit(EXIT_REFUSED)
    say(("holds", "bold green"), " (proved off-chain: no contract has checked these proofs)")


def _compare(directory: Path, state: Reconstruction, verdict: Verdict) -> str:
    """The last batch on L1 must end at the root of the chunk that it names; a line for the screen."""
    from kedge.proving import Reason
    from kedge.sequencer import DataDirectory, Ledger

    last = state.last.last_chunk if state.last else 0
    with Ledger(DataDirectory(directory)) as ledger:
        roots = {chunk.number: chunk.new_root for chunk in ledger.chunks()}
    if last and roots.get(last) != state.root:
        verdict.find(Reason.ROOT_GAP, last, f"L1 holds {state.root.hex()} after this chunk")
    return f"L1        {state.batches} batches rebuilt, up to chunk {last}, root {state.root.hex()}"

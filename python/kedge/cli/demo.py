"""kedge demo: the exchange runs and settles, on a development chain, in about a minute."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.app import EXIT_INTERRUPTED, app
from kedge.cli.folder import claim_folder
from kedge.cli.interrupt import orderly
from kedge.cli.options import DAY, Data
from kedge.cli.output import Screen, say


@app.command()
def demo(
    data: Data = Path("data/demo"),
    seconds: Annotated[float, typer.Option(min=1.0, max=DAY, help="Seconds over which the orders are spread.")] = 35.0,
    seed: Annotated[int | None, typer.Option(help="Seed of the order flow; the shipped one by default.")] = None,
) -> None:
    """Run everything once: deposits from L1, 2,400 orders in two markets, a crash with liquidations, proofs, blobs,
    anchoring with a pause (watch margin rise), withdrawals to L1, and the state rebuilt from L1 alone.

    The data directory of an earlier demo is replaced. Proofs are checked off-chain in this version.
    """
    from kedge.lab import Demo, FlowPlan
    from kedge.show import LiveView

    claim_folder(data, "demo")
    with LiveView(Screen()) as view:
        run = Demo(data, view, seconds, None if seed is None else FlowPlan(seed=seed))
        with orderly(run.stop):
            outcome = run.run(" ".join(["kedge", *sys.argv[1:]]))
        if not outcome.complete:
            say(f"stopped before the end; what was acknowledged is in {data}")
            raise typer.Exit(EXIT_INTERRUPTED)
        view.finish("Kedge demo", outcome.summary)
    say(f"report: {outcome.page}\ncheck the proofs yourself: kedge verify {data}")

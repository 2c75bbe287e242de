"""kedge replay: a recorded tape becomes orders, and its trades are settled."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from kedge.cli.app import EXIT_INTERRUPTED, app
from kedge.cli.folder import claim_folder
from kedge.cli.interrupt import orderly
from kedge.cli.options import Data


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A recorded tape (.csv.gz); formats: docs/guide/replay.md.")],
    data: Data = Path("data/replay"),
    fills: Annotated[Path | None, typer.Option(help="CSV of the fills; DATA/fills.csv by default.")] = None,
    trades: Annotated[int | None, typer.Option(min=1, help="Replay only this many trades.")] = None,
) -> None:
    """Turn each trade of a tape into a maker's and a taker's order, match, prove and anchor them.

    The fills equal the tape in count, order, price and size, or the replay stops and names the row. On a tape that
    falls by 15 % or more, leveraged accounts buy early from the tape and are liquidated on the way down. The fills are
    written as market, taker_side, price, size. The data directory of an earlier replay is replaced.
    """
    from kedge.lab import FillsWriter, Tape, TapeRun, scan_tape
    from kedge.show import LiveView

    with Progress(transient=True) as progress:
        task = progress.add_task("reading the tape", total=1.0)
        tape: Tape = scan_tape(file, limit=trades, progress=lambda part: progress.update(task, completed=part))
    claim_folder(data, "replay")
    path = fills or data / "fills.csv"
    with LiveView() as view, FillsWriter(path, tape.markets) as writer:
        run = TapeRun(data, tape, writer, view)
        with orderly(run.stop):
            outcome = run.run(" ".join(["kedge", *sys.argv[1:]]))
        if not outcome.complete:
            view.console.print("stopped before the end; what was acknowledged is in", str(data))
            raise typer.Exit(EXIT_INTERRUPTED)
        view.finish("Kedge replay", outcome.summary)
    typer.echo(f"fills: {path}\nreport: {outcome.page}\ncheck the proofs yourself: kedge verify {data}")

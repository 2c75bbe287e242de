"""kedge replay: a recorded tape becomes orders, and its trades are settled."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.app import EXIT_INTERRUPTED, app
from kedge.cli.folder import claim_folder
from kedge.cli.interrupt import orderly
from kedge.cli.options import Data, check_target, keep_apart
from kedge.cli.output import Screen, say, say_lines, working

if TYPE_CHECKING:
    from kedge.lab import Tape


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A recorded tape (.csv, .csv.gz, .zip); layouts: docs/guide/replay.md.")],
    data: Data = Path("data/replay"),
    fills: Annotated[
        Path | None, typer.Option(callback=check_target, help="CSV of the fills; DATA/fills.csv by default.")
    ] = None,
    trades: Annotated[int | None, typer.Option(min=1, help="Replay only this many trades.")] = None,
) -> None:
    """Turn each trade of a tape into a maker's and a taker's order, match, prove and anchor them.

    The fills equal the tape in count, order, price and size, or the replay stops and names the row. The exchange's
    clock, and with it funding and margin, follows the tape. Leveraged accounts enter early where the tape moves most
    and are liquidated where it moves against them. The fills are written as market, taker_side, price, size. The data
    directory of an earlier replay is replaced.
    """
    from kedge.lab import FillsWriter, Replay, TapeRun
    from kedge.show import LiveView

    stopped = threading.Event()
    with orderly(stopped.set):
        source = Replay(_scan(file, trades, stopped))
    path = fills or data / "fills.csv"
    keep_apart([path], [file])
    claim_folder(data, "replay", reads=file)
    with LiveView(Screen()) as view, FillsWriter(path, source.markets) as writer:
        source.on_fill = writer.write
        run = TapeRun(data, source, view)
        with orderly(run.stop):
            outcome = run.run(" ".join(["kedge", *sys.argv[1:]]))
        if not outcome.complete:
            say(f"stopped before the end; what was acknowledged is in {data}")
            raise typer.Exit(EXIT_INTERRUPTED)
        view.finish("Kedge replay", outcome.summary)
    say(f"fills: {path}\nreport: {outcome.page}\ncheck the proofs yourself: kedge verify {data}")


def _scan(file: Path, trades: int | None, stopped: threading.Event) -> Tape:
    """The tape, after everything that could stop its replay was looked for; what was assumed about it is said."""
    from kedge.lab import scan_tape

    with working("reading the tape") as tell:

        def told(rows: int) -> None:
            tell(f"reading the tape: {rows:,} rows")
            if stopped.is_set():
                raise typer.Exit(EXIT_INTERRUPTED)

        tape = scan_tape(file, limit=trades, progress=told)
    for note in tape.notes:
        say_lines(f"note: {note}")
    return tape

"""kedge bench: what proving, sequencing and settling cost on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.app import app
from kedge.cli.measuring import read_states, run
from kedge.cli.options import DAY, JsonOut
from kedge.cli.output import say

bench = typer.Typer(no_args_is_help=True, help="Measure this machine; every figure says where it comes from.")
app.add_typer(bench, name="bench")

Runs = Annotated[int, typer.Option(min=1, help="How often each figure is measured.")]
Data = Annotated[
    Path, typer.Option("--data", file_okay=False, help="Where working files go: the disk that is measured.")
]
Accounts = Annotated[
    list[int] | None,
    typer.Option(min=1, help="Measure only states of so many accounts, at most 1,000,000; may be repeated."),
]
Resting = Annotated[
    list[int] | None,
    typer.Option(min=1, help="Resting orders of each state; as many as accounts if not given; may be repeated."),
]
WORK = Path("data/bench")


@bench.command()
def prover(
    accounts: Accounts = None, resting: Resting = None, runs: Runs = 3, data: Data = WORK, json_out: JsonOut = None
) -> None:
    """Prove chunks of 250, 1,000 and 4,000 orders, resting only and mixed, then 1,000 mixed orders in states of 50,000,
    200 and 1,000,000 accounts: time_to_proof by stage, orders and cells per second, cells per order, memory.
    """
    from kedge.lab import CHUNK_SIZES, measure_prover

    sizes, populations = () if accounts or resting else CHUNK_SIZES, read_states(accounts or [], resting or [])
    run("prover", lambda at, told: measure_prover(at, runs, told, sizes, populations), data, json_out)


@bench.command()
def sequencer(runs: Runs = 3, data: Data = WORK, json_out: JsonOut = None) -> None:
    """Make orders durable on one core: orders per second, then acknowledgement p50 and p99 at half of that rate."""
    from kedge.lab import measure_sequencer

    run("sequencer", lambda at, told: measure_sequencer(at, runs, told), data, json_out)


@bench.command()
def river(
    runs: Runs = 1,
    seconds: Annotated[float, typer.Option(min=10.0, max=DAY, help="Seconds of each feed.")] = 60.0,
    data: Data = WORK,
    json_out: JsonOut = None,
) -> None:
    """Run a whole node with a development chain: settlement_throughput by tier, anchoring interval, gas, settlement
    window, bust_rate, memory.
    """
    from kedge.lab import measure_river

    run("river", lambda at, told: measure_river(at, runs, told, seconds), data, json_out)


@bench.command(name="all")
def everything(
    out: Annotated[Path, typer.Option(help="Folder for prover.json, sequencer.json, river.json, results.md.")],
    runs: Runs = 3,
    data: Data = WORK,
) -> None:
    """All three, one after the other, written as JSON and as one Markdown page."""
    from kedge.lab import measure_all

    page = measure_all(out, runs, lambda name, measure: run(name, measure, data, out / f"{name}.json"))
    say(f"written: {page}")

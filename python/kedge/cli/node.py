"""kedge node: an exchange that runs until it is stopped, and goes on where it stopped."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.app import app
from kedge.cli.ground import check_host, check_hosts, development_chain, outside_chain
from kedge.cli.interrupt import orderly
from kedge.cli.options import DAY, Data
from kedge.cli.output import log_plainly, say

L1Url = Annotated[str | None, typer.Option("--l1", help="RPC address of an L1; without it a development chain.")]
Contract = Annotated[str | None, typer.Option("--settlement", help="Address of the Settlement contract on that L1.")]
Deploy = Annotated[bool, typer.Option("--deploy", help="Deploy the contracts on that L1 first, for --token.")]
Token = Annotated[str | None, typer.Option(help="Address of the ERC-20 to deploy for.")]
Window = Annotated[int, typer.Option(min=1, help="Challenge window to deploy with, in seconds.")]
FirstBlock = Annotated[int, typer.Option(min=0, help="An L1 block up to the deployment, with --settlement.")]
Confirmations = Annotated[int, typer.Option(min=0, help="L1 blocks on a deposit before it is credited.")]
Markets = Annotated[Path | None, typer.Option(help="TOML file of markets to open (docs/guide/running-a-node.md).")]
Users = Annotated[int, typer.Option(min=0, max=1_000, help="Development chain: users who deposit at the first start.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port of the API; 0 takes any free one.")]
Host = Annotated[str, typer.Option(callback=check_host, help="Address to listen on. The API has no user keys yet.")]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(callback=check_hosts, help="A name besides --host under which clients reach this node; repeat it."),
]
Heartbeat = Annotated[
    float, typer.Option(min=1.0, max=DAY, help="Seconds between updates of the clock while nothing happens.")
]


@app.command()
def node(
    data: Data = Path("data/node"),
    l1: L1Url = None,
    settlement: Contract = None,
    deploy: Deploy = False,
    token: Token = None,
    challenge_window: Window = DAY,
    first_block: FirstBlock = 0,
    confirmations: Confirmations = 2,
    markets: Markets = None,
    users: Users = 4,
    port: Port = 0,
    host: Host = "127.0.0.1",
    allow_host: AllowHost = None,
    heartbeat: Heartbeat = 60.0,
) -> None:
    """Run an exchange until it is stopped: API, proofs, anchoring. A start in the same directory goes on where the last
    one ended, even after a crash.

    Without --l1 it settles on a development chain of its own, whose state is in the data directory. On an outside L1
    the operator's key comes from the environment variable KEDGE_OPERATOR_KEY. Ctrl-C stops in order, a second one gives
    up waiting. Proofs are checked off-chain in this version.
    """
    from kedge.api import SERVICE_OPTIONS, Service
    from kedge.node import load_markets
    from kedge.venue import EXAMPLES

    log_plainly("kedge")
    wanted = load_markets(data, markets, EXAMPLES if l1 is None else ())
    options, where = replace(SERVICE_OPTIONS, confirmations=confirmations), (host, port, heartbeat, allow_host or [])
    if l1 is None:
        ground = development_chain(data, users)
    else:
        ground = outside_chain(data, l1, settlement, token if deploy else None, challenge_window, first_block)
    with ground as (chain, watch), Service(data, chain, wanted, options, *where) as service:
        # Before this there is nothing to stop in order: an interrupt just ends the start.
        stop = threading.Event()
        with orderly(stop.set):
            say(f"listening on {service.server.url} (also in {service.folder / 'node.json'}); Ctrl-C stops")
            service.wait(stop, watch)

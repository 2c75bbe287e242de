"""kedge node: an exchange that runs until it is stopped, and goes on where it stopped."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.app import app
from kedge.cli.interrupt import orderly
from kedge.cli.options import Data
from kedge.cli.output import plain_handler, say

if TYPE_CHECKING:
    from kedge.api import Service
    from kedge.node import Devnet, Footing

KEY_VARIABLE = "KEDGE_OPERATOR_KEY"
STAKE = 1_000_000 * 10**6
DAY = 86_400

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
Host = Annotated[str, typer.Option(help="Address to listen on. The API has no user keys yet: think before opening it.")]
AllowHost = Annotated[
    list[str] | None, typer.Option(help="A name besides --host under which clients reach this node; repeat it.")
]
Heartbeat = Annotated[float, typer.Option(min=1.0, help="Seconds between updates of the clock while nothing happens.")]


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

    _log_plainly()
    options = replace(SERVICE_OPTIONS, confirmations=confirmations)
    where = host, port, heartbeat, _names(allow_host or [])
    if l1 is None:
        wanted = load_markets(_made(data), markets, EXAMPLES)
        with (
            _development_chain(data, users) as devnet,
            Service(data, devnet, wanted, options, *where) as service,
        ):
            _serve(service, _reviver(devnet))
        return
    footing = _outside(data, l1, settlement, token if deploy else None, challenge_window, first_block)
    with Service(data, footing, load_markets(data, markets, ()), options, *where) as service:
        _serve(service)


def _names(hosts: list[str]) -> list[str]:
    for name in hosts:
        if not re.fullmatch(r"[\w.:\[\]-]+", name):
            raise typer.BadParameter(f"{name!r} is not the name of a host", param_hint="--allow-host")
    return hosts


def _made(data: Path) -> Path:
    data.mkdir(parents=True, exist_ok=True)
    return data


def _log_plainly() -> None:
    """One plain line per event, on standard error."""
    logger = logging.getLogger("kedge")
    logger.handlers, logger.propagate = [plain_handler()], False
    logger.setLevel(logging.INFO)


def _serve(service: Service, watch: Callable[[], None] = lambda: None) -> None:
    """Until somebody stops it. Before this there is nothing to stop in order: an interrupt just ends the start."""
    stop = threading.Event()
    with orderly(stop.set):
        _announce(service)
        service.wait(stop, watch)


def _announce(service: Service) -> None:
    say(f"listening on {service.server.url} (also in {service.folder / 'node.json'}); Ctrl-C stops")


@contextmanager
def _development_chain(data: Path, users: int) -> Iterator[Devnet]:
    """The development chain of the directory; at its first start some users deposit."""
    from kedge.node import Devnet

    devnet = Devnet(data)
    try:
        if users and devnet.deposits() == 0:
            devnet.fund([STAKE] * users)
            say(f"accounts 2 to {users + 1} deposit {STAKE // 10**6:,} coins each")
        say(f"development chain on {devnet.chain.rpc.url}")
        yield devnet
    finally:
        devnet.close()


def _reviver(devnet: Devnet) -> Callable[[], None]:
    """Starts the development chain again if it died, from the state it wrote last."""

    def revive() -> None:
        if not devnet.anvil.is_running:
            logging.getLogger(__name__).warning("the development chain died; starting it again from its last state")
            devnet.anvil.start()

    return revive


def _outside(data: Path, url: str, settlement: str | None, token: str | None, window: int, first_block: int) -> Footing:
    """The outside L1 with the operator's key, which is taken out of the environment: no child process needs it."""
    from kedge.node import L1Terms, deploy_on, read_key, settle_on
    from kedge.settlement import Chain

    operator, chain = read_key(os.environ.pop(KEY_VARIABLE, None)), Chain(url)
    if token is not None:
        footing = deploy_on(data, chain, operator, _address(token, "--token"), L1Terms(challenge_window=window))
        say(f"deployed Settlement at 0x{footing.place.deployment.settlement.hex()}")
        return footing
    wanted = _address(settlement, "--settlement") if settlement is not None else None
    return settle_on(data, chain, operator, wanted, first_block)


def _address(text: str, option: str) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise typer.BadParameter("an address is 0x and 40 hexadecimal digits", param_hint=option)
    return address

"""The L1 that a command stands on: a development chain, an outside one to settle on, or one that is only read."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kedge.cli.output import say
from kedge.units.errors import Rejected

if TYPE_CHECKING:
    from kedge.api import Ground
    from kedge.node import L1, Devnet

Watch = Callable[[], None]
"""Called now and then while the node runs."""

KEY_VARIABLE = "KEDGE_OPERATOR_KEY"
STAKE = 1_000_000 * 10**6
FUNDING = "funding"
"""A file of the data directory while users deposit: how many are to. A start that was interrupted goes on with it."""
L1_MISSING = 802
"""Neither a data directory nor an L1 was named."""


@contextmanager
def open_l1(
    folder: Path | None, url: str | None, settlement: str | None, first_block: int, beacon: str | None
) -> Iterator[L1]:
    """The L1 that the options name: an RPC address, or the saved development chain of a data directory."""
    from kedge.node import live_chain, saved_chain

    if url is not None:
        yield live_chain(url, read_address(settlement, "--settlement"), first_block, beacon)
    elif folder is not None:
        with saved_chain(folder) as l1:
            yield l1
    else:
        raise Rejected(L1_MISSING, "L1_MISSING", "name a data directory with --data, or an L1 with --l1")


@contextmanager
def development_chain(data: Path, users: int) -> Iterator[tuple[Ground, Watch]]:
    """The development chain of the directory, and what starts it again if it died, from the state it wrote last. At its
    first start some users deposit.
    """
    from kedge.node import Devnet

    devnet = Devnet(data)

    def revive() -> None:
        if not devnet.anvil.is_running:
            logging.getLogger(__name__).warning("the development chain died; starting it again from its last state")
            devnet.anvil.start()

    try:
        _fund(devnet, data / FUNDING, users)
        say(f"development chain on {devnet.chain.rpc.url}")
        yield devnet, revive
    finally:
        devnet.close()


def _fund(devnet: Devnet, note: Path, users: int) -> None:
    done = devnet.deposits()
    if users and not done:
        note.write_text(f"{users}\n")
    if not note.exists():
        return
    wanted = int(note.read_text())
    devnet.fund([STAKE] * (wanted - done), first=done)
    say(f"accounts 2 to {wanted + 1} deposit {STAKE // 10**6:,} coins each")
    note.unlink()


@contextmanager
def outside_chain(
    data: Path, url: str, settlement: str | None, token: str | None, window: int, first_block: int
) -> Iterator[tuple[Ground, Watch]]:
    """The outside L1 with the operator's key, which is taken out of the environment: no child process needs it. With
    `token` the contracts are deployed there first.
    """
    from kedge.node import L1Terms, deploy_on, read_key, settle_on
    from kedge.settlement import Chain

    operator, chain = read_key(os.environ.pop(KEY_VARIABLE, None)), Chain(url)
    if token is not None:
        footing = deploy_on(data, chain, operator, read_address(token, "--token"), L1Terms(challenge_window=window))
        say(f"deployed Settlement at 0x{footing.place.deployment.settlement.hex()}")
    else:
        wanted = None if settlement is None else read_address(settlement, "--settlement")
        footing = settle_on(data, chain, operator, wanted, first_block)
    yield footing, lambda: None


def check_host(name: str) -> str:
    """Callback of an option: refused as wrong usage if this cannot be the name of a host. Nothing is none: a socket
    takes it for every address of the machine.
    """
    if not re.fullmatch(r"[\w.:\[\]-]+", name):
        raise typer.BadParameter(f"{name!r} is not the name of a host")
    return name


def check_hosts(names: list[str] | None) -> list[str]:
    """Callback of an option: the names of hosts, each checked."""
    return [check_host(name) for name in names or []]


def read_address(text: str | None, option: str) -> bytes:
    """The 20 bytes of an address that an option gives; refused as wrong usage if it is none."""
    try:
        address = bytes.fromhex((text or "").removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise typer.BadParameter("an address is 0x and 40 hexadecimal digits", param_hint=option)
    return address

"""A node with everything around it: upkeep, API, the files by which others find it, and its orderly end."""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from kedge.api.feed import Feed
from kedge.api.hosts import LOCAL
from kedge.api.routes import Api
from kedge.api.server import Server
from kedge.node import Hooks, Keeper, Node, NodeOptions, Place, Progress, Reporter
from kedge.sequencer import Transaction, faults, write_atomic
from kedge.settlement import Chain, Wallet
from kedge.units.errors import Rejected
from kedge.venue import Market

_log = logging.getLogger(__name__)
NODE_FILE, TOKEN_FILE = "node.json", "operator.token"
SERVICE_OPTIONS = NodeOptions(chunk_ms=4_000, confirmations=2)
HEARTBEAT_SECONDS = 60.0
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - asked for by name
WATCH_SECONDS = 0.2


class Ground(Protocol):
    """What a node stands on: `Devnet` or `Footing`."""

    @property
    def chain(self) -> Chain: ...
    @property
    def operator(self) -> Wallet: ...
    @property
    def place(self) -> Place: ...


class Service:
    """Runs from its making until `close`. One per data directory: `Fault` names the process that has it already."""

    def __init__(
        self,
        folder: Path,
        ground: Ground,
        markets: Sequence[Market] = (),
        options: NodeOptions = SERVICE_OPTIONS,
        host: str = LOCAL[0],
        port: int = 0,
        heartbeat: float = HEARTBEAT_SECONDS,
        names: Collection[str] = (),
    ) -> None:
        """`heartbeat`: seconds between two updates of the clock while nothing happens. `names`: what clients may call
        this node besides `host` and this machine; on all addresses (0.0.0.0, ::) and without names, anything.
        """
        self.folder = folder
        self.server = Server(host, port)
        hooks, feed = Hooks(), Feed()
        hooks.committed.append(feed.on_committed)
        self.progress = Progress(hooks, feed.on_tier)
        try:
            self.node = Node(folder, ground.chain, ground.operator, ground.place, options, hooks)
        except BaseException:
            self.server.close()
            raise
        self.keeper = Keeper(self.node, lambda: self.progress.has_work, heartbeat)
        try:
            self.progress.follow(self.node)
            self.keeper.start()
            self._open(markets)
            reporter = Reporter(self.node, self.progress, self.keeper)
            named = {market.index: market for market in markets}
            api = Api(self.node, self.keeper, reporter, feed, read_token(folder), named)
            is_open = host in EVERYWHERE and not names
            self.server.start(api.app(None if is_open else (host, *LOCAL, *names)), feed.serve_in)
            self._announce()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Service:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def check(self) -> None:
        """Raise what ended a part of the node."""
        self.node.check()
        if self.keeper.failure is not None:
            raise self.keeper.failure

    def wait(self, stop: threading.Event, watch: Callable[[], None] = lambda: None) -> None:
        """Until `stop` is set; raises what ends a part of the node before. `watch` is called now and then."""
        while not stop.wait(WATCH_SECONDS):
            watch()
            self.check()

    def close(self) -> None:
        """No new request, no new upkeep, then the node in its order, whose parts begin to stop at once."""
        self.node.halt()
        (self.folder / NODE_FILE).unlink(missing_ok=True)
        self.server.close()
        self.keeper.close()
        self.node.close()

    def _open(self, markets: Sequence[Market]) -> None:
        """Open the markets that are not open yet; a refusal of the rules is the operator's to mend."""
        missing = [market for market in markets if market.index not in self.node.upkeep.markets]
        work = [Transaction(*market.opening()) for market in missing]
        for market, receipt in zip(missing, self.node.submit(work) if work else [], strict=True):
            if not receipt.accepted:
                raise Rejected(receipt.code, receipt.name, f"market {market.index} ({market.name}): {receipt.text}")
            _log.info("opened    market %d (%s)", market.index, market.name)

    def _announce(self) -> None:
        """DIR/node.json: where the running node answers."""
        facts = {"pid": os.getpid(), "url": self.server.url, "port": self.server.port}
        write_atomic(self.folder / NODE_FILE, (json.dumps(facts) + "\n").encode())


def read_token(folder: Path) -> str:
    """The operator's token in DIR/operator.token, made at the first start; only its owner may read the file."""
    path = folder / TOKEN_FILE
    with faults(f"cannot use {path}"):
        if not path.exists() or not path.read_text().strip():
            draft = path.with_name(path.name + ".tmp")
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        path.chmod(0o600)
        return path.read_text().strip()

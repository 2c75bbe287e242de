"""What the end-to-end tests share: fast settings, a client of the API, and nodes in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests

from kedge.api import NODE_FILE, TOKEN_FILE
from kedge.node import L1Terms, NodeOptions
from kedge.sequencer import Catalog, Codec, DataDirectory, Ledger, Transaction
from kedge.settlement import find_anvil
from kedge.units.errors import Fault
from kedge.venue import Market, MarketTerms

ROOT = Path(__file__).parents[2]
STAKE = 1_000_000 * 10**6
PATIENCE = 60.0
FAST = NodeOptions(chunk_ms=700, anchor_chunks=2, anchor_seconds=0.5, upkeep_ms=300, stuck_after=6.0)
QUICK_TERMS = L1Terms(challenge_window=2)
_WILD = MarketTerms(minimum=1, sigma=600_000, z=8_000, delay=2_000, ramp=200_000)
VOLATILE = (Market(0, "BTC-PERP", 1, 600_000, _WILD), Market(1, "ETH-PERP", 2, 250_000, _WILD))
"""Markets whose margin moves within seconds of settlement window."""


def need_anvil() -> None:
    """Skip, with the reason, where the development chain is not installed."""
    try:
        find_anvil()
    except Fault as fault:
        pytest.skip(str(fault))


def until(what: str, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until something holds; a failure names it."""
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        time.sleep(0.05)


def wait_for_dump(state: Path) -> None:
    """Until anvil has just written its state file: killed now, it loses little, and not the file."""
    before = state.stat().st_mtime_ns if state.exists() else 0
    until("anvil writes its state", lambda: state.exists() and state.stat().st_mtime_ns != before)
    time.sleep(0.1)


def place(account: int, slot: int, side: int, price: int, size: int = 10, terms: int = 0, market: int = 0) -> list[Any]:
    """A place transaction as the API takes it, without its envelope."""
    return [account, slot, market, side, price, size, terms, 0, 0]


class Client:
    """Requests to one node."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.session = requests.Session()
        self.session.trust_env = False

    @staticmethod
    def of(folder: Path) -> Client:
        """The node that DIR/node.json names."""
        facts = json.loads((folder / NODE_FILE).read_text())
        return Client(facts["url"], (folder / TOKEN_FILE).read_text().strip())

    def get(self, path: str) -> Any:
        answer = self.session.get(self.url + path, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object, token: str | None = None) -> requests.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.session.post(self.url + path, json=body, headers=headers, timeout=30)

    def submit(self, *orders: Sequence[int], step: str = "place") -> list[dict[str, Any]]:
        """Users' transactions; their receipts."""
        answer = self.post("/v1/transactions", [{"step": step, "args": list(order)} for order in orders])
        assert answer.status_code == 200, answer.text
        receipts: list[dict[str, Any]] = answer.json()
        return receipts

    def system(self, step: str, *args: int) -> dict[str, Any]:
        """One of the operator's transactions; its receipt."""
        answer = self.post("/v1/system", [{"step": step, "args": list(args)}], self.token)
        assert answer.status_code == 200, answer.text
        receipt: dict[str, Any] = answer.json()[0]
        return receipt

    def open_market(self, number: int) -> dict[str, Any]:
        """Open one more market; its receipt."""
        step, arguments = Market(number, f"M{number}", 0, 1_000).opening()
        return self.system(step, *arguments)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/v1/status")
        return found

    def reached(self, tier: str) -> int:
        """The last transaction that holds a tier."""
        return int(self.status()["tiers"][tier]["transaction"])

    def wait_for_deposits(self, users: int) -> None:
        """Until the last of the first `users` users has its money."""
        last = f"{self.url}/v1/accounts/{users + 1}"
        until("the deposits", lambda: self.session.get(last, timeout=30).status_code == 200)

    def wait_settled(self, sequence: int, tier: str = "final") -> None:
        """Until a transaction holds a tier."""
        until(f"transaction {sequence} is {tier}", lambda: self.reached(tier) >= sequence)


class NodeProcess:
    """A node in a process of its own: `arguments` are those of a Python script or of the `kedge` command. What it says
    goes to its log, or to a terminal.
    """

    started: ClassVar[list[NodeProcess]] = []

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        script: Path | None = None,
        env: dict[str, str] | None = None,
        terminal: int | None = None,
    ) -> None:
        self.folder, self.log = folder, folder.with_name(folder.name + ".log")
        command = [str(script)] if script else ["-c", "from kedge.cli import main; main()"]
        path = os.pathsep.join([str(ROOT / "python"), str(ROOT)])
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - ours
                [sys.executable, *command, *arguments],
                stdout=log if terminal is None else terminal,
                stderr=log if terminal is None else terminal,
                env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200", **(env or {})},
            )

        self.started.append(self)

    def client(self) -> Client:
        """Wait until the node answers."""

        def answers() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            try:
                facts = json.loads((self.folder / NODE_FILE).read_text())
                return bool(facts["pid"] == self.process.pid)
            except FileNotFoundError:
                return False

        until("the node answers", answers)
        return Client.of(self.folder)

    def end(self, how: signal.Signals) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def journalled(folder: Path) -> list[Transaction]:
    """Every transaction of a data directory, in order."""
    directory = DataDirectory(folder)
    codec = Codec(Catalog(directory.program.read_bytes()))
    with Ledger(directory) as ledger:
        return [item for group in ledger.groups() for item in codec.decode_all(group.entries, 1 << 20)]

"""`kedge node` and `kedge status` as people use them: start, stop, start again, two at once, an L1 of somebody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

from eth_utils.crypto import keccak

from kedge.api import NODE_FILE
from kedge.batching import load_setup
from kedge.rules import program
from kedge.sequencer import DataDirectory, NativeEngines, Sequencer
from kedge.settlement import Anvil, MockCollateral, Vault, Wallet, deploy_mock_collateral
from tests.e2e.harness import ROOT, Client, NodeProcess, journalled, need_anvil, place, until, wait_for_dump

ETHER = 10**18


def kedge(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-c", "from kedge.cli import main; main()", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "COLUMNS": "200", **env}
    return subprocess.run(command, capture_output=True, text=True, env=variables, timeout=60, check=False)  # noqa: S603


def read_root(folder: Path) -> tuple[int, bytes]:
    """Last transaction and root of a directory, from its journal."""
    with Sequencer.open(folder, NativeEngines(program().data)) as sequencer:
        return sequencer.head.sequence, sequencer.read(lambda engine: engine.root())


def test_stop_and_start_again(tmp_path: Path) -> None:
    need_anvil()
    folder = tmp_path / "node"
    first = NodeProcess(folder, "node", "--data", str(folder), "--users", "2")
    client = first.client()
    client.wait_for_deposits(2)
    orders = [place(2, slot, 1, 618_000 + slot, 10) for slot in range(30)]
    receipts = client.submit(*orders, place(3, 0, 0, 618_000, 10, 1))
    assert [receipt["code"] for receipt in receipts] == [0] * 31

    second = kedge("node", "--data", str(folder))
    assert second.returncode == 3
    assert f"is in use by process {first.process.pid}" in second.stderr
    assert "stop that process first" in second.stderr
    assert "running" in kedge("status", "--data", str(folder)).stdout

    assert first.end(SIGINT) == 0
    assert "stopping in order" in first.log.read_text()
    assert not (folder / NODE_FILE).exists()
    named = (ROOT / "ARCHITECTURE.md").read_text()
    assert [path.name for path in folder.iterdir() if f"`DIR/{path.name}" not in named] == []
    sequence, root = read_root(folder)
    kept = journalled(folder)
    assert [kept[r["sequence"] - 1].args[4] for r in receipts[:30]] == [order[4] for order in orders]
    asked = kedge("status", "--data", str(folder), "--json", str(tmp_path / "status.json"))
    assert (asked.returncode, "no node runs here" in asked.stdout) == (0, True)
    facts = json.loads((tmp_path / "status.json").read_text())
    assert (facts["running"], facts["tiers"]["sequenced"]["transaction"]) == (False, sequence)
    assert read_root(folder) == (sequence, root)

    again = NodeProcess(folder, "node", "--data", str(folder))
    client = again.client()
    assert len(client.get("/v1/accounts/2")["orders"]) == 29
    assert client.get("/v1/markets")[0]["name"] == "BTC-PERP"
    (chain,) = Path(f"/proc/{again.process.pid}/task/{again.process.pid}/children").read_text().split()
    wait_for_dump(folder / "anvil.json")
    os.kill(int(chain), SIGKILL)
    client.wait_settled(receipts[-1]["sequence"], "anchored")
    assert "the development chain died; starting it again" in again.log.read_text()
    assert again.end(SIGTERM) == 0
    assert journalled(folder)[:sequence] == kept


def test_a_second_interrupt_gives_up_waiting(tmp_path: Path) -> None:
    """Even while a proof is being made: no crash, status 130, and what was acknowledged is there."""
    need_anvil()
    folder = tmp_path / "node"
    impatient = NodeProcess(folder, "node", "--data", str(folder), "--users", "1")
    client = impatient.client()
    client.wait_for_deposits(1)
    (receipt,) = client.submit(place(2, 0, 0, 500_000))
    directory = DataDirectory(folder)

    def is_proving() -> bool:
        sealed = client.status()["open_chunk"] - 1
        return bool(sealed and not directory.proof(sealed).exists())

    until("a proof is being made", is_proving)
    impatient.process.send_signal(SIGINT)
    until("the first one is heard", lambda: "stopping in order" in impatient.log.read_text())
    assert impatient.end(SIGINT) in (130, 0), "0 if it was done before"
    assert "panicked" not in impatient.log.read_text()
    assert journalled(folder)[receipt["sequence"] - 1].step == "place"


def test_an_outside_l1_that_dies_while_it_anchors(tmp_path: Path) -> None:
    """Its death is said plainly, orders go on, and the node goes on where it was once it is back."""
    need_anvil()
    load_setup()
    folder, key = tmp_path / "node", keccak(b"the operator of this test")
    operator, user = Wallet(key), Wallet(keccak(b"a user of this test"))
    with Anvil(state=tmp_path / "l1.json", block_time=1) as l1:
        for wallet in (operator, user):
            l1.chain.set_balance(wallet.address, 100 * ETHER)
        token = deploy_mock_collateral(l1.chain, operator)
        arguments = ["node", "--data", str(folder), "--l1", l1.url]
        deploying = [*arguments, "--deploy", "--token", f"0x{token.hex()}", "--confirmations", "0"]
        node = NodeProcess(folder, *deploying, env={"KEDGE_OPERATOR_KEY": key.hex()})
        client = node.client()
        vault = deposit(l1, folder, token, user)
        client.wait_for_deposits(1)
        assert vault.deposit_count() == 1
        sent = open_attempts(client)
        until("a batch is on its way", lambda: sent() > 0)
        wait_for_dump(tmp_path / "l1.json")
        l1.kill()
        until("the node says that L1 is silent", lambda: "does not answer" in trouble(client))
        assert "Nothing is lost" in trouble(client)
        assert client.open_market(3)["code"] == 0
        (receipt,) = client.submit(place(2, 0, 0, 900, market=3))
        assert receipt["code"] == 0
        l1.start()
        client.wait_settled(receipt["sequence"], "anchored")
        assert trouble(client) == ""
        assert node.end(SIGINT) == 0
        wrong = kedge(*arguments, KEDGE_OPERATOR_KEY="ab" * 32)
        assert (wrong.returncode, "1513 BAD_SETTLEMENT" in wrong.stderr) == (1, True)
    assert_is_secret(key, node.log.read_text() + wrong.stderr, folder)


def deposit(l1: Anvil, folder: Path, token: bytes, user: Wallet) -> Vault:
    """One user pays into the Vault that the node deployed."""
    vault = Vault(l1.chain, bytes.fromhex(json.loads((folder / "deployment.json").read_text())["vault"][2:]))
    coin = MockCollateral(l1.chain, token)
    calls = [
        (token, coin.mint_call(user.address, 10**12)),
        (token, coin.approve_call(vault.address)),
        (vault.address, vault.deposit_call(10**12)),
    ]
    for to, call in calls:
        l1.chain.transact(user, to, call)
    return vault


def open_attempts(client: Client) -> Callable[[], int]:
    """How many batches are made and not yet anchored."""

    def count() -> int:
        anchoring = client.status()["anchoring"]
        return int(anchoring["batches"] - anchoring["anchored"])

    return count


def trouble(client: Client) -> str:
    return str(client.status()["anchoring"]["trouble"])


def assert_is_secret(key: bytes, log: str, folder: Path) -> None:
    """The operator's key is in no output and in no file of the node."""
    texts = [log.encode(), *(path.read_bytes() for path in folder.rglob("*") if path.is_file())]
    assert not any(form in text for text in texts for form in (key, key.hex().encode()))


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    markets = tmp_path / "markets.toml"
    markets.write_text('[[market]]\nnumber = 0\nname = "X"\ntick_places = 1\nmark = 5\nleverage = 100\n')
    data = ["--data", str(tmp_path / "node")]
    cases = [
        (["node", *data, "--markets", str(markets)], 1, "1511 BAD_MARKETS_FILE"),
        (["node", *data, "--l1", "http://127.0.0.1:1"], 1, "1512 BAD_OPERATOR_KEY"),
        (["node", *data, "--l1", "http://127.0.0.1:1", "--deploy", "--token", "0x12"], 2, "40 hexadecimal digits"),
        (["status", *data], 3, "there is no journal"),
    ]
    for arguments, code, text in cases:
        done = kedge(*arguments, KEDGE_OPERATOR_KEY="11" * 32 if code == 2 else "")
        assert (done.returncode, text in done.stderr) == (code, True), done.stderr

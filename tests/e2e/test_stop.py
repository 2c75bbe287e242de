"""A stop acts within seconds whatever runs, leaves no process behind, and loses nothing that was acknowledged."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from kedge.api import NODE_FILE
from kedge.proving import Reason, verify_directory
from kedge.settlement import Anvil, Wallet, deploy_mock_collateral
from tests.e2e.harness import NodeProcess, journalled, need_anvil, place, until

GUARD = 15.0
"""Seconds that a stop may take on a slow and busy machine; 5 is what is promised, and most take a tenth of that."""
ETHER = 10**18


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def stop(process: NodeProcess, how: signal.Signals = signal.SIGTERM) -> int:
    """Stop a command; its exit status. It must end in time, and all that it started with it."""
    family, begin = descendants(process.process.pid), time.monotonic()
    status = process.end(how)
    took = time.monotonic() - begin
    print(f"stopped with {status} after {took:.2f} s, {len(family)} child processes")
    assert took < GUARD
    until("its processes are gone", lambda: not any(map(is_alive, family)), GUARD)
    assert "Traceback" not in process.log.read_text()
    return status


@pytest.fixture
def silent_l1() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def has(name: str) -> Callable[[Path], bool]:
    return lambda folder: any(folder.glob(name))


def orders(count: int) -> Callable[[Path], bool]:
    def are_journalled(folder: Path) -> bool:
        try:
            return len(journalled(folder)) >= count
        except Exception:
            return False

    return are_journalled


@pytest.mark.parametrize(
    "moment",
    [has("anvil.lock"), has("deployment.json"), has("journal.db"), orders(70), orders(1_500), has("proofs/*.proof")],
    ids=["starting", "funding", "wiring", "opening", "trading", "proving"],
)
def test_a_demo_stops_at_any_moment(moment: Callable[[Path], bool], tmp_path: Path) -> None:
    need_anvil()
    folder = tmp_path / "demo"
    demo = NodeProcess(folder, "demo", "--data", str(folder), "--seconds", "10")
    until("the moment", lambda: demo.process.poll() is not None or moment(folder))
    assert stop(demo) == 130
    assert "the state rebuilt" not in demo.log.read_text()
    if (folder / "journal.db").exists():
        journalled(folder)


def test_what_a_stopped_demo_acknowledged_is_proved_or_provable(tmp_path: Path) -> None:
    need_anvil()
    folder = tmp_path / "demo"
    demo = NodeProcess(folder, "demo", "--data", str(folder), "--seconds", "6")
    until("it settles", lambda: "settling" in demo.log.read_text())
    assert stop(demo) == 130
    assert sum(transaction.step == "place" for transaction in journalled(folder)) >= 2_000
    assert {found.reason for found in verify_directory(folder).findings} <= {Reason.PROOF_MISSING}


@pytest.mark.parametrize(
    ("moment", "rows"),
    [(has("../*.log"), 2_000_000), (has("deployment.json"), 60_000), (orders(3_000), 60_000)],
    ids=["early", "funding", "trading"],
)
def test_a_replay_stops_at_any_moment(moment: Callable[[Path], bool], rows: int, tmp_path: Path) -> None:
    need_anvil()
    folder, tape = tmp_path / "replay", tmp_path / "tape.csv"
    with tape.open("w") as file:
        file.write("price,quantity,symbol,taker_side,trade_time_ms\n")
        file.writelines(f"{100 + n % 7}.5,{1 + n % 3},AB,{('buy', 'sell')[n % 2]},{10**12 + n}\n" for n in range(rows))
    replay = NodeProcess(folder, "replay", str(tape), "--data", str(folder))
    until("the moment", lambda: replay.process.poll() is not None or moment(folder))
    time.sleep(1.0)
    assert stop(replay) == 130
    assert "report:" not in replay.log.read_text()


@pytest.mark.parametrize(("what", "children"), [("prover", 1), ("sequencer", 1), ("river", 2)])
@pytest.mark.parametrize(("later", "how"), [(0.0, signal.SIGTERM), (2.0, signal.SIGHUP)])
def test_a_benchmark_stops_with_its_children(
    what: str, children: int, later: float, how: signal.Signals, tmp_path: Path
) -> None:
    need_anvil()
    data = tmp_path / "bench"
    bench = NodeProcess(data, "bench", what, "--data", str(data))
    until("it measures", lambda: has("*")(data) and len(descendants(bench.process.pid)) >= children)
    time.sleep(later)
    assert stop(bench, how) == 130
    assert list(data.iterdir()) == [], "working files go away"


def test_a_simulation_stops(tmp_path: Path) -> None:
    simulation = NodeProcess(tmp_path / "risk", "risk", "window", "--paths", "40000000")
    until("it computes", lambda: memory(simulation.process.pid) > 300_000)
    assert stop(simulation) == 130


def memory(pid: int) -> int:
    """Resident kB of a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next((line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")), 0))


@pytest.mark.parametrize("command", ["node", "reconstruct", "verify"])
def test_waiting_for_an_l1_that_is_silent_stops(command: str, silent_l1: str, tmp_path: Path) -> None:
    folder, address = tmp_path / "data", "0x" + "11" * 20
    folder.mkdir()
    arguments = {
        "node": ["node", "--data", str(folder), "--l1", silent_l1, "--deploy", "--token", address],
        "reconstruct": ["reconstruct", "--l1", silent_l1, "--settlement", address],
        "verify": ["verify", str(folder), "--l1", "--url", silent_l1, "--settlement", address],
    }[command]
    waiting = NodeProcess(folder, *arguments, env={"KEDGE_OPERATOR_KEY": "11" * 32})
    port = int(silent_l1.rsplit(":", 1)[1])
    until("it asks the L1", lambda: f"{port:04X}" in Path(f"/proc/{waiting.process.pid}/net/tcp").read_text())
    time.sleep(0.5)
    assert stop(waiting) == 130


def test_a_node_whose_l1_falls_silent_stops_and_goes_on_later(tmp_path: Path) -> None:
    need_anvil()
    folder, operator = tmp_path / "node", Wallet(b"\x11" * 32)
    with Anvil(state=tmp_path / "l1.json", block_time=1) as l1:
        l1.chain.set_balance(operator.address, 100 * ETHER)
        token = deploy_mock_collateral(l1.chain, operator)
        arguments = ["node", "--data", str(folder), "--l1", l1.url, "--deploy", "--token", f"0x{token.hex()}"]
        node = NodeProcess(folder, *arguments, env={"KEDGE_OPERATOR_KEY": "11" * 32})
        client = node.client()
        pid = l1._process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            opened = client.open_market(3)
            assert opened["code"] == 0
            time.sleep(1.0)
            assert stop(node) == 0
        finally:
            os.kill(pid, signal.SIGCONT)
        assert "open_market" in [transaction.step for transaction in journalled(folder)]
        again = NodeProcess(folder, *arguments[:5], env={"KEDGE_OPERATOR_KEY": "11" * 32})
        again.client().wait_settled(opened["sequence"], "anchored")
        assert stop(again) == 0


def test_clients_that_hang_on_hold_up_no_stop(tmp_path: Path) -> None:
    """A subscriber that never leaves, and a request that never ends."""
    need_anvil()
    folder = tmp_path / "node"
    node = NodeProcess(folder, "node", "--data", str(folder), "--users", "1")
    client = node.client()
    client.wait_for_deposits(1)
    host, port = client.url.removeprefix("http://").split(":")
    with connect(f"ws://{host}:{port}/v1/feed"), socket.create_connection((host, int(port))) as half:
        half.sendall(b"POST /v1/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n[")
        (receipt,) = client.submit(place(2, 0, 0, 500_000))
        assert stop(node) == 0
    assert journalled(folder)[receipt["sequence"] - 1].step == "place"


def test_a_node_whose_terminal_is_gone_stops_in_order(tmp_path: Path) -> None:
    """It can say nothing any more, and all the same cuts nothing off."""
    need_anvil()
    folder, (ours, terminal) = tmp_path / "node", os.openpty()
    node = NodeProcess(folder, "node", "--data", str(folder), "--users", "1", terminal=terminal)
    client = node.client()
    client.wait_for_deposits(1)
    (receipt,) = client.submit(place(2, 0, 0, 500_000))
    os.close(terminal)
    os.close(ours)
    assert stop(node, signal.SIGHUP) == 0
    assert not (folder / NODE_FILE).exists()
    assert journalled(folder)[receipt["sequence"] - 1].step == "place"


def test_a_first_start_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    """The users who had not deposited yet do so at the next start, and nobody twice."""
    need_anvil()
    folder = tmp_path / "node"
    first = NodeProcess(folder, "node", "--data", str(folder), "--users", "120")
    until("users deposit", lambda: has("funding")(folder))
    time.sleep(0.7)
    assert stop(first) == 130
    assert has("funding")(folder), "it was stopped too late to show anything"
    again = NodeProcess(folder, "node", "--data", str(folder))
    client = again.client()
    client.wait_for_deposits(120)
    collateral = {client.get(f"/v1/accounts/{number}")["collateral"] for number in range(2, 122)}
    assert collateral == {1_000_000 * 10**6}
    assert client.session.get(f"{client.url}/v1/accounts/122", timeout=10).status_code == 404
    assert not has("funding")(folder)
    assert stop(again) == 0

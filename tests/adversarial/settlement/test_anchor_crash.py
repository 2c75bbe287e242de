"""The anchor client under fire: crashes at every point, kill -9, a dead or lost L1, reorganisations."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kedge.batching import encode
from kedge.settlement import AnchorClient, Anvil, DevChain
from kedge.units.errors import Broken, Fault
from tests.unit.batching.world import SCHEMA
from tests.unit.settlement.devnet import Devnet, learn


class Crash(BaseException):
    """The process dies here."""


def enqueue(net: Devnet, client: AnchorClient, count: int = 1) -> None:
    for _ in range(count):
        batch = net.world.batch()
        client.enqueue(batch.header, encode(batch, SCHEMA))


def check_all_anchored_once(net: Devnet) -> None:
    logs = list(net.settlement.submitted(net.deployment.block))
    assert [item.header for item in logs] == [batch.header for batch in net.world.batches]
    assert net.settlement.root() == net.world.tree.root()


@pytest.mark.parametrize("moment", ["before signing", "before sending", "after sending", "before writing the outcome"])
def test_a_crash_at_any_moment_loses_and_repeats_nothing(
    devnet: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    client = devnet.client(tmp_path)
    enqueue(devnet, client, 2)
    send = client.chain.send_raw

    def die(*args: bytes) -> None:
        if moment == "after sending":
            send(*args)
        raise Crash

    where = {"before signing": (client._wallet, "sign"), "before writing the outcome": (client.journal, "add_mined")}
    victim, name = where.get(moment, (client.chain, "send_raw"))
    with monkeypatch.context() as patch:
        patch.setattr(victim, name, die)
        with pytest.raises(Crash):
            client.run_until_idle()
    client.journal.close()
    again = devnet.client(tmp_path)
    again.run_until_idle()
    again.journal.close()
    check_all_anchored_once(devnet)
    assert devnet.chain.nonce(devnet.operator.address) == 4


def anchor_until_killed(net: Devnet, folder: Path) -> None:
    """In a child process: anchor all that waits in the journal."""
    try:
        client = net.client(folder, chain=DevChain(net.chain.rpc.url))
        client.run_until_idle()
    finally:
        os._exit(0)


def test_a_node_that_shows_a_new_block_in_parts_is_asked_again(
    devnet: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nonce is counted already, receipt and state are not: the contract's refusal is not the end."""
    client = devnet.client(tmp_path)
    enqueue(devnet, client)
    before = client.settlement.head()
    client.step()
    while devnet.chain.receipt(client.journal.open_attempts()[0].hash) is None:
        time.sleep(0.01)
    with monkeypatch.context() as patch:
        patch.setattr(client.chain, "receipt", lambda _: None)
        patch.setattr(client.settlement, "head", lambda: before)
        with pytest.raises(Fault, match="looking again"):
            client.step()
    client.run_until_idle()
    client.journal.close()
    check_all_anchored_once(devnet)


def test_kill_dash_nine_at_random_moments(devnet: Devnet, tmp_path: Path) -> None:
    """A process that anchors is killed again and again; in the end every batch is on L1 once."""
    client = devnet.client(tmp_path)
    enqueue(devnet, client, 12)
    client.journal.close()
    moments = random.Random(7)
    for _ in range(10):
        child = os.fork()
        if not child:
            anchor_until_killed(devnet, tmp_path)
        time.sleep(moments.uniform(0.01, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    client = devnet.client(tmp_path)
    client.run_until_idle()
    client.journal.close()
    check_all_anchored_once(devnet)


def test_a_lost_journal_tail_is_found_on_chain(devnet: Devnet, tmp_path: Path) -> None:
    client = devnet.client(tmp_path)
    enqueue(devnet, client)
    (event,) = client.run_until_idle()
    client.journal.drop_mined(event.mined)
    client.journal.forget_attempt(event.mined.tx_hash)
    assert client.run_until_idle() == [event]
    client.journal.close()


def test_another_batch_under_our_number_is_broken(devnet: Devnet, tmp_path: Path) -> None:
    client = devnet.client(tmp_path)
    enqueue(devnet, client)
    devnet.submit(replace(devnet.world.batches[0], new_root=b"x" * 32))
    with pytest.raises(Broken, match="another batch 1"):
        client.run_until_idle()
    client.journal.close()


def test_a_dead_l1_is_a_fault_and_all_goes_on_when_it_is_back(fresh: Anvil, tmp_path: Path) -> None:
    net = Devnet(fresh.chain)
    client = net.client(tmp_path)
    fresh.chain.set_automine(False)
    enqueue(net, client)
    client.step()
    time.sleep(1.2)
    fresh.kill()
    with pytest.raises(Fault, match="does not answer"):
        client.step()
    enqueue(net, client)
    fresh.start()
    client.run_until_idle()
    check_all_anchored_once(net)
    client.journal.close()


def test_an_l1_that_lost_everything_is_a_fault(fresh: Anvil, tmp_path: Path) -> None:
    net = Devnet(fresh.chain)
    client = net.client(tmp_path)
    enqueue(net, client)
    client.run_until_idle()
    fresh.kill()
    (tmp_path / "chain.json").unlink(missing_ok=True)
    fresh.start()
    with pytest.raises(Fault, match="does not hold the Settlement contract"):
        client.step()
    again = Devnet(fresh.chain)
    assert again.deployment.settlement == net.deployment.settlement
    with pytest.raises(Fault, match="belongs to"):
        client.step()
    client.journal.close()


def test_a_reorganised_batch_is_anchored_again(devnet: Devnet, tmp_path: Path) -> None:
    client = devnet.client(tmp_path)
    enqueue(devnet, client, 3)
    client.run_until_idle()
    devnet.chain.reorganise(2)
    assert devnet.settlement.head().number == 1
    events = client.step()
    events += client.run_until_idle()
    assert [(event.what, event.header.number) for event in events] == [
        ("reorganised", 3),
        ("reorganised", 2),
        ("anchored", 2),
        ("anchored", 3),
    ]
    check_all_anchored_once(devnet)
    client.journal.close()


def test_a_reorganised_finality_is_taken_back_and_reached_again(devnet: Devnet, tmp_path: Path) -> None:
    client = devnet.client(tmp_path)
    enqueue(devnet, client)
    client.run_until_idle()
    devnet.chain.advance(61)
    assert [event.what for event in learn(client)] == ["final"]
    devnet.chain.reorganise(1)
    assert [event.what for event in learn(client)] == ["reorganised"]
    assert [event.what for event in learn(client)] == ["final"]
    assert devnet.settlement.head().final_number == 1
    client.journal.close()


def test_anvil_dies_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "from kedge.settlement import Anvil\n"
        "anvil = Anvil()\n"
        "print(anvil._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    paths = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=paths, check=False)  # noqa: S603
    stat = Path(f"/proc/{int(done.stdout)}/stat")
    deadline = time.monotonic() + 5
    while stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
        assert time.monotonic() < deadline, "anvil outlived its parent"
        time.sleep(0.02)


def test_an_anvil_that_cannot_start_says_why(fresh: Anvil) -> None:
    with pytest.raises(Fault, match="anvil did not start"):
        Anvil(port=fresh.port)
    with pytest.raises(Fault, match="anvil did not start"):
        Anvil(hardfork="nonsense")

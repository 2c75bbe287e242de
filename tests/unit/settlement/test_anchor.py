"""The anchor client when all goes well, and when L1 is merely slow or dear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kedge.batching import encode
from kedge.settlement import AnchorClient, AnchorOptions, Rpc
from kedge.settlement.chain import to_hex
from kedge.units.errors import Fault, Rejected
from tests.unit.batching.world import SCHEMA, START
from tests.unit.settlement.devnet import BOND, WINDOW, Devnet, learn

GWEI = 10**9


@pytest.fixture
def client(devnet: Devnet, tmp_path: Path) -> Iterator[AnchorClient]:
    made = devnet.client(tmp_path)
    yield made
    made.journal.close()


def enqueue(devnet: Devnet, client: AnchorClient, count: int = 1) -> None:
    for _ in range(count):
        batch = devnet.world.batch()
        client.enqueue(batch.header, encode(batch, SCHEMA))


def test_batches_are_anchored_in_order_and_become_final(devnet: Devnet, client: AnchorClient) -> None:
    assert client.anchored_clock() is None
    enqueue(devnet, client, 3)
    events = client.run_until_idle()
    assert [(event.what, event.header.number) for event in events] == [("anchored", n) for n in (1, 2, 3)]
    assert client.last_header == devnet.world.after
    assert client.anchored_clock() == devnet.world.now > START
    mined = events[0].mined
    block = devnet.chain.block(mined.block_number)
    assert block is not None
    assert (mined.l1_time, mined.blob_gas_used) == (block.timestamp, 2**17)
    assert mined.fee > mined.gas_used
    assert devnet.settlement.root() == devnet.world.tree.root()
    assert client.step() == []
    devnet.chain.advance(WINDOW)
    final = learn(client)
    assert [(event.what, event.header.number) for event in final] == [("final", 3)]
    assert devnet.settlement.head().final_number == 3
    assert devnet.settlement.claimable(devnet.operator.address) == 3 * BOND
    assert client.step() == []
    assert [event.what for event in client.history()] == ["anchored", "anchored", "anchored", "final"]


def test_only_ripe_batches_become_final(devnet: Devnet, client: AnchorClient) -> None:
    enqueue(devnet, client)
    client.run_until_idle()
    devnet.chain.advance(WINDOW // 2)
    enqueue(devnet, client)
    client.run_until_idle()
    devnet.chain.advance(WINDOW // 2 + 2)
    assert [event.header.number for event in learn(client)] == [1]
    assert client.step() == []


def test_finality_by_somebody_else_is_noticed(devnet: Devnet, client: AnchorClient) -> None:
    enqueue(devnet, client, 2)
    client.run_until_idle()
    devnet.finalize(2)
    assert [(event.what, event.header.number) for event in learn(client)] == [("final", 2)]
    assert client.step() == []


def test_a_challenge_stops_everything_after_it(devnet: Devnet, client: AnchorClient) -> None:
    enqueue(devnet, client, 2)
    client.run_until_idle()
    bob, contract = devnet.users[1], devnet.settlement
    devnet.chain.transact(bob, contract.address, contract.challenge_call(2), BOND)
    assert contract.head().frozen_from == 2
    devnet.chain.advance(WINDOW + 1)
    assert [event.header.number for event in learn(client)] == [1]
    assert client.step() == []
    enqueue(devnet, client)
    with pytest.raises(Rejected) as refused:
        client.step()
    assert refused.value.code == 1103


def test_a_stuck_transaction_is_replaced(devnet: Devnet, tmp_path: Path) -> None:
    client = devnet.client(tmp_path, AnchorOptions(stuck_after=0.0))
    enqueue(devnet, client)
    devnet.chain.set_automine(False)
    client.step()
    devnet.chain.set_base_fee(50 * GWEI)
    client.step()
    first, second = client.journal.open_attempts()
    assert (second.nonce, second.kind) == (first.nonce, "submit")
    for name in ("max_fee", "tip", "blob_fee"):
        assert getattr(second.fees, name) > 2 * getattr(first.fees, name) - 1
    devnet.chain.mine()
    assert [event.mined.tx_hash for event in learn(client)] == [second.hash]
    client.journal.close()


def test_a_transaction_that_the_node_forgot_is_sent_again(devnet: Devnet, client: AnchorClient) -> None:
    enqueue(devnet, client)
    devnet.chain.set_automine(False)
    client.step()
    (attempt,) = client.journal.open_attempts()
    assert client.step() == []
    devnet.chain.rpc.call("anvil_dropTransaction", to_hex(attempt.hash))
    assert not devnet.chain.is_known(attempt.hash)
    client.step()
    assert devnet.chain.is_known(attempt.hash)
    devnet.chain.mine()
    assert [event.mined.tx_hash for event in learn(client)] == [attempt.hash]


def test_above_the_fee_ceiling_the_client_waits(devnet: Devnet, tmp_path: Path) -> None:
    client = devnet.client(tmp_path, AnchorOptions(fee_ceiling=100 * GWEI))
    enqueue(devnet, client)
    devnet.chain.set_base_fee(90 * GWEI)
    devnet.chain.mine()
    assert client.step() == []
    assert "ceiling" in client.outbox.waiting_for
    assert client.journal.open_attempts() == []
    with pytest.raises(Fault, match="ceiling"):
        client.run_until_idle(timeout=0.0)
    devnet.chain.set_base_fee(GWEI)
    devnet.chain.mine()
    client.run_until_idle()
    client.journal.close()


def test_a_refused_batch_is_not_sent(devnet: Devnet, client: AnchorClient) -> None:
    world = devnet.world
    batch = replace(world.batch(), old_root=b"x" * 32)
    client.enqueue(batch.header, encode(batch, SCHEMA))
    with pytest.raises(Rejected) as refused:
        client.step()
    assert refused.value.code == 1105
    assert client.journal.open_attempts() == []


def test_a_batch_ahead_of_l1_waits_for_its_clock(devnet: Devnet, client: AnchorClient) -> None:
    devnet.world.now = (devnet.chain.tip().timestamp + 3700) * 1000
    enqueue(devnet, client)
    assert client.step() == []
    assert "clock of L1" in client.outbox.waiting_for
    devnet.chain.advance(200)
    assert len(client.run_until_idle()) == 1
    assert client.outbox.waiting_for == ""


def test_a_batch_whose_deposits_left_l1_waits_for_them(devnet: Devnet, client: AnchorClient) -> None:
    devnet.deposit(devnet.users[0], 5)
    batch = devnet.world.batch(devnet.world.seal(devnet.deposits()))
    client.enqueue(batch.header, encode(batch, SCHEMA))
    devnet.chain.reorganise(1)
    assert client.step() == []
    assert "reorganisation" in client.outbox.waiting_for
    call = devnet.vault.deposit_call(5)
    devnet.chain.transact(devnet.users[0], devnet.vault.address, call)
    assert len(client.run_until_idle()) == 1


@pytest.mark.parametrize(
    "answer", [1, "0x", [], {}, {"number": "0x1"}, {"blockNumber": None}, [{"blockNumber": "0xzz"}]]
)
def test_answers_that_make_no_sense_are_faults(devnet: Devnet, monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    chain = devnet.chain
    monkeypatch.setattr(chain.rpc, "call", lambda *_: answer)
    asked: list[Callable[[], object]] = [
        lambda: chain.block(1),
        lambda: chain.receipt(b"x" * 32),
        lambda: list(chain.logs(b"a" * 20, [], 0, 1)) or chain.height(),
        lambda: chain.nonce(b"a" * 20),
        lambda: chain.fees(with_blobs=True),
        devnet.vault.custody,
    ]
    for ask in asked:
        with pytest.raises(Fault):
            ask()


def test_cell_proofs_are_accepted_too(devnet: Devnet, client: AnchorClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devnet.chain, "wrapper", "cells")
    enqueue(devnet, client)
    assert len(client.run_until_idle()) == 1


def test_what_does_not_speak_json_rpc_is_a_fault(devnet: Devnet) -> None:
    with pytest.raises(Fault, match="does not answer"):
        Rpc("http://127.0.0.1:9").call("eth_chainId")
    with pytest.raises(Fault):
        Rpc(devnet.chain.rpc.url + "/eth/v1/beacon/genesis").call("eth_chainId")
    with pytest.raises(Fault, match="HTTP 404"):
        Rpc(devnet.chain.rpc.url).get("/nothing/here")

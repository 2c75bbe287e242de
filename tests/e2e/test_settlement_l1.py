"""From a deposit on L1 to a withdrawal on L1, and back to the whole state from L1 alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from kedge.batching import Deposit, Reconstruction, encode
from kedge.settlement import (
    AnvilBlobs,
    BeaconBlobs,
    BlobSource,
    Deployment,
    DepositWatcher,
    FirstOf,
    JournalBlobs,
    Submitted,
    reconstruct_from_chain,
    withdraw,
)
from kedge.units.errors import Fault, Rejected
from tests.unit.batching.world import PROGRAM, SCHEMA, FakeTree, address, fake_hash
from tests.unit.settlement.devnet import WINDOW, Devnet, anvil, devnet, learn

__all__ = ["anvil", "devnet"]


class NoBlobs:
    def get_blobs(self, batch: Submitted) -> list[bytes]:
        raise Fault(f"no blobs of batch {batch.header.number} here")


class WrongBlobs:
    def get_blobs(self, batch: Submitted) -> list[bytes]:
        return [bytes(131072) for _ in batch.blob_hashes]


def rebuild(net: Devnet, source: BlobSource | None = None, program: bytes = PROGRAM) -> Reconstruction:
    return reconstruct_from_chain(
        net.chain, net.settlement.address, program, FakeTree(), fake_hash, source, net.deployment.block
    )


def credit(deposit: Deposit) -> tuple[int, tuple[int, ...]]:
    return address(deposit.account, 0), (deposit.amount, 1)


def test_the_whole_way(devnet: Devnet, tmp_path: Path) -> None:
    net, (alice, bob) = devnet, devnet.users
    client, watcher = net.client(tmp_path), DepositWatcher(net.chain, net.deployment)
    net.deposit(alice, 5_000_000)
    net.deposit(bob, 3_000_000)
    deposits = watcher.poll()
    chunks = [net.world.seal(deposits, records=[credit(item) for item in deposits])]
    owed = net.world.owe((2, alice.address, 1_500_000), (3, bob.address, 3_000_000), (2, alice.address, 1))
    records = [(address(2, 0), (3_499_999, 1)), (address(3, 0), (0, 0))]
    chunks.append(net.world.seal(withdrawals=owed, records=records))
    for batch in (net.world.batch(*chunks), net.world.batch()):
        client.enqueue(batch.header, encode(batch, SCHEMA))
    client.run_until_idle()

    with pytest.raises(Rejected) as refused:
        withdraw(net.vault, alice, 1, owed, 0)
    assert refused.value.code == 1158
    net.chain.advance(WINDOW)
    assert [event.what for event in learn(client)] == ["final"]
    for item in owed:
        withdraw(net.vault, bob, 1, owed, item.index)
        assert net.vault.is_withdrawn(item.index)
    assert net.token.balance_of(alice.address) == 1_500_001
    assert net.token.balance_of(bob.address) == 3_000_000
    assert net.vault.custody() == net.token.balance_of(net.vault.address) == 3_499_999
    bonds = net.settlement.claimable(net.operator.address)
    net.chain.transact(net.operator, net.settlement.address, net.settlement.claim_call())
    assert (bonds, net.settlement.claimable(net.operator.address)) == (2 * net.settlement.bond(), 0)

    state = rebuild(net)
    assert state.root == net.world.tree.root() == net.settlement.root()
    assert state.records[address(2, 0)][0] == 3_499_999
    assert address(3, 0) not in state.records
    assert state.withdrawals == owed
    client.journal.close()


def test_every_blob_source_gives_the_same_state(devnet: Devnet, tmp_path: Path) -> None:
    client = devnet.client(tmp_path)
    for _ in range(2):
        batch = devnet.world.batch()
        client.enqueue(batch.header, encode(batch, SCHEMA))
    client.run_until_idle()
    chain = devnet.chain
    sources: list[BlobSource] = [
        AnvilBlobs(chain),
        BeaconBlobs(chain, chain.rpc.url, lambda block: block.number),
        JournalBlobs(client.journal),
        FirstOf(NoBlobs(), JournalBlobs(client.journal)),
    ]
    assert {rebuild(devnet, source).root for source in sources} == {devnet.world.tree.root()}
    with pytest.raises(Fault, match="no blobs of batch 1 here"):
        rebuild(devnet, FirstOf(NoBlobs()))
    with pytest.raises(Rejected) as refused:
        rebuild(devnet, WrongBlobs())
    assert refused.value.code == 1005
    client.journal.close()


def test_another_program_is_refused(devnet: Devnet) -> None:
    with pytest.raises(Rejected) as refused:
        rebuild(devnet, program=PROGRAM.replace(b"flags", b"flogs"))
    assert refused.value.code == 1006


def test_an_operator_that_lies_about_the_root_is_found_out(devnet: Devnet) -> None:
    """Nothing on L1 refuses it in optimistic mode; everybody who rebuilds the state does, and may challenge."""
    chunk = devnet.world.seal(records=[(address(2, 0), (1, 0))])
    devnet.world.tree.set(address(2, 0), [2] + [0] * 7)
    object.__setattr__(chunk, "new_root", devnet.world.tree.root())
    devnet.submit(devnet.world.batch(chunk))
    with pytest.raises(Rejected) as refused:
        rebuild(devnet)
    assert refused.value.code == 1008


def test_a_deployment_survives_a_file(devnet: Devnet) -> None:
    assert Deployment.of_json(devnet.deployment.as_json()) == devnet.deployment
    with pytest.raises(Fault, match="damaged"):
        Deployment.of_json({"chain_id": 1})

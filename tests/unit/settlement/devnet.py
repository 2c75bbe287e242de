"""A development chain with the contracts on it, shared by the tests of a session and rolled back after each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from kedge.batching import Batch, Deposit, encode, load_setup, seal
from kedge.settlement import (
    AnchorClient,
    AnchorEvent,
    AnchorJournal,
    AnchorOptions,
    Anvil,
    Chain,
    Deployment,
    DevChain,
    MockCollateral,
    Parameters,
    Receipt,
    Settlement,
    Transaction,
    Vault,
    Wallet,
    deploy,
    deploy_mock_collateral,
    find_anvil,
)
from kedge.units.errors import Fault
from tests.unit.batching.world import DIGEST, SCHEMA, START, World

ETHER = 10**18
BOND = ETHER // 10
WINDOW = 60


def need_anvil() -> None:
    """Skip, with the reason, where the development chain is not installed."""
    try:
        find_anvil()
    except Fault as fault:
        pytest.skip(str(fault))


def parameters(operator: Wallet, world: World) -> Parameters:
    return Parameters(operator.address, DIGEST, world.genesis, START, 1, WINDOW, 3_600_000, BOND)


class Devnet:
    """The contracts, an operator, two users, and an exchange (`world`) that makes batches for them."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        self.world = World()
        self.operator, *self.users = (Wallet(keccak(name)) for name in (b"operator", b"alice", b"bob"))
        for wallet in (self.operator, *self.users):
            chain.set_balance(wallet.address, 1000 * ETHER)
        self.token = MockCollateral(chain, deploy_mock_collateral(chain, self.operator))
        self.deployment: Deployment = deploy(
            chain, self.operator, self.token.address, parameters(self.operator, self.world)
        )
        self.settlement = Settlement(chain, self.deployment.settlement)
        self.vault = Vault(chain, self.deployment.vault)

    def deposit(self, user: Wallet, amount: int) -> Receipt:
        """Mint, approve, deposit."""
        self.chain.transact(user, self.token.address, self.token.mint_call(user.address, amount))
        self.chain.transact(user, self.token.address, self.token.approve_call(self.vault.address))
        return self.chain.transact(user, self.vault.address, self.vault.deposit_call(amount))

    def deposits(self) -> list[Deposit]:
        return [deposit for deposit, _ in self.vault.deposits(0)]

    def submit(self, batch: Batch) -> Receipt:
        """Send a batch without the anchor client."""
        sidecar = seal(encode(batch, SCHEMA))
        data = self.settlement.submit_call(batch.header)
        nonce = self.chain.nonce(self.operator.address)
        tx = Transaction(
            self.chain.chain_id,
            nonce,
            self.settlement.address,
            BOND,
            data,
            400_000,
            self.chain.fees(True),
            sidecar.hashes,
        )
        signed = self.operator.sign(tx, sidecar, self.chain.wrapper)
        self.chain.send_raw(signed.raw)
        return self.chain.wait(signed.hash)

    def finalize(self, number: int) -> Receipt:
        """Let the window pass and finalise."""
        self.chain.advance(WINDOW + 1)
        return self.chain.transact(self.operator, self.settlement.address, self.settlement.finalize_call(number))

    def client(self, folder: Path, options: AnchorOptions | None = None, chain: Chain | None = None) -> AnchorClient:
        """An anchor client with its journal in this folder."""
        journal = AnchorJournal(folder / "anchor.sqlite")
        return AnchorClient(chain or self.chain, self.operator, self.deployment, journal, options)


def learn(client: AnchorClient) -> list[AnchorEvent]:
    """Step until something is learnt; blocks are made a little after a transaction is sent."""
    deadline = time.monotonic() + 20
    while not (events := client.step()):
        assert time.monotonic() < deadline, client.outbox.waiting_for
        time.sleep(0.005)
    return events


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    need_anvil()
    load_setup()
    with Anvil() as running:
        yield running


@pytest.fixture
def devnet(anvil: Anvil) -> Iterator[Devnet]:
    """The contracts on the shared chain; everything a test does there is undone."""
    snapshot = anvil.chain.snapshot()
    yield Devnet(anvil.chain)
    anvil.chain.set_automine(True)
    anvil.chain.revert(snapshot)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Anvil]:
    """A chain of the test's own, kept in a file, which it may kill."""
    need_anvil()
    with Anvil(state=tmp_path / "chain.json") as running:
        yield running

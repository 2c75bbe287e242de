"""The development chain with everything on it: contracts, coins, users with keys and deposits."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kedge.node.place import Place, load_place, save_place
from kedge.rules import program
from kedge.sequencer import DataDirectory, DirectoryLock
from kedge.settlement import (
    Anvil,
    Chain,
    DevChain,
    MockCollateral,
    Parameters,
    Vault,
    Wallet,
    deploy,
    deploy_mock_collateral,
)
from kedge.state import EMPTY_ROOT
from kedge.units.errors import Fault

BLOCK_SECONDS = 1.0
CHAIN_STATE, CHAIN_LOCK = "anvil.json", "anvil.lock"
CHAIN_SECONDS = 10.0
ETHER = 10**18


def dev_wallet(name: str) -> Wallet:
    """A key anybody can compute, for the development chain only: SHA-256 of its name."""
    return Wallet(hashlib.sha256(f"kedge development key, never use elsewhere: {name}".encode()).digest())


@dataclass(frozen=True, slots=True)
class L1Terms:
    """What the contracts are deployed with: window in seconds, drift in ms, bond in wei.

    `genesis_clock` (ms) is where the exchange's clock begins; None: at the time of L1's newest block.
    """

    challenge_window: int = 8
    clock_drift: int = 30_000
    bond: int = ETHER // 100
    genesis_clock: int | None = None


def deploy_place(chain: Chain, wallet: Wallet, token: bytes, terms: L1Terms) -> Place:
    """Deploy Settlement and Vault for this version's program on any chain."""
    genesis = chain.tip().timestamp * 1000 if terms.genesis_clock is None else terms.genesis_clock
    parameters = Parameters(
        operator=wallet.address,
        program=program().digest,
        genesis_root=EMPTY_ROOT,
        genesis_clock=genesis,
        first_chunk=1,
        challenge_window=terms.challenge_window,
        clock_drift=terms.clock_drift,
        bond=terms.bond,
    )
    return Place(deploy(chain, wallet, token, parameters), genesis, chain.rpc.url)


class Devnet:
    """An anvil whose state lives in the data directory, with the contracts of that directory's deployment on it."""

    def __init__(self, folder: Path, terms: L1Terms | None = None) -> None:
        self._lock = _claim_chain(folder)
        try:
            self.anvil = Anvil(state=folder / CHAIN_STATE, block_time=BLOCK_SECONDS, inherited=[self._lock])
        except BaseException:
            os.close(self._lock)
            raise
        self.chain: DevChain = self.anvil.chain
        self.operator = dev_wallet("operator")
        try:
            self.place = self._place(folder, terms or L1Terms())
        except BaseException:
            self.close()
            raise

    def _place(self, folder: Path, terms: L1Terms) -> Place:
        known = load_place(folder)
        if known is not None:
            return Place(known.deployment, known.genesis_clock, self.chain.rpc.url)
        self.chain.set_balance(self.operator.address, 1_000 * ETHER)
        token = deploy_mock_collateral(self.chain, self.operator)
        place = deploy_place(self.chain, self.operator, token, terms)
        save_place(folder, place)
        return place

    def deposits(self) -> int:
        """How many deposits the Vault has taken."""
        return Vault(self.chain, self.place.deployment.vault).deposit_count()

    def fund(
        self,
        amounts: Sequence[int],
        told: Callable[[int], None] = lambda done: None,
        is_stopped: Callable[[], bool] = lambda: False,
        first: int = 0,
    ) -> list[Wallet]:
        """Users in order, each with its deposit (quote) in the Vault: mint, approve, deposit, every one on L1.

        Fewer users come back if `is_stopped` said so on the way; `first` is the number of the first.
        """
        token = MockCollateral(self.chain, self.place.deployment.token)
        vault = Vault(self.chain, self.place.deployment.vault)
        users: list[Wallet] = []
        with self.instantly():
            for number, amount in enumerate(amounts, first):
                if is_stopped():
                    break
                user = dev_wallet(f"user {number}")
                self.chain.set_balance(user.address, ETHER)
                self.chain.transact(user, token.address, token.mint_call(user.address, amount))
                self.chain.transact(user, token.address, token.approve_call(vault.address, amount))
                self.chain.transact(user, vault.address, vault.deposit_call(amount))
                users.append(user)
                told(len(users))
        return users

    @contextmanager
    def instantly(self) -> Iterator[None]:
        """Every transaction gets its block at once; afterwards blocks come with the clock again."""
        self.chain.set_automine(True)
        try:
            yield
        finally:
            self.chain.rpc.call("evm_setIntervalMining", int(BLOCK_SECONDS))

    def close(self) -> None:
        """Stop the chain; it writes its state file."""
        self.anvil.stop()
        os.close(self._lock)


def _claim_chain(folder: Path) -> int:
    """The right to run the chain of a directory: a locked file descriptor, for anvil to keep open too.

    So it ends when anvil does: after a node was killed, the next one waits until the chain's state is written. `Fault`
    names the process when a node runs there.
    """
    directory = DataDirectory(folder)
    directory.create()
    DirectoryLock(directory).release()
    descriptor = os.open(folder / CHAIN_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    end = time.monotonic() + CHAIN_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() > end:
                os.close(descriptor)
                raise Fault(f"the development chain of {folder} still runs; stop the process that uses it") from error
            time.sleep(0.02)
        else:
            return descriptor

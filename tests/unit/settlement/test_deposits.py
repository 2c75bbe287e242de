"""The deposit watcher: in order, each once, and true to a chain that changes its mind."""

from __future__ import annotations

import pytest

from kedge.settlement import DepositWatcher
from kedge.units.errors import Broken
from tests.unit.settlement.devnet import Devnet


def deposit_again(net: Devnet, user: int, amount: int) -> None:
    """A deposit by somebody who holds coins and has approved."""
    net.chain.transact(net.users[user], net.vault.address, net.vault.deposit_call(amount))


@pytest.fixture
def funded(devnet: Devnet) -> Devnet:
    for user in devnet.users:
        devnet.chain.transact(user, devnet.token.address, devnet.token.mint_call(user.address, 10**9))
        devnet.chain.transact(user, devnet.token.address, devnet.token.approve_call(devnet.vault.address))
    return devnet


def test_deposits_arrive_in_order_and_once(funded: Devnet) -> None:
    watcher = DepositWatcher(funded.chain, funded.deployment)
    assert watcher.poll() == []
    deposit_again(funded, 1, 5)
    deposit_again(funded, 0, 6)
    found = watcher.poll()
    assert [(d.index, d.account, d.amount) for d in found] == [(0, 2, 5), (1, 3, 6)]
    assert found[0].owner == funded.users[1].address
    assert watcher.poll() == []
    deposit_again(funded, 1, 7)
    assert [(d.index, d.account, d.amount) for d in watcher.poll()] == [(2, 2, 7)]
    assert watcher.next_index == 3
    assert funded.vault.account_of(funded.users[1].address) == 2


def test_a_restarted_watcher_skips_what_was_consumed(funded: Devnet) -> None:
    for amount in (5, 6, 7):
        deposit_again(funded, 0, amount)
    assert [d.index for d in DepositWatcher(funded.chain, funded.deployment, start=2).poll()] == [2]


def test_confirmations_are_waited_for(funded: Devnet) -> None:
    watcher = DepositWatcher(funded.chain, funded.deployment, confirmations=2)
    deposit_again(funded, 0, 5)
    assert watcher.poll() == []
    funded.chain.mine()
    assert watcher.poll() == []
    funded.chain.mine()
    assert [d.index for d in watcher.poll()] == [0]


def test_an_unseen_deposit_may_disappear(funded: Devnet) -> None:
    watcher = DepositWatcher(funded.chain, funded.deployment, confirmations=1)
    deposit_again(funded, 0, 5)
    assert watcher.poll() == []
    funded.chain.reorganise(1)
    deposit_again(funded, 0, 6)
    funded.chain.mine()
    assert [d.amount for d in watcher.poll()] == [6]


def test_a_credited_deposit_may_come_back_in_another_block(funded: Devnet) -> None:
    watcher = DepositWatcher(funded.chain, funded.deployment)
    deposit_again(funded, 0, 5)
    assert len(watcher.poll()) == 1
    funded.chain.reorganise(1)
    assert watcher.poll() == []
    funded.chain.mine()
    deposit_again(funded, 0, 5)
    assert watcher.poll() == []
    deposit_again(funded, 1, 8)
    assert [(d.index, d.amount) for d in watcher.poll()] == [(1, 8)]


def test_a_credited_deposit_that_changes_stops_the_node(funded: Devnet) -> None:
    watcher = DepositWatcher(funded.chain, funded.deployment)
    deposit_again(funded, 0, 5)
    assert len(watcher.poll()) == 1
    funded.chain.reorganise(1)
    deposit_again(funded, 1, 5)
    with pytest.raises(Broken, match="replaced deposit 0"):
        watcher.poll()

"""The same way with the real rules: engine, program and tree, from a deposit on L1 to the state rebuilt from L1."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kedge.batching import (
    Chunk,
    Schema,
    collect_messages,
    compute_batch,
    encode,
    owner_words,
)
from kedge.rules import program
from kedge.settlement import (
    AnchorClient,
    AnchorJournal,
    DepositWatcher,
    Settlement,
    Vault,
    deploy,
    reconstruct_from_chain,
    withdraw,
)
from tests.unit.batching.world import START
from tests.unit.settlement.devnet import WINDOW, Devnet, anvil, devnet, learn, parameters

native = pytest.importorskip("kedge._native", reason="the native engine is not built")

__all__ = ["anvil", "devnet"]


class Exchange:
    """The native engine with the events of the chunk under way."""

    def __init__(self) -> None:
        self.engine = native.Engine(native.Program(program().data))
        self.events: list[tuple[str, list[int]]] = []
        self.number = 1
        self.now = START

    def submit(self, step: str, *args: int) -> None:
        code, events, _ = self.engine.submit(step, list(args))
        assert code == 0, (step, code)
        self.events += events

    def seal(self) -> Chunk:
        self.now += 1000
        self.submit("window_update", self.now, START)
        sealed, (deposits, withdrawals) = self.engine.seal(), collect_messages(self.events)
        chunk = Chunk(
            self.number, sealed.old_root, sealed.new_root, sealed.touched, deposits, withdrawals, self.now, START
        )
        self.number, self.events = self.number + 1, []
        return chunk


def test_the_real_exchange_comes_back_from_l1(devnet: Devnet, tmp_path: Path) -> None:
    traced, exchange, (alice, bob) = program(), Exchange(), devnet.users
    genesis = native.Tree().root()
    values = replace(parameters(devnet.operator, devnet.world), program=traced.digest, genesis_root=genesis)
    place = deploy(devnet.chain, devnet.operator, devnet.token.address, values)
    devnet.vault = Vault(devnet.chain, place.vault)
    contract = Settlement(devnet.chain, place.settlement)
    client = AnchorClient(devnet.chain, devnet.operator, place, AnchorJournal(tmp_path / "anchor.sqlite"))

    devnet.deposit(alice, 5_000_000)
    devnet.deposit(bob, 3_000_000)
    for paid_in in DepositWatcher(devnet.chain, place).poll():
        owner = owner_words(paid_in.owner)
        exchange.submit("deposit", paid_in.index, paid_in.account, paid_in.amount, *owner)
    chunks = [exchange.seal()]
    exchange.submit("withdraw", 2, 1_500_000)
    exchange.submit("withdraw", 3, 3_000_000)
    chunks.append(exchange.seal())
    exchange.submit("withdraw", 2, 1)
    schema = Schema.parse(traced.data)[0]
    for part in (chunks, [exchange.seal()]):
        batch = compute_batch(part, traced.digest, client.last_header)
        client.enqueue(batch.header, encode(batch, schema))
    client.run_until_idle()

    state = reconstruct_from_chain(
        devnet.chain, place.settlement, traced.data, native.Tree(), native.poseidon2, first_block=place.block
    )
    assert state.root == exchange.engine.root() == contract.root()
    assert sorted((where, list(words)) for where, words in state.records.items()) == exchange.engine.entries()
    devnet.chain.advance(WINDOW)
    learn(client)
    for batch_number, items in ((1, state.withdrawals[:2]), (2, state.withdrawals[2:])):
        for item in items:
            withdraw(devnet.vault, devnet.operator, batch_number, items, item.index)
    assert devnet.token.balance_of(alice.address) == 1_500_001
    assert devnet.vault.custody() == 8_000_000 - 4_500_001
    client.journal.close()

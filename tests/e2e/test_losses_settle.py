"""A price gap leaves an account with less than nothing: account, fund and other side bear it, and all is paid out."""

from __future__ import annotations

from pathlib import Path

from kedge._native import Tree, poseidon2
from kedge.machine import address_of
from kedge.node import Devnet, Keeper, Node, NodeOptions
from kedge.rules import DEPOSITS, EXCHANGE, FUND, Account, Position, Queue, program
from kedge.sequencer import Origin, Transaction
from kedge.settlement import reconstruct_from_chain
from kedge.venue import Market, MarketTerms
from tests.e2e.harness import QUICK_TERMS, need_anvil, until
from tests.unit.rules.world import World

COIN = 10**6
SHORT, BANKRUPT, LONG = 2, 3, 4
STAKES = {SHORT: 20_000 * COIN, BANKRUPT: 2_000 * COIN, LONG: 10_000 * COIN}
MARK, FALLEN = 600_000, 480_000
MARKET = Market(0, "BTC-PERP", 1, MARK, MarketTerms(minimum=1, maker_fee=200, taker_fee=500, floor=50_000))
OPTIONS = NodeOptions(chunk_ms=700, anchor_seconds=0.5, upkeep_ms=200)
BUY, SELL, IOC = 0, 1, 1


def order(account: int, slot: int, side: int, price: int, size: int, terms: int = IOC) -> Transaction:
    return Transaction("place", (account, slot, 0, side, price, size, terms, 0, 0))


def send(node: Node, *work: Transaction) -> None:
    receipts = node.submit(work)
    assert all(receipt.accepted for receipt in receipts), receipts


def trade(node: Node) -> None:
    """Account 2 sells 30,000 lots, 20,000 of them to account 3; the price falls by a fifth."""
    send(node, Transaction(*MARKET.opening()), Transaction("margin_update", (0,)))
    send(node, order(SHORT, 0, SELL, MARK, 30_000, 0))
    send(node, order(BANKRUPT, 0, BUY, MARK, 20_000), order(LONG, 0, BUY, MARK, 10_000))
    send(node, Transaction("oracle_price", (0, FALLEN)))


def leave(node: Node) -> int:
    """Who is left trades with each other, and takes out all that there is; returns that."""
    send(node, Transaction("oracle_price", (0, FALLEN)))
    send(node, order(LONG, 1, SELL, FALLEN, 10_000, 0), order(SHORT, 1, BUY, FALLEN, 10_000))
    paid = 0
    for account in STAKES:
        if amount := node.get(address_of(Account, account))[0]:
            receipts = node.submit([Transaction("withdraw", (account, amount))], Origin.USER)
            assert receipts[0].accepted, receipts
            paid += amount
    return paid


def test_a_gap_runs_through_account_fund_and_the_other_side(tmp_path: Path) -> None:
    need_anvil()
    devnet = Devnet(tmp_path, QUICK_TERMS)
    try:
        devnet.fund(list(STAKES.values()))
        node = Node(tmp_path, devnet.chain, devnet.operator, devnet.place, OPTIONS)
        keeper = Keeper(node, lambda: True, 60.0)
        try:
            keeper.start()
            until("deposits are in", lambda: node.get(address_of(Queue, EXCHANGE, DEPOSITS))[0] == len(STAKES))
            trade(node)
            until("the keeper has deleveraged", lambda: node.get(address_of(Position, BANKRUPT))[0] == 0)
            world = World.of(node.sequencer.read(lambda engine: engine.entries()))
            world.check()
            assert world.equity(BANKRUPT) == world.get(Account, FUND).collateral == 0
            assert world.pool(0).size == 20_000
            send(node, Transaction("adjust", (SHORT, 0)))
            assert node.get(address_of(Position, SHORT))[0] == -10_000
            paid = leave(node)
            fees = node.get(address_of(Account, FUND))[0]
            world = World.of(node.sequencer.read(lambda engine: engine.entries()))
            assert world.pool(0).size == 0
            assert 0 <= sum(STAKES.values()) - paid - fees == -world.pool(0).cost < 20_000
            keeper.close()
            node.sequencer.seal()
            until("all is anchored", lambda: not node.prover.pending and node.anchoring.is_anchored, 120.0)
            node.check()
            assert keeper.failure is None
            contract = devnet.place.deployment.settlement
            rebuilt = reconstruct_from_chain(devnet.chain, contract, program().data, Tree(), poseidon2)
            assert rebuilt.records[address_of(Account, SHORT)][0] == 0
        finally:
            keeper.close()
            node.close()
    finally:
        devnet.close()

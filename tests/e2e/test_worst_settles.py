"""What froze settlement for good in version 1, against a whole node on a development chain: everything settles."""

from __future__ import annotations

from pathlib import Path

from kedge._native import Tree, poseidon2
from kedge.machine import BATCH_BYTES, address_of
from kedge.node import Devnet, Node, NodeOptions
from kedge.rules import BOND, DEPOSITS, EXCHANGE, Queue, program
from kedge.sequencer import Origin, Receipt, Transaction
from kedge.settlement import Tier, reconstruct_from_chain
from tests.e2e.harness import QUICK_TERMS, VOLATILE, need_anvil, until

USERS, SLOTS = 26, 1_000
SELL, BUY, GTC, IOC = 1, 0, 0, 1
OPTIONS = NodeOptions(chunk_ms=None, anchor_seconds=0.5)


def place(account: int, slot: int, side: int, terms: int) -> Transaction:
    return Transaction("place", (account, slot, 0, side, 600_000, 1, terms, 0, 0))


def send(node: Node, work: list[Transaction]) -> list[Receipt]:
    """With a clock and a margin rate that are new."""
    node.submit([*node.due(), Transaction("margin_update", (0,))])
    receipts = node.submit(work, Origin.USER)
    assert all(receipt.accepted for receipt in receipts)
    return receipts


def settle(node: Node) -> None:
    def is_settled() -> bool:
        node.check()
        return not node.prover.pending and node.anchoring.is_anchored

    node.sequencer.seal()
    until("everything is anchored", is_settled, 240.0)
    assert node.anchoring.trouble == ""


def attack(node: Node) -> None:
    """26 accounts with nothing but their bonds and one quote fill their slots and let all of it lapse, while no batch
    goes out; then a taker removes as many orders as an order may, seven times in a row: more than six blobs hold, in
    one chunk of version 1.
    """
    node.submit([*node.due(), Transaction(*VOLATILE[0].opening())])
    until("deposits are in", lambda: node.get(address_of(Queue, EXCHANGE, DEPOSITS))[0] == USERS + 1)
    node.anchoring.policy.pause()
    for user in range(USERS):
        send(node, [place(2 + user, slot, SELL, GTC) for slot in range(SLOTS)])
    node.sequencer.seal()
    until("27 chunks wait", lambda: len(node.anchoring._ready()) >= 27, 240.0)
    send(node, [Transaction("cancel_all", (2 + user,)) for user in range(USERS)])
    takers = send(node, [place(2 + USERS, 0, BUY, IOC)] * 7)
    assert len({receipt.chunk for receipt in takers}) > 1
    node.anchoring.policy.resume()


def test_users_with_next_to_nothing_and_a_long_pause_stop_nothing(tmp_path: Path) -> None:
    need_anvil()
    devnet = Devnet(tmp_path, QUICK_TERMS)
    try:
        devnet.fund([SLOTS * BOND + 1] * (USERS + 1))
        node = Node(tmp_path, devnet.chain, devnet.operator, devnet.place, OPTIONS)
        try:
            attack(node)
            settle(node)
            batches, head = node.journal.batch_count(), node.heights()[Tier.ANCHORED] or 0
            assert 2 <= batches < head
            data = [node.journal.data(number) for number in range(1, batches + 1)]
            assert all(item is not None and len(item) <= BATCH_BYTES for item in data)
            root = node.root
        finally:
            node.close()
        again = Node(tmp_path, devnet.chain, devnet.operator, devnet.place, OPTIONS)
        try:
            send(again, [Transaction("cancel_all", (2,))])
            settle(again)
            assert again.heights()[Tier.ANCHORED] == head + 1
            assert root != again.root
            contract = devnet.place.deployment.settlement
            rebuilt = reconstruct_from_chain(devnet.chain, contract, program().data, Tree(), poseidon2)
            assert rebuilt.root == again.root
        finally:
            again.close()
    finally:
        devnet.close()

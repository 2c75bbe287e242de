"""What the scenarios of refused transactions share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kedge.batching import Header, Withdrawal
from kedge.settlement import Transaction
from tests.unit.settlement.devnet import BOND, Devnet

Scenario = Callable[[Devnet], object]
SCENARIOS: dict[int, list[Scenario]] = {}
BLOB = (b"\x01" + bytes(31),)


def trips(code: int) -> Callable[[Scenario], Scenario]:
    def register(scenario: Scenario) -> Scenario:
        SCENARIOS.setdefault(code, []).append(scenario)
        return scenario

    return register


def attempt(
    net: Devnet, to: bytes, data: bytes, *, sender: bytes | None = None, value: int = 0, blobs: tuple[bytes, ...] = ()
) -> int:
    """The gas of a transaction that would work; Rejected if it would not."""
    tx = Transaction(net.chain.chain_id, 0, to, value, data, 0, net.chain.fees(bool(blobs)), blobs)
    return net.chain.estimate(tx, sender or net.operator.address)


def submit(net: Devnet, header: Header | None = None, **changes: object) -> int:
    """Submit the next batch with some fields of its header changed."""
    base = header or net.world.batch().header
    changed = replace(base, **changes)  # type: ignore[arg-type]
    return attempt(net, net.settlement.address, net.settlement.submit_call(changed), value=BOND, blobs=BLOB)


def owing(net: Devnet, *amounts: int) -> list[Withdrawal]:
    """A final batch 1 that owes alice these amounts."""
    alice = net.users[0]
    net.deposit(alice, 1000)
    items = net.world.owe(*[(2, alice.address, amount) for amount in amounts])
    net.submit(net.world.batch(net.world.seal(net.deposits(), items)))
    net.finalize(1)
    return items


def withdraw(net: Devnet, item: Withdrawal, proof: list[bytes], batch: int = 1) -> int:
    return attempt(net, net.vault.address, net.vault.withdraw_call(batch, item, proof))

"""Transactions that the vault refuses, by number."""

from __future__ import annotations

from dataclasses import replace

from kedge.batching import Withdrawal, prove_withdrawal, withdrawals_root
from kedge.settlement import Chain, Wallet, deploy, load_artifact
from kedge.settlement.chain import to_hex
from kedge.units.errors import Rejected
from tests.adversarial.settlement.scenarios import Scenario, attempt, owing, trips, withdraw
from tests.unit.settlement.devnet import Devnet, parameters


class Hostile:
    """The vault with a token that behaves as told."""

    def __init__(self, net: Devnet, mood: int, callback: bytes = b"", decimals: int = 6) -> None:
        self.artifact = load_artifact("MockHostileToken")
        self.chain: Chain = net.chain
        self.user: Wallet = net.users[0]
        created = net.chain.transact(self.user, None, self.artifact.creation()).created
        assert created is not None
        self.token = created
        if decimals != 6:
            self.set(0, b"", decimals)
        deployment = deploy(net.chain, net.operator, self.token, parameters(net.operator, net.world))
        self.vault = deployment.vault
        self.chain.transact(self.user, self.token, self.artifact.call("mint", to_hex(self.user.address), 10**6))
        self.set(mood, callback)

    def set(self, mood: int, callback: bytes, decimals: int = 6) -> None:
        self.chain.transact(self.user, self.token, self.artifact.call("set", decimals, mood, callback))

    def deposit(self, net: Devnet) -> None:
        self.chain.transact(self.user, self.vault, net.vault.deposit_call(1000))


HONEST, TAKES_FEE, RETURNS_FALSE, RETURNS_NOTHING, CALLS_BACK = range(5)


@trips(1151)
def token_with_18_decimals(net: Devnet) -> None:
    Hostile(net, HONEST, decimals=18)


@trips(1152)
def deposit_nothing(net: Devnet) -> None:
    attempt(net, net.vault.address, net.vault.deposit_call(0))


@trips(1152)
def deposit_too_much(net: Devnet) -> None:
    attempt(net, net.vault.address, net.vault.deposit_call(2**59))


@trips(1153)
def fill_the_vault(net: Devnet) -> None:
    net.deposit(net.users[0], 2**59 - 1)
    net.deposit(net.users[1], 1)


@trips(1154)
def last_account(net: Devnet) -> None:
    word = (2**24 << 64).to_bytes(32)
    net.chain.rpc.call("anvil_setStorageAt", to_hex(net.vault.address), to_hex(bytes(32)), to_hex(word))
    net.deposit(net.users[0], 1)


@trips(1155)
def token_with_a_fee(net: Devnet) -> None:
    Hostile(net, TAKES_FEE).deposit(net)


@trips(1156)
def token_says_no(net: Devnet) -> None:
    Hostile(net, RETURNS_FALSE).deposit(net)


@trips(1156)
def deposit_without_approval(net: Devnet) -> None:
    attempt(net, net.vault.address, net.vault.deposit_call(1))


@trips(1157)
def token_calls_back(net: Devnet) -> None:
    hostile = Hostile(net, CALLS_BACK, net.vault.deposit_call(1))
    hostile.deposit(net)
    (answer,) = hostile.artifact.result("answer", net.chain.call(hostile.token, hostile.artifact.call("answer")))
    raise Rejected(int.from_bytes(answer[4:]), "inner")


@trips(1158)
def withdraw_before_final(net: Devnet) -> None:
    alice = net.users[0]
    net.deposit(alice, 1000)
    items = net.world.owe((2, alice.address, 10))
    net.submit(net.world.batch(net.world.seal(net.deposits(), items)))
    withdraw(net, items[0], [])


@trips(1159)
def withdraw_another_batch(net: Devnet) -> None:
    items = owing(net, 10)
    withdraw(net, replace(items[0], index=1), [])


@trips(1159)
def withdraw_from_a_batch_without_any(net: Devnet) -> None:
    net.submit(net.world.batch())
    net.finalize(1)
    withdraw(net, Withdrawal(0, 2, net.users[0].address, 1), [])


@trips(1160)
def withdraw_twice(net: Devnet) -> None:
    items = owing(net, 10, 20)
    proof = prove_withdrawal(items, 0)
    net.chain.transact(net.users[1], net.vault.address, net.vault.withdraw_call(1, items[0], proof))
    withdraw(net, items[0], proof)


def forge(change: dict[str, object]) -> Scenario:
    def scenario(net: Devnet) -> None:
        items = owing(net, 10, 20, 30)
        withdraw(net, replace(items[1], **change), prove_withdrawal(items, 1))  # type: ignore[arg-type]

    return scenario


FORGERIES: list[dict[str, object]] = [{"index": 0}, {"account": 3}, {"owner": bytes(20)}, {"amount": 21}]
for forged in FORGERIES:
    trips(1161)(forge(forged))


@trips(1161)
def withdraw_with_a_longer_proof(net: Devnet) -> None:
    items = owing(net, 10, 20, 30)
    withdraw(net, items[2], [*prove_withdrawal(items, 2), bytes(32)])


@trips(1161)
def withdraw_with_a_shorter_proof(net: Devnet) -> None:
    items = owing(net, 10, 20, 30)
    withdraw(net, items[2], prove_withdrawal(items, 2)[:1])


@trips(1161)
def withdraw_an_inner_node(net: Devnet) -> None:
    items = owing(net, 10)
    root = withdrawals_root(items)
    withdraw(net, items[0], [root])


@trips(1162)
def withdraw_more_than_there_is(net: Devnet) -> None:
    items = owing(net, 1001)
    withdraw(net, items[0], [])

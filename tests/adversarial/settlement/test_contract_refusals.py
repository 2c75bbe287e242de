"""Every numbered refusal of the contracts, tripped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from kedge.settlement import Parameters, deploy, load_codes
from kedge.settlement.chain import to_hex
from kedge.units.errors import Rejected
from tests.adversarial.settlement.scenarios import BLOB, SCENARIOS, attempt, owing, submit, trips
from tests.adversarial.settlement.vault_scenarios import RETURNS_NOTHING, Hostile
from tests.unit.batching.world import DIGEST, START
from tests.unit.settlement.devnet import BOND, ETHER, WINDOW, Devnet, parameters


@trips(1101)
def not_operator(net: Devnet) -> None:
    data = net.settlement.submit_call(net.world.batch().header)
    attempt(net, net.settlement.address, data, sender=net.users[0].address, value=BOND, blobs=BLOB)


@trips(1102)
def submit_without_bond(net: Devnet) -> None:
    data = net.settlement.submit_call(net.world.batch().header)
    attempt(net, net.settlement.address, data, value=BOND - 1, blobs=BLOB)


@trips(1102)
def challenge_with_too_much(net: Devnet) -> None:
    net.submit(net.world.batch())
    attempt(net, net.settlement.address, net.settlement.challenge_call(1), value=BOND + 1)


def challenged(net: Devnet, number: int, batches: int) -> None:
    for _ in range(batches):
        net.submit(net.world.batch())
    net.chain.transact(net.users[1], net.settlement.address, net.settlement.challenge_call(number), BOND)


@trips(1103)
def submit_on_frozen(net: Devnet) -> None:
    challenged(net, 1, 1)
    submit(net)


@trips(1103)
def finalize_after_frozen(net: Devnet) -> None:
    challenged(net, 1, 2)
    net.finalize(2)


@trips(1104)
def skip_a_number(net: Devnet) -> None:
    submit(net, number=2)


@trips(1105)
def another_old_root(net: Devnet) -> None:
    submit(net, old_root=b"\x01" * 32)


@trips(1106)
def another_program(net: Devnet) -> None:
    submit(net, program=b"\x01" * 32)


@trips(1107)
def skip_a_chunk(net: Devnet) -> None:
    submit(net, first_chunk=2, last_chunk=2)


@trips(1107)
def empty_range(net: Devnet) -> None:
    submit(net, last_chunk=0)


@trips(1107)
def endless_range(net: Devnet) -> None:
    submit(net, last_chunk=2**64 - 1)


@trips(1108)
def consume_unreceived(net: Devnet) -> None:
    submit(net, deposits=1)


@trips(1108)
def take_back_consumed(net: Devnet) -> None:
    net.deposit(net.users[0], 1)
    net.submit(net.world.batch(net.world.seal(net.deposits())))
    submit(net, deposits=0)


@trips(1109)
def another_deposit_chain(net: Devnet) -> None:
    submit(net, deposit_chain=b"\x01" * 32)


@trips(1110)
def withdrawals_without_root(net: Devnet) -> None:
    submit(net, withdrawals=1)


@trips(1110)
def root_without_withdrawals(net: Devnet) -> None:
    submit(net, withdrawals_root=b"\x01" * 32)


@trips(1110)
def too_many_withdrawals(net: Devnet) -> None:
    submit(net, withdrawals=2**16 + 1, withdrawals_root=b"\x01" * 32)


@trips(1110)
def withdrawals_shrink(net: Devnet) -> None:
    owing(net, 1)
    submit(net, withdrawals=0)


@trips(1111)
def clock_backwards(net: Devnet) -> None:
    submit(net, clock=START - 1)


@trips(1111)
def clock_ahead(net: Devnet) -> None:
    submit(net, clock=(net.chain.tip().timestamp + 7200) * 1000)


@trips(1112)
def understate_the_window(net: Devnet) -> None:
    submit(net, anchored=START + 1)


@trips(1113)
def no_blob(net: Devnet) -> None:
    attempt(net, net.settlement.address, net.settlement.submit_call(net.world.batch().header), value=BOND)


@trips(1114)
def challenge_nothing(net: Devnet) -> None:
    attempt(net, net.settlement.address, net.settlement.challenge_call(1), value=BOND)


@trips(1114)
def finalize_twice(net: Devnet) -> None:
    net.submit(net.world.batch())
    net.finalize(1)
    attempt(net, net.settlement.address, net.settlement.finalize_call(1))


@trips(1114)
def challenge_a_final_batch(net: Devnet) -> None:
    net.submit(net.world.batch())
    net.finalize(1)
    attempt(net, net.settlement.address, net.settlement.challenge_call(1), value=BOND)


@trips(1115)
def challenge_late(net: Devnet) -> None:
    net.submit(net.world.batch())
    net.chain.advance(WINDOW + 1)
    attempt(net, net.settlement.address, net.settlement.challenge_call(1), value=BOND)


@trips(1116)
def finalize_early(net: Devnet) -> None:
    net.submit(net.world.batch())
    attempt(net, net.settlement.address, net.settlement.finalize_call(1))


@trips(1117)
def challenge_twice(net: Devnet) -> None:
    challenged(net, 1, 1)
    attempt(net, net.settlement.address, net.settlement.challenge_call(1), value=BOND)


@trips(1118)
def claim_nothing(net: Devnet) -> None:
    attempt(net, net.settlement.address, net.settlement.claim_call())


@trips(1119)
def claim_by_a_contract_without_pocket(net: Devnet) -> None:
    slot = keccak(net.token.address.rjust(32, b"\0") + (4).to_bytes(32))
    where = to_hex(net.settlement.address)
    net.chain.rpc.call("anvil_setStorageAt", where, to_hex(slot), to_hex((ETHER).to_bytes(32)))
    net.chain.set_balance(net.settlement.address, ETHER)
    assert net.settlement.claimable(net.token.address) == ETHER
    attempt(net, net.settlement.address, net.settlement.claim_call(), sender=net.token.address)


@pytest.mark.parametrize(
    "change",
    [
        {"operator": bytes(20)},
        {"challenge_window": 0},
        {"challenge_window": 365 * 86400 + 1},
        {"genesis_clock": 2**42},
        {"clock_drift": 2**42},
    ],
)
def test_deployment_with_a_bad_parameter_is_refused(devnet: Devnet, change: dict[str, object]) -> None:
    values: Parameters = replace(parameters(devnet.operator, devnet.world), **change)  # type: ignore[arg-type]
    with pytest.raises(Rejected) as refused:
        deploy(devnet.chain, devnet.operator, devnet.token.address, values)
    assert refused.value.code == 1120


@pytest.mark.parametrize("code", sorted(SCENARIOS))
def test_refusal(devnet: Devnet, code: int) -> None:
    for scenario in SCENARIOS[code]:
        snapshot = devnet.chain.snapshot()
        fresh = Devnet(devnet.chain)
        with pytest.raises(Rejected) as refused:
            scenario(fresh)
        assert refused.value.code == code, scenario
        devnet.chain.revert(snapshot)


def test_every_numbered_refusal_is_tripped() -> None:
    assert {*SCENARIOS, 1120} == set(load_codes())


def test_a_token_that_returns_nothing_works(devnet: Devnet) -> None:
    Hostile(devnet, RETURNS_NOTHING).deposit(devnet)


def test_a_batch_that_holds_would_be_accepted(devnet: Devnet) -> None:
    assert submit(devnet) > 0
    assert devnet.settlement.program() == DIGEST

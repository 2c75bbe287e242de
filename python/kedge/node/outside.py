"""Settling on an L1 that somebody else runs: the operator's key, and contracts that are there or are deployed now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kedge.node.devnet import L1Terms, deploy_place
from kedge.node.place import Place, load_place, save_place
from kedge.node.refusals import BAD_OPERATOR_KEY, BAD_SETTLEMENT
from kedge.rules import program
from kedge.settlement import Chain, Deployment, Settlement, Vault, Wallet
from kedge.units.errors import Fault


@dataclass(frozen=True, slots=True)
class Footing:
    """What a node stands on: a chain, the operator's key, and the contracts with their clock of genesis."""

    chain: Chain
    operator: Wallet
    place: Place


def read_key(text: str | None) -> Wallet:
    """The operator's wallet from 64 hexadecimal digits; the refusal never repeats them."""
    digits = (text or "").strip().removeprefix("0x")
    try:
        secret = bytes.fromhex(digits)
        if len(secret) != 32:
            raise ValueError
        return Wallet(secret)
    except ValueError:
        raise BAD_OPERATOR_KEY.reject("it is not set" if text is None else "what it holds is not a key") from None


def deploy_on(folder: Path, chain: Chain, operator: Wallet, token: bytes, terms: L1Terms) -> Footing:
    """Deploy Settlement and Vault for an ERC-20, and keep where they stand in DIR/deployment.json."""
    if load_place(folder) is not None:
        raise BAD_SETTLEMENT.reject(f"{folder} has a deployment already; start without --deploy")
    if not chain.has_code(token):
        raise BAD_SETTLEMENT.reject(f"there is no token at 0x{token.hex()}")
    folder.mkdir(parents=True, exist_ok=True)
    place = deploy_place(chain, operator, token, terms)
    save_place(folder, place)
    return Footing(chain, operator, place)


def settle_on(folder: Path, chain: Chain, operator: Wallet, settlement: bytes | None, first_block: int) -> Footing:
    """Stand on the contracts of DIR/deployment.json, or on those at `settlement` if nothing was anchored there yet.

    BAD_SETTLEMENT says why not: another program, another operator, another history.
    """
    known = load_place(folder)
    if known is None:
        if settlement is None:
            raise BAD_SETTLEMENT.reject(f"{folder} has no deployment yet: name one with --settlement, or use --deploy")
        known = _join(chain, settlement, first_block)
        folder.mkdir(parents=True, exist_ok=True)
    elif settlement not in (None, known.deployment.settlement):
        raise BAD_SETTLEMENT.reject(f"{folder} belongs to 0x{known.deployment.settlement.hex()}")
    place = Place(known.deployment, known.genesis_clock, chain.rpc.url)
    contract = Settlement(chain, place.deployment.settlement)
    if not chain.has_code(place.deployment.settlement):
        raise Fault(f"the L1 has no contract at 0x{place.deployment.settlement.hex()}; check --l1 and --settlement")
    if contract.program() != program().digest:
        raise BAD_SETTLEMENT.reject("it was deployed for another version of the rules")
    if str(contract.read("operator")[0]).lower() != "0x" + operator.address.hex():
        raise BAD_SETTLEMENT.reject("its operator has another key than KEDGE_OPERATOR_KEY")
    save_place(folder, place)
    return Footing(chain, operator, place)


def _join(chain: Chain, settlement: bytes, first_block: int) -> Place:
    """The place of a contract that has accepted no batch: its clock is still that of genesis."""
    if not chain.has_code(settlement):
        raise Fault(f"the L1 has no contract at 0x{settlement.hex()}; check --l1 and --settlement")
    contract = Settlement(chain, settlement)
    head, vault = contract.head(), contract.vault()
    if head.number:
        raise BAD_SETTLEMENT.reject("it has accepted batches already; start the node in the directory that made them")
    token = bytes.fromhex(str(Vault(chain, vault).read("token")[0])[2:])
    return Place(Deployment(chain.chain_id, settlement, vault, token, first_block), head.clock, chain.rpc.url)

"""The contracts as typed objects: what they hold, what they logged, and the data of each call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any, NamedTuple

from kedge.batching import Deposit, Header, Withdrawal
from kedge.settlement.artifacts import Artifact, load_artifact
from kedge.settlement.chain import Chain, Log, to_hex
from kedge.settlement.wallet import Wallet
from kedge.units.errors import Fault

GAS_PER_BLOB = 2**17


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a Settlement contract is made with. Window in seconds, clock and drift in ms, bond in wei."""

    operator: bytes
    program: bytes
    genesis_root: bytes
    genesis_clock: int
    first_chunk: int
    challenge_window: int
    clock_drift: int
    bond: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the contracts stand. `block` is the L1 block of the deployment: nothing of ours is before it."""

    chain_id: int
    settlement: bytes
    vault: bytes
    token: bytes
    block: int

    def as_json(self) -> dict[str, int | str]:
        """Plain values for a file."""
        return {key: to_hex(value) if isinstance(value, bytes) else value for key, value in asdict(self).items()}

    @staticmethod
    def of_json(raw: dict[str, Any]) -> Deployment:
        """The inverse of `as_json`. Raises Fault if the file is not one."""
        try:
            places = [bytes.fromhex(str(raw[name]).removeprefix("0x")) for name in ("settlement", "vault", "token")]
            return Deployment(int(raw["chain_id"]), places[0], places[1], places[2], int(raw["block"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Fault(
                f"the deployment file is damaged ({error}); find the settlement address and deploy file"
            ) from error


class Head(NamedTuple):
    """The contract's counters; `frozen_from` 0 means that no challenge stands."""

    number: int
    final_number: int
    frozen_from: int
    next_chunk: int
    deposits: int
    withdrawals: int
    clock: int


class Submitted(NamedTuple):
    """A BatchSubmitted log."""

    header: Header
    digest: bytes
    blob_hashes: tuple[bytes, ...]
    log: Log


class _Contract:
    """A contract at an address."""

    def __init__(self, chain: Chain, address: bytes, artifact: Artifact) -> None:
        self.chain = chain
        self.address = address
        self.artifact = artifact

    def read(self, function: str, *args: Any) -> tuple[Any, ...]:
        """Call a view function."""
        return self.artifact.result(function, self.chain.call(self.address, self.artifact.call(function, *args)))

    def events(
        self, name: str, first: int, last: int | None, topic: int | None = None
    ) -> Iterator[tuple[Log, dict[str, Any]]]:
        """The logs of an event in blocks first..last (None: the newest), or those with a given first indexed field."""
        topics: list[bytes | None] = [self.artifact.topic(name)]
        if topic is not None:
            topics.append(topic.to_bytes(32))
        end = self.chain.height() if last is None else last
        for log in self.chain.logs(self.address, topics, first, end):
            yield log, self.artifact.event(name, log.topics, log.data)


class Settlement(_Contract):
    """The history of roots. Calls that change it return call data; the anchor client sends them."""

    def __init__(self, chain: Chain, address: bytes) -> None:
        super().__init__(chain, address, load_artifact("Settlement"))

    def head(self) -> Head:
        return Head(*self.read("head"))

    def root(self) -> bytes:
        """The last accepted root."""
        return bytes(self.read("root")[0])

    def genesis_root(self) -> bytes:
        return bytes(self.read("genesisRoot")[0])

    def program(self) -> bytes:
        """The digest of the program whose batches are accepted."""
        return bytes(self.read("programDigest")[0])

    def vault(self) -> bytes:
        return bytes.fromhex(self.read("vault")[0][2:])

    def bond(self) -> int:
        return int(self.read("bond")[0])

    def challenge_window(self) -> int:
        """Seconds."""
        return int(self.read("challengeWindow")[0])

    def digest(self, number: int) -> bytes:
        """The digest stored for a batch: header and blob hashes; zero if there is none."""
        return bytes(self.read("batches", number)[0])

    def claimable(self, owner: bytes) -> int:
        """Wei of free bonds."""
        return int(self.read("claimable", to_hex(owner))[0])

    def submitted(self, first: int, last: int | None = None, number: int | None = None) -> Iterator[Submitted]:
        """The accepted batches in L1 blocks first..last, in order; or the one with this number."""
        for log, fields in self.events("BatchSubmitted", first, last, number):
            yield Submitted(Header(*fields["header"]), fields["digest"], tuple(fields["blobHashes"]), log)

    def finalized(self, first: int, last: int | None = None) -> Iterator[tuple[int, Log]]:
        """The Finalized logs: every batch up to the number became final there."""
        for log, fields in self.events("Finalized", first, last):
            yield fields["number"], log

    def submit_call(self, header: Header) -> bytes:
        return self.artifact.call("submitBatch", header.as_tuple())

    def challenge_call(self, number: int) -> bytes:
        return self.artifact.call("challenge", number)

    def finalize_call(self, number: int) -> bytes:
        return self.artifact.call("finalize", number)

    def claim_call(self) -> bytes:
        return self.artifact.call("claim")


class Vault(_Contract):
    """Custody of the collateral."""

    def __init__(self, chain: Chain, address: bytes) -> None:
        super().__init__(chain, address, load_artifact("Vault"))

    def deposit_count(self) -> int:
        return int(self.read("depositCount")[0])

    def deposit_chain(self, count: int) -> bytes:
        """The Keccak chain hash after this many deposits."""
        return bytes(self.read("depositChain", count)[0])

    def account_of(self, owner: bytes) -> int:
        """The account of an owner on the exchange; 0 before the first deposit."""
        return int(self.read("accountOf", to_hex(owner))[0])

    def custody(self) -> int:
        """Quote held for all."""
        return int(self.read("custody")[0])

    def is_withdrawn(self, index: int) -> bool:
        return bool(self.read("isWithdrawn", index)[0])

    def deposits(self, first: int, last: int | None = None) -> Iterator[tuple[Deposit, Log]]:
        """The deposits received in L1 blocks first..last, in order."""
        for log, fields in self.events("Deposit", first, last):
            owner = bytes.fromhex(fields["owner"][2:])
            yield Deposit(fields["index"], fields["account"], owner, fields["amount"]), log

    def deposit_call(self, amount: int) -> bytes:
        return self.artifact.call("deposit", amount)

    def withdraw_call(self, batch: int, item: Withdrawal, proof: Sequence[bytes]) -> bytes:
        return self.artifact.call(
            "withdraw", batch, (item.index, item.account, to_hex(item.owner), item.amount), list(proof)
        )


class MockCollateral(_Contract):
    """The development coin: anybody can mint it."""

    def __init__(self, chain: Chain, address: bytes) -> None:
        super().__init__(chain, address, load_artifact("MockCollateral"))

    def balance_of(self, owner: bytes) -> int:
        return int(self.read("balanceOf", to_hex(owner))[0])

    def mint_call(self, owner: bytes, amount: int) -> bytes:
        return self.artifact.call("mint", to_hex(owner), amount)

    def approve_call(self, spender: bytes, amount: int = 2**256 - 1) -> bytes:
        return self.artifact.call("approve", to_hex(spender), amount)


def deploy_mock_collateral(chain: Chain, wallet: Wallet) -> bytes:
    """Create the development coin; returns its address."""
    return _create(chain, wallet, load_artifact("MockCollateral").creation())[0]


def deploy(chain: Chain, wallet: Wallet, token: bytes, parameters: Parameters) -> Deployment:
    """Create the Settlement contract, which creates its Vault. A bad parameter or token raises Rejected."""
    values = list(astuple(parameters))
    values[0] = to_hex(parameters.operator)
    data = load_artifact("Settlement").creation(to_hex(token), tuple(values))
    settlement, block = _create(chain, wallet, data)
    return Deployment(chain.chain_id, settlement, Settlement(chain, settlement).vault(), token, block)


def _create(chain: Chain, wallet: Wallet, data: bytes) -> tuple[bytes, int]:
    receipt = chain.transact(wallet, None, data)
    if receipt.created is None:
        raise Fault("the L1 node reports no address for the created contract; check that it is an Ethereum node")
    return receipt.created, receipt.block_number

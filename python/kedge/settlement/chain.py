"""An L1 behind an RPC address: blocks, logs, calls, fees, one-off transactions.

Times are L1 block timestamps in seconds; prices are wei; hashes and addresses are bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kedge.settlement.artifacts import refusal
from kedge.settlement.rpc import Rpc, RpcError
from kedge.settlement.wallet import Fees, Transaction, Wallet, Wrapper
from kedge.units.errors import Fault

LOG_RANGE = 2_000
TIP = 10**9
MIN_BLOB_FEE = 10**3


@dataclass(frozen=True, slots=True)
class Block:
    """A block header as far as we use it."""

    number: int
    hash: bytes
    parent: bytes
    timestamp: int
    base_fee: int


@dataclass(frozen=True, slots=True)
class Log:
    """One log of a contract, with its place."""

    block_number: int
    block_hash: bytes
    tx_hash: bytes
    index: int
    topics: list[bytes]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction. `ok` is false if it reverted."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    ok: bool
    gas_used: int
    gas_price: int
    blob_gas_used: int
    blob_gas_price: int
    created: bytes | None

    @property
    def fee(self) -> int:
        """All wei paid for inclusion."""
        return self.gas_used * self.gas_price + self.blob_gas_used * self.blob_gas_price


def to_hex(data: bytes | int) -> str:
    """Bytes or a quantity in the form that JSON-RPC wants."""
    return hex(data) if isinstance(data, int) else "0x" + data.hex()


def to_bytes(text: str) -> bytes:
    """The inverse of `to_hex` for bytes."""
    return bytes.fromhex(text[2:])


@contextmanager
def _understanding(what: str) -> Iterator[None]:
    """Turns an answer that makes no sense into a Fault."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Fault(f"the L1 node's answer about {what} makes no sense ({error!r}); check the node") from error


class Chain:
    """Any Ethereum node that speaks JSON-RPC. `wrapper` is the sidecar form it takes: "cells" since the Osaka fork."""

    def __init__(self, url: str, wrapper: Wrapper = "cells") -> None:
        self.rpc = Rpc(url)
        self.wrapper: Wrapper = wrapper

    @cached_property
    def chain_id(self) -> int:
        """The chain's number, asked once."""
        return self._quantity("eth_chainId")

    def height(self) -> int:
        """The number of the newest block."""
        return self._quantity("eth_blockNumber")

    def block(self, which: int | str = "latest") -> Block | None:
        """A block by number or tag, or None if the chain has none there."""
        raw = self.rpc.call("eth_getBlockByNumber", to_hex(which) if isinstance(which, int) else which, False)
        if raw is None:
            return None
        with _understanding("a block"):
            return _block(raw)

    def tip(self, which: str = "latest") -> Block:
        """The newest block, or the one behind another tag."""
        block = self.block(which)
        if block is None:
            raise Fault(f"the L1 node at {self.rpc.url} has no block `{which}` yet; wait and try again")
        return block

    def nonce(self, address: bytes) -> int:
        """How many transactions of this address are in the chain."""
        return self._quantity("eth_getTransactionCount", to_hex(address), "latest")

    def has_code(self, address: bytes) -> bool:
        """Whether a contract stands at this address."""
        return bool(self.rpc.call("eth_getCode", to_hex(address), "latest") != "0x")

    def call(self, to: bytes, data: bytes, block: int | str = "latest") -> bytes:
        """The result of a read-only call. A revert by our contracts raises Rejected with their number."""
        where = to_hex(block) if isinstance(block, int) else block
        answer = self._checked("eth_call", {"to": to_hex(to), "data": to_hex(data)}, where)
        with _understanding("a call"):
            return to_bytes(answer)

    def estimate(self, tx: Transaction, sender: bytes) -> int:
        """Gas that the transaction would use now. A revert by our contracts raises Rejected with their number."""
        request = {"from": to_hex(sender), "value": to_hex(tx.value), "data": to_hex(tx.data)}
        if tx.to is not None:
            request["to"] = to_hex(tx.to)
        blobs: dict[str, Any] = {}
        if tx.blob_hashes:
            blobs["blobVersionedHashes"] = [to_hex(item) for item in tx.blob_hashes]
            blobs["maxFeePerBlobGas"] = to_hex(tx.fees.blob_fee)
        answer = self._checked("eth_estimateGas", request | blobs)
        with _understanding("gas"):
            return int(answer, 16)

    def fees(self, with_blobs: bool = False) -> Fees:
        """Prices with room for several full blocks: twice the base fees of the next one, plus the tip."""
        blob_fee = 0
        if with_blobs:
            blob_fee = max(2 * self._quantity("eth_blobBaseFee"), MIN_BLOB_FEE)
        following = self.block("pending") or self.tip()
        return Fees(2 * following.base_fee + TIP, TIP, blob_fee)

    def send_raw(self, raw: bytes) -> None:
        """Give signed bytes to the node; a node that has them already is fine."""
        try:
            self.rpc.call("eth_sendRawTransaction", to_hex(raw))
        except RpcError as error:
            if "already" not in str(error):
                raise

    def is_known(self, tx_hash: bytes) -> bool:
        """Whether the node has the transaction, waiting or mined."""
        return self.rpc.call("eth_getTransactionByHash", to_hex(tx_hash)) is not None

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """The receipt of a mined transaction, or None."""
        raw = self.rpc.call("eth_getTransactionReceipt", to_hex(tx_hash))
        if raw is None:
            return None
        with _understanding("a transaction"):
            return _receipt(tx_hash, raw)

    def logs(self, address: bytes, topics: list[bytes | None], first: int, last: int) -> Iterator[Log]:
        """The logs of a contract in blocks first..last, in order, asked for in pages."""
        wanted = [to_hex(topic) if topic is not None else None for topic in topics]
        for start in range(first, last + 1, LOG_RANGE):
            end = min(start + LOG_RANGE - 1, last)
            page = {"address": to_hex(address), "topics": wanted, "fromBlock": to_hex(start), "toBlock": to_hex(end)}
            answer = self.rpc.call("eth_getLogs", page)
            with _understanding("logs"):
                found = sorted(map(_log, answer), key=lambda log: (log.block_number, log.index))
            yield from found

    def send(self, wallet: Wallet, to: bytes | None, data: bytes, value: int = 0, nonce: int | None = None) -> bytes:
        """Sign and send one plain transaction; returns its hash at once. For senders with one transaction at a time."""
        number = self.nonce(wallet.address) if nonce is None else nonce
        draft = Transaction(self.chain_id, number, to, value, data, 0, self.fees())
        gas = self.estimate(draft, wallet.address) * 5 // 4
        signed = wallet.sign(Transaction(self.chain_id, number, to, value, data, gas, draft.fees))
        self.send_raw(signed.raw)
        return signed.hash

    def wait(self, tx_hash: bytes, timeout: float = 30.0, sleep: Callable[[float], None] = time.sleep) -> Receipt:
        """The receipt, once there is one; Fault after `timeout` seconds or if the transaction reverted."""
        deadline = time.monotonic() + timeout
        pause = 0.002
        while (receipt := self.receipt(tx_hash)) is None:
            if time.monotonic() > deadline:
                raise Fault(f"transaction {to_hex(tx_hash)} is not mined after {timeout} s; the node may have stopped")
            sleep(pause)
            pause = min(pause * 2, 0.25)
        if not receipt.ok:
            raise Fault(f"transaction {to_hex(tx_hash)} reverted in block {receipt.block_number}")
        return receipt

    def transact(self, wallet: Wallet, to: bytes | None, data: bytes, value: int = 0) -> Receipt:
        """Send and wait."""
        return self.wait(self.send(wallet, to, data, value))

    def _quantity(self, method: str, *params: Any) -> int:
        answer = self.rpc.call(method, *params)
        with _understanding(method):
            return int(answer, 16)

    def _checked(self, method: str, *params: Any) -> str:
        try:
            return str(self.rpc.call(method, *params))
        except RpcError as error:
            refused = refusal(error.data)
            if refused is None:
                raise
            raise refused from error


def _log(raw: dict[str, Any]) -> Log:
    return Log(
        block_number=int(raw["blockNumber"], 16),
        block_hash=to_bytes(raw["blockHash"]),
        tx_hash=to_bytes(raw["transactionHash"]),
        index=int(raw["logIndex"], 16),
        topics=[to_bytes(topic) for topic in raw["topics"]],
        data=to_bytes(raw["data"]),
    )


def _block(raw: dict[str, Any]) -> Block:
    return Block(
        number=int(raw["number"], 16),
        hash=to_bytes(raw["hash"]) if raw["hash"] else b"",
        parent=to_bytes(raw["parentHash"]),
        timestamp=int(raw["timestamp"], 16),
        base_fee=int(raw.get("baseFeePerGas") or "0x0", 16),
    )


def _receipt(tx_hash: bytes, raw: dict[str, Any]) -> Receipt:
    created = raw.get("contractAddress")
    return Receipt(
        tx_hash=tx_hash,
        block_number=int(raw["blockNumber"], 16),
        block_hash=to_bytes(raw["blockHash"]),
        ok=int(raw["status"], 16) == 1,
        gas_used=int(raw["gasUsed"], 16),
        gas_price=int(raw["effectiveGasPrice"], 16),
        blob_gas_used=int(raw.get("blobGasUsed") or "0x0", 16),
        blob_gas_price=int(raw.get("blobGasPrice") or "0x0", 16),
        created=to_bytes(created) if created else None,
    )

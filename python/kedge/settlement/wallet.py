"""Keys and signed transactions: EIP-1559 (type 2) and EIP-4844 (type 3), encoded here: blobs are committed to once.

A signature is deterministic (RFC 6979): signing the same transaction again gives the same bytes and the same hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import rlp  # type: ignore[import-untyped]
from coincurve import PrivateKey
from eth_utils.crypto import keccak

from kedge.batching import Sidecar, prove_blobs, prove_cells

Wrapper = Literal["blobs", "cells"]


@dataclass(frozen=True, slots=True)
class Fees:
    """Prices in wei per gas: the most for execution, the tip, the most for blob gas (0: no blobs)."""

    max_fee: int
    tip: int
    blob_fee: int = 0


@dataclass(frozen=True, slots=True)
class Transaction:
    """An unsigned transaction; `to` None creates a contract; `blob_hashes` makes it type 3."""

    chain_id: int
    nonce: int
    to: bytes | None
    value: int
    data: bytes
    gas: int
    fees: Fees
    blob_hashes: tuple[bytes, ...] = ()

    @property
    def type(self) -> bytes:
        return b"\x03" if self.blob_hashes else b"\x02"

    def fields(self) -> list[object]:
        """The unsigned body, as RLP wants it."""
        fees = self.fees
        body: list[object] = [self.chain_id, self.nonce, fees.tip, fees.max_fee, self.gas]
        body += [self.to or b"", self.value, self.data, []]
        return [*body, fees.blob_fee, list(self.blob_hashes)] if self.blob_hashes else body


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction: its hash, and the bytes for the network (with the sidecar, for type 3)."""

    hash: bytes
    raw: bytes


class Wallet:
    """One private key. It never leaves this object; `repr` shows the address only."""

    def __init__(self, secret: bytes) -> None:
        self._key = PrivateKey(secret)
        self.address: bytes = keccak(self._key.public_key.format(compressed=False)[1:])[12:]

    def __repr__(self) -> str:
        return f"Wallet(0x{self.address.hex()})"

    def sign(self, tx: Transaction, sidecar: Sidecar | None = None, wrapper: Wrapper = "blobs") -> Signed:
        """Sign; a type 3 transaction needs the sidecar of its blobs (60 ms a blob, 330 ms with cell proofs)."""
        fields = tx.fields()
        signature = self._key.sign_recoverable(keccak(tx.type + rlp.encode(fields)), hasher=None)
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
        body = [*fields, signature[64], r, s]
        payload = tx.type + rlp.encode(body)
        raw = payload if sidecar is None else tx.type + rlp.encode(_wrap(body, sidecar, wrapper))
        return Signed(keccak(payload), raw)


def _wrap(body: Sequence[object], sidecar: Sidecar, wrapper: Wrapper) -> list[object]:
    if wrapper == "cells":
        return [body, 1, list(sidecar.blobs), list(sidecar.commitments), list(prove_cells(sidecar))]
    return [body, list(sidecar.blobs), list(sidecar.commitments), list(prove_blobs(sidecar))]

"""EIP-4844 blobs: bytes in, field elements out; commitments, proofs and versioned hashes.

A blob is 4,096 field elements of 32 bytes. Each carries 31 bytes of ours after a zero byte, so it is always below the
modulus. The stream is a 4-byte length, the data, and zeros to the end of the last blob; as few blobs as possible.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ckzg  # type: ignore[import-not-found]

from kedge.batching.refusals import BAD_BLOB, TOO_LARGE, WRONG_BLOB
from kedge.units.errors import Fault

ELEMENTS, PAYLOAD, MAX_BLOBS = 4096, 31, 6
BLOB_BYTES = ELEMENTS * 32
BLOB_PAYLOAD = ELEMENTS * PAYLOAD
_LENGTH = 4
_SETUP = ("typed_transactions", "blob_transactions", "kzg_trusted_setup.txt")
_SETUP_SHA256 = "d39b9f2d047cc9dca2de58f264b6a09448ccd34db967881a6713eacacf0f26b7"
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The blobs of one transaction with their KZG commitments (48 bytes) and versioned hashes (32 bytes), in order."""

    blobs: tuple[bytes, ...]
    commitments: tuple[bytes, ...]
    hashes: tuple[bytes, ...]


def load_setup() -> Any:
    """The KZG trusted setup, loaded once per process (about 2 s; call early to warm up). Fault if it is unsound."""
    with _lock:
        return _load_setup()


@cache
def _load_setup() -> Any:
    spec = importlib.util.find_spec("eth_account")
    path = Path(*((spec.submodule_search_locations or [""])[0] if spec else "",), *_SETUP)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise Fault(f"the KZG trusted setup of eth-account is missing; install eth-account again: {error}") from error
    if digest != _SETUP_SHA256:
        raise Fault(f"the KZG trusted setup has SHA-256 {digest}, not the ceremony's; install eth-account again")
    return ckzg.load_trusted_setup(str(path), 0)


def to_blobs(data: bytes) -> tuple[bytes, ...]:
    """The blobs that carry `data`; refuses what six blobs cannot hold."""
    count = -(-(_LENGTH + len(data)) // BLOB_PAYLOAD)
    if count > MAX_BLOBS:
        raise TOO_LARGE.reject(f"{len(data)} bytes need {count} blobs, at most {MAX_BLOBS}")
    stream = (len(data).to_bytes(_LENGTH) + data).ljust(count * BLOB_PAYLOAD, b"\0")
    elements = [b"\0" + stream[i : i + PAYLOAD] for i in range(0, len(stream), PAYLOAD)]
    return tuple(b"".join(elements[i : i + ELEMENTS]) for i in range(0, len(elements), ELEMENTS))


def from_blobs(blobs: Sequence[bytes]) -> bytes:
    """The data that blobs carry; refuses every form that `to_blobs` would not have written."""
    if not 0 < len(blobs) <= MAX_BLOBS or any(len(blob) != BLOB_BYTES for blob in blobs):
        raise BAD_BLOB.reject(f"1 to {MAX_BLOBS} blobs of {BLOB_BYTES} bytes are wanted")
    raw = b"".join(blobs)
    if any(raw[::32]):
        raise BAD_BLOB.reject("a field element does not start with a zero byte")
    stream = b"".join([raw[i + 1 : i + 32] for i in range(0, len(raw), 32)])
    end = _LENGTH + int.from_bytes(stream[:_LENGTH])
    if end > len(stream) or end <= len(stream) - BLOB_PAYLOAD:
        raise BAD_BLOB.reject("the length does not agree with the number of blobs")
    if stream[end:].strip(b"\0"):
        raise BAD_BLOB.reject("bytes left over after the data")
    return stream[_LENGTH:end]


def versioned_hash(commitment: bytes) -> bytes:
    """The hash by which a contract sees a blob."""
    return b"\x01" + hashlib.sha256(commitment).digest()[1:]


def seal(data: bytes) -> Sidecar:
    """Blobs, commitments and hashes of published bytes (about 50 ms a blob, after the setup is loaded)."""
    setup = load_setup()
    blobs = to_blobs(data)
    commitments = tuple(ckzg.blob_to_kzg_commitment(blob, setup) for blob in blobs)
    return Sidecar(blobs, commitments, tuple(versioned_hash(item) for item in commitments))


def open_blobs(blobs: Sequence[bytes], hashes: Sequence[bytes]) -> bytes:
    """The data of blobs from an untrusted source, checked against the versioned hashes that L1 recorded."""
    if len(blobs) != len(hashes):
        raise WRONG_BLOB.reject(f"{len(blobs)} blobs for {len(hashes)} hashes")
    data = from_blobs(blobs)
    setup = load_setup()
    for place, (blob, wanted) in enumerate(zip(blobs, hashes, strict=True)):
        if versioned_hash(ckzg.blob_to_kzg_commitment(blob, setup)) != wanted:
            raise WRONG_BLOB.reject(f"blob {place}")
    return data


def prove_blobs(sidecar: Sidecar) -> tuple[bytes, ...]:
    """One KZG proof per blob (EIP-4844 wrapper; about 55 ms a blob)."""
    setup = load_setup()
    return tuple(
        ckzg.compute_blob_kzg_proof(blob, commitment, setup)
        for blob, commitment in zip(sidecar.blobs, sidecar.commitments, strict=True)
    )


def prove_cells(sidecar: Sidecar) -> tuple[bytes, ...]:
    """128 cell proofs per blob (EIP-7594 wrapper; about 330 ms a blob)."""
    setup = load_setup()
    return tuple(proof for blob in sidecar.blobs for proof in ckzg.compute_cells_and_kzg_proofs(blob, setup)[1])

"""Blobs: what goes in comes out, and nothing else does."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kedge.batching import (
    BLOB_BYTES,
    MAX_BLOBS,
    from_blobs,
    load_setup,
    open_blobs,
    prove_blobs,
    prove_cells,
    seal,
    to_blobs,
)
from kedge.batching import blobs as module
from kedge.units.errors import Fault, Rejected

CAPACITY = 4096 * 31


@given(st.one_of(st.binary(max_size=100), st.integers(0, 6 * CAPACITY - 4).map(lambda n: b"\xff" * n)))
@settings(max_examples=25, deadline=None)
def test_round_trip(data: bytes) -> None:
    blobs = to_blobs(data)
    assert from_blobs(blobs) == data
    assert all(len(blob) == BLOB_BYTES for blob in blobs)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (CAPACITY - 4, 1), (CAPACITY - 3, 2), (6 * CAPACITY - 4, 6)])
def test_as_few_blobs_as_possible(size: int, count: int) -> None:
    assert len(to_blobs(bytes(size))) == count


def test_more_than_six_blobs_are_refused() -> None:
    with pytest.raises(Rejected) as refused:
        to_blobs(bytes(6 * CAPACITY - 3))
    assert refused.value.code == 1003


def test_every_flipped_byte_of_a_small_payload_is_refused_or_changes_the_data() -> None:
    data = random.Random(1).randbytes(200)
    (blob,) = to_blobs(data)
    for place in [*range(320), *range(320, BLOB_BYTES, 1009)]:
        changed = bytearray(blob)
        changed[place] ^= 0x41
        with suppress(Rejected):
            assert from_blobs([bytes(changed)]) != data


def test_flipped_bytes_change_the_versioned_hash() -> None:
    data = random.Random(2).randbytes(5000)
    sidecar = seal(data)
    assert open_blobs(sidecar.blobs, sidecar.hashes) == data
    for place in (1, 40, 2049, 5000):
        changed = bytearray(sidecar.blobs[0])
        changed[place] ^= 1
        with pytest.raises(Rejected) as refused:
            open_blobs([bytes(changed)], sidecar.hashes)
        assert refused.value.code in (1004, 1005)


def test_blobs_of_another_order_or_number_are_refused() -> None:
    sidecar = seal(random.Random(3).randbytes(CAPACITY + 10))
    for blobs in (sidecar.blobs[::-1], sidecar.blobs[:1], (*sidecar.blobs, sidecar.blobs[0]), ()):
        with pytest.raises(Rejected):
            open_blobs(blobs, sidecar.hashes)
    with pytest.raises(Rejected, match="blob 1"):
        open_blobs(sidecar.blobs, (sidecar.hashes[0], sidecar.hashes[0]))


@pytest.mark.parametrize(
    "blobs",
    [
        [],
        [bytes(BLOB_BYTES - 1)],
        [bytes(BLOB_BYTES)] * (MAX_BLOBS + 1),
        [bytes(BLOB_BYTES)] * 2,
        [b"\x01" + bytes(BLOB_BYTES - 1)],
        [b"\0\xff\xff\xff\xff" + bytes(BLOB_BYTES - 5)],
        [bytes(BLOB_BYTES - 1) + b"\x01"],
    ],
)
def test_malformed_blobs_are_refused(blobs: list[bytes]) -> None:
    with pytest.raises(Rejected) as refused:
        from_blobs(blobs)
    assert refused.value.code == 1004


def test_proofs_have_their_sizes() -> None:
    sidecar = seal(b"kedge")
    assert [len(proof) for proof in prove_blobs(sidecar)] == [48]
    assert [len(proof) for proof in prove_cells(sidecar)] == [48] * 128


def test_the_setup_is_loaded_once_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_setup() is load_setup()
    monkeypatch.setattr(module, "_SETUP_SHA256", "0" * 64)
    with pytest.raises(Fault, match="ceremony"):
        module._load_setup.__wrapped__()
    monkeypatch.setattr(module, "_SETUP", ("absent.txt",))
    with pytest.raises(Fault, match="install eth-account"):
        module._load_setup.__wrapped__()

"""Signed transactions: the same bytes as another implementation, and no secret on a screen."""

from __future__ import annotations

from dataclasses import replace

import rlp  # type: ignore[import-untyped]

from kedge.batching import seal
from kedge.settlement import Fees, Transaction, Wallet

SECRET = bytes(range(1, 33))
EXPECTED = (
    "02f866827a690703648252089411111111111111111111111111111111111111110582abcdc080a00dfeec885931f93d6fbe"
    "5370a10b544643f336755c142a75ab5a4b342c5dc20ca01bc2147a253678b277588ddd15967505d29eef725dd85df70c4473"
    "4b455c9053"
)
PLAIN = Transaction(31337, 7, b"\x11" * 20, 5, b"\xab\xcd", 21_000, Fees(100, 3))


def test_a_plain_transaction_is_signed_as_eth_account_does() -> None:
    """The vector was made with eth-account 0.14.0 from the same fields."""
    wallet = Wallet(SECRET)
    signed = wallet.sign(PLAIN)
    assert wallet.address.hex() == "6370ef2f4db3611d657b90667de398a2cc2a370c"
    assert signed.raw.hex() == EXPECTED
    assert signed.hash.hex() == "ca4aa00054be3b8b1f6947ddff071640ca6c01bdb690ccef40f4eab133b816a8"


def test_signing_again_gives_the_same_bytes() -> None:
    assert Wallet(SECRET).sign(PLAIN) == Wallet(SECRET).sign(PLAIN)
    assert Wallet(SECRET).sign(replace(PLAIN, nonce=8)).hash != Wallet(SECRET).sign(PLAIN).hash


def test_a_blob_transaction_has_one_hash_and_two_wrappers() -> None:
    sidecar = seal(b"kedge")
    tx = replace(PLAIN, fees=Fees(100, 3, 9), blob_hashes=sidecar.hashes)
    legacy, cells = (Wallet(SECRET).sign(tx, sidecar, wrapper) for wrapper in ("blobs", "cells"))
    assert legacy.hash == cells.hash
    assert len(rlp.decode(legacy.raw[1:])) == 4
    body, version, blobs, _, proofs = rlp.decode(cells.raw[1:])
    assert (len(body), version, len(blobs), len(proofs)) == (14, b"\x01", 1, 128)


def test_the_secret_is_not_shown() -> None:
    wallet = Wallet(SECRET)
    assert SECRET.hex() not in repr(wallet)
    assert wallet.address.hex() in repr(wallet)

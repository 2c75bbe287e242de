"""Admission and codec: every numbered refusal is tripped, and what passes has exactly one encoding."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedge.sequencer import ADMISSION_CODES, Catalog, Codec, Origin, Transaction
from kedge.sequencer.admission import Admission
from kedge.units.errors import Rejected
from tests.unit.sequencer.fake_engine import PROGRAM, USER_STEPS

CATALOG = Catalog(PROGRAM)
CODEC = Codec(CATALOG)
GATE = Admission(CATALOG, USER_STEPS)

REFUSED: list[tuple[Any, int]] = [
    (("nothing", [1]), 900),
    ((7, [1]), 900),
    ((["put"], [1]), 900),
    (("follow", []), 901),
    (("tick", [5]), 902),
    (("put", [1]), 903),
    (("put", [1, 2, 3]), 903),
    (("put", "12"), 904),
    (("put", [1, 2.0]), 904),
    (("put", [1, None]), 904),
    (("put", [True, 2]), 904),
    (("put", [1, 2**63]), 905),
    (("put", [1, -(2**200)]), 905),
    (("put", [1000, 2]), 905),
    (("take", [1, 0]), 905),
    (("put",), 906),
    (None, 906),
    (5, 906),
]


@pytest.mark.parametrize(("transaction", "code"), REFUSED)
def test_refused_with_its_number(transaction: Any, code: int) -> None:
    with pytest.raises(Rejected) as caught:
        GATE.check(transaction, Origin.USER)
    assert caught.value.code == code
    assert CATALOG.describe(code).name == caught.value.name


def test_out_of_range_names_the_argument() -> None:
    with pytest.raises(Rejected, match=r"key of put is 1000, not in 0\.\.999"):
        GATE.check(Transaction("put", [1000, 2]), Origin.USER)


def test_system_may_run_what_users_may_not() -> None:
    assert CODEC.decode(GATE.check(Transaction("tick", [5]), Origin.SYSTEM)[1]) == ("tick", [5])


def test_codes_are_distinct_and_in_their_range() -> None:
    assert [refusal.code for refusal in ADMISSION_CODES] == list(range(900, 900 + len(ADMISSION_CODES)))
    assert len({refusal.name for refusal in ADMISSION_CODES}) == len(ADMISSION_CODES)


def test_an_unlisted_code_still_has_a_name() -> None:
    assert CATALOG.describe(777).name == "CODE_777"


@given(st.integers(0, 999), st.integers(-(2**60), 2**60))
def test_codec_inverts(key: int, value: int) -> None:
    transaction = Transaction("put", [key, value])
    admitted, packed = GATE.check(transaction, Origin.USER)
    assert admitted == ("put", (key, value))
    assert packed == CODEC.encode(transaction)
    assert CODEC.decode(packed) == transaction
    assert CODEC.decode_all(packed * 3, 3) == [transaction] * 3


@given(st.binary(max_size=64))
def test_bytes_decode_canonically_or_are_refused(data: bytes) -> None:
    code = 0
    try:
        assert b"".join(map(CODEC.encode, CODEC.decode_all(data, 8))) == data
    except Rejected as refusal:
        code = refusal.code
    assert code in (0, 900, 906, 907)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", 906), (b"\0", 906), (b"\0\0", 906), (b"\xff\xff", 900), (bytes(19), 906), (bytes(17), 906)],
)
def test_malformed_bytes(data: bytes, code: int) -> None:
    with pytest.raises(Rejected) as caught:
        CODEC.decode(data)
    assert caught.value.code == code


def test_encode_refuses_an_unknown_step() -> None:
    with pytest.raises(Rejected) as caught:
        CODEC.encode(Transaction("nothing", []))
    assert caught.value.code == 900


def test_too_many_transactions() -> None:
    with pytest.raises(Rejected) as caught:
        CODEC.decode_all(bytes(18) * 3, 2)
    assert caught.value.code == 907


def _program(**changes: object) -> bytes:
    return json.dumps({**json.loads(PROGRAM), **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"{}",
        _program(format=2),
        _program(steps=7),
        _program(steps=[{"name": "put"}]),
        _program(steps=[{"name": "put", "inputs": [["key", 0]]}]),
        _program(steps=[{"name": "put", "inputs": [["key", 0, 2**64]]}]),
        _program(codes=[["x"]]),
    ],
)
def test_what_is_not_a_program_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"program|fit 64 bits"):
        Catalog(data)

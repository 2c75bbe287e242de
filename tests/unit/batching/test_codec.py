"""Packing: every content has one byte string, and hostile bytes are refused by number."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kedge.batching import DEPOSITS_HEAD, Batch, Withdrawal, decode, encode
from kedge.batching.bits import BitReader, BitWriter
from kedge.batching.codec import MAX_BYTES
from kedge.batching.schema import EMPTY, Schema
from kedge.machine import HALF, P, kind_of
from kedge.units.errors import Broken, Rejected
from tests.unit.batching.world import DIGEST, PROGRAM, SCHEMA, World, address

DIGESTS = st.binary(min_size=32, max_size=32)
U64 = st.integers(0, 2**63)
WORD = st.integers(-HALF, HALF)


def padded(*words: int) -> tuple[int, ...]:
    return (*words, *[0] * (8 - len(words)))


ACCOUNT = st.builds(padded, st.integers(-(2**61), 2**61 - 1), st.integers(0, 3))
ORDER = st.builds(lambda a, b: padded(a, b, 1), st.integers(0, 2**28 - 1), st.integers(-(2**30), 2**30))
CLOCK = st.builds(padded, st.integers(0, 2**42 - 1))
QUEUE = st.builds(padded, st.integers(0, 2**32), WORD, WORD, WORD, WORD)
BY_KIND = {0: ACCOUNT, 3: ORDER, 9: st.one_of(CLOCK, QUEUE)}
USERS = st.builds(address, st.integers(1, 2**24 - 1), st.sampled_from([0, 3]), st.integers(0, 1023))
ADDRESS = st.one_of(USERS, st.builds(address, st.just(0), st.just(1), st.integers(0, 1023)))


@st.composite
def records(draw: st.DrawFn) -> tuple[tuple[int, tuple[int, ...]], ...]:
    places = sorted(draw(st.sets(ADDRESS, max_size=12)))
    return tuple((where, draw(st.one_of(st.just(EMPTY), BY_KIND[kind_of(where)]))) for where in places)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    start = draw(U64)
    owed = draw(
        st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(min_size=20, max_size=20), st.integers(1, 2**59 - 1)))
    )
    first, before = draw(U64), draw(U64)
    return Batch(
        number=draw(U64),
        program=draw(DIGESTS),
        first_chunk=first,
        last_chunk=first + draw(st.integers(0, 9)),
        old_root=draw(DIGESTS),
        new_root=draw(DIGESTS),
        clock=draw(U64),
        anchored=draw(U64),
        deposits_before=before,
        deposits=before + draw(st.integers(0, 9)),
        deposit_chain=draw(DIGESTS),
        withdrawals_before=start,
        withdrawals=tuple(Withdrawal(start + i, *item) for i, item in enumerate(owed)),
        records=draw(records()),
    )


@given(batches())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_is_packed_is_unpacked(batch: Batch) -> None:
    assert decode(encode(batch, SCHEMA), SCHEMA) == batch


def sample() -> tuple[Batch, bytes]:
    world = World()
    owner = bytes(range(20))
    chunk = world.seal(
        withdrawals=world.owe((2, owner, 5), (3, owner, 6)),
        records=[
            (address(2, 0), (-7, 1)),
            (address(2, 3, 9), (100, -5, 1)),
            (address(3, 3, 1), (0,)),
            (address(0, 1, 5), (1,)),
        ],
    )
    batch = world.batch(chunk)
    return batch, encode(batch, SCHEMA)


def test_every_flipped_bit_is_refused_or_tells_another_story() -> None:
    batch, data = sample()
    for place in range(len(data) * 8):
        changed = bytearray(data)
        changed[place >> 3] ^= 1 << (place & 7)
        try:
            other = decode(bytes(changed), SCHEMA)
        except Rejected:
            continue
        assert other != batch
        assert encode(other, SCHEMA) == bytes(changed)


def test_every_truncation_and_every_appended_byte_is_refused() -> None:
    _, data = sample()
    for end in range(len(data)):
        with pytest.raises(Rejected):
            decode(data[:end], SCHEMA)
    for tail in (b"\0", b"\x01", data):
        with pytest.raises(Rejected):
            decode(data + tail, SCHEMA)


@given(st.binary(max_size=400), st.integers(0, 6))
@example(b"", 0)
@settings(max_examples=200, deadline=None)
def test_noise_is_refused_or_canonical(noise: bytes, keep: int) -> None:
    data = sample()[1][: keep * 40] + noise
    with suppress(Rejected):
        assert encode(decode(data, SCHEMA), SCHEMA) == data


def test_refusals_are_numbered() -> None:
    _, data = sample()
    for changed, code in (
        (b"KDGX" + data[4:], 1002),
        (data[:4] + b"\0\x02" + data[6:], 1002),
        (data[:50], 1001),
        (bytes(MAX_BYTES + 1), 1003),
    ):
        with pytest.raises(Rejected) as refused:
            decode(changed, SCHEMA)
        assert refused.value.code == code


def test_a_batch_that_is_too_large_is_refused() -> None:
    batch, _ = sample()
    many = tuple((address(i, 0), padded(2**60, 1)) for i in range(2, 90_000))
    with pytest.raises(Rejected) as refused:
        encode(replace(batch, records=many), SCHEMA)
    assert refused.value.code == 1003
    with pytest.raises(Rejected, match="withdrawals"):
        encode(replace(batch, withdrawals=(Withdrawal(0, 2, bytes(20), 1),) * (2**16 + 1)), SCHEMA)


@pytest.mark.parametrize("words", [padded(2**61, 0), padded(1, 4), padded(0, 0, 1)])
def test_a_record_outside_its_declaration_is_our_own_failure(words: tuple[int, ...]) -> None:
    batch, _ = sample()
    with pytest.raises(Broken):
        encode(replace(batch, records=((address(2, 0), words),)), SCHEMA)
    with pytest.raises(Broken):
        encode(replace(batch, records=((address(2, 5), (1,) * 8),)), SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"withdrawals": (Withdrawal(0, 2, bytes(20), 2**59),)},
        {"withdrawals": (Withdrawal(0, 2, bytes(20), 0),)},
        {"withdrawals": (Withdrawal(0, 2**32, bytes(20), 1),)},
        {"number": -1},
        {"records": ((5, EMPTY), (5, EMPTY))},
        {"records": ((5, EMPTY), (4, EMPTY))},
        {"records": ((2**37, EMPTY),)},
    ],
)
def test_a_batch_that_could_not_be_unpacked_is_our_own_failure(change: dict[str, Any]) -> None:
    batch, _ = sample()
    with pytest.raises(Broken):
        encode(replace(batch, **change), SCHEMA)


def test_a_hash_word_may_be_given_signed_or_not() -> None:
    batch, _ = sample()
    signed = replace(batch, records=((DEPOSITS_HEAD, padded(1, -1, -2, -3, -4)),))
    unsigned = replace(batch, records=((DEPOSITS_HEAD, padded(1, *[P - i for i in (1, 2, 3, 4)])),))
    assert encode(signed, SCHEMA) == encode(unsigned, SCHEMA)
    assert decode(encode(unsigned, SCHEMA), SCHEMA) == signed


def test_a_longer_form_of_an_address_is_refused() -> None:
    batch, _ = sample()
    head = encode(replace(batch, records=(), withdrawals=()), SCHEMA)[:-4] + (1).to_bytes(4)
    for kind, width, gap, good in (
        (0, 3, 0, True),
        (1, 10, 0, False),
        (1, 10, 8, True),
        (3, 37, 8, False),
        (3, 37, 2**37 - 1, True),
    ):
        out = BitWriter()
        out.write(kind, 2)
        out.write(gap, width)
        out.write(1, 1)
        if good:
            assert decode(head + out.finish(), SCHEMA).records == ((gap, EMPTY),)
            continue
        with pytest.raises(Rejected, match="shorter"):
            decode(head + out.finish(), SCHEMA)


def test_a_longer_form_of_a_record_is_refused() -> None:
    batch, _ = sample()
    head = encode(replace(batch, records=(), withdrawals=()), SCHEMA)[:-4] + (1).to_bytes(4)
    for tag, codes in ((1, ((5, 33), (0, 64), (0, 64), (0, 64), (0, 64))), (0, ((0, 42),))):
        out = BitWriter()
        for value, width in ((2, 2), (DEPOSITS_HEAD, 16), (0, 1), (tag, 1), *codes):
            out.write(value, width)
        with pytest.raises(Rejected, match="shorter"):
            decode(head + out.finish(), SCHEMA)


def test_a_field_code_that_no_word_has_is_refused() -> None:
    batch, _ = sample()
    head = encode(replace(batch, records=(), withdrawals=()), SCHEMA)[:-4] + (1).to_bytes(4)
    for codes in (((2**33 - 1, 33), *[(0, 64)] * 4), ((1, 33), (P, 64), *[(0, 64)] * 3)):
        out = BitWriter()
        for value, width in ((2, 2), (DEPOSITS_HEAD, 16), (0, 1), (1, 1), *codes):
            out.write(value, width)
        with pytest.raises(Rejected, match="bounds"):
            decode(head + out.finish(), SCHEMA)


@pytest.mark.parametrize(
    "program",
    [
        b"",
        b"[]",
        b"{}",
        b'{"records":1}',
        b'{"records":[{"name":"a","kind":0,"fields":[["x",2,1]]}]}',
        PROGRAM[:-1],
        b"[" * 10**5,
    ],
)
def test_bytes_that_are_no_program_are_refused(program: bytes) -> None:
    with pytest.raises(ValueError, match="not a program file"):
        Schema.parse(program)


@given(st.lists(st.integers(0, 70).flatmap(lambda width: st.tuples(st.integers(0, 2**width - 1), st.just(width)))))
def test_bits_round_trip(items: list[tuple[int, int]]) -> None:
    out = BitWriter()
    for value, width in items:
        out.write(value, width)
    source = BitReader(out.finish())
    assert [source.read(width) for _, width in items] == [value for value, _ in items]
    source.check_end()


def test_the_size_of_an_order_follows_from_its_declaration() -> None:
    batch, _ = sample()
    one = encode(replace(batch, records=((address(2, 3, 9), padded(100, -5, 1)),)), SCHEMA)
    none = encode(replace(batch, records=()), SCHEMA)
    assert len(one) - len(none) == -(-(2 + 16 + 1 + 28 + 32) // 8)
    assert len(DIGEST) == 32

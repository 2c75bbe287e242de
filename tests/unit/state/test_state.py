"""The state room: trees, digests, proofs of records, exports."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kedge.state import (
    EMPTY_ROOT,
    LEVELS,
    Tree,
    compute_digest,
    digest_from_hex,
    digest_to_hex,
    digest_to_words,
    export_state,
    import_state,
    prove_record,
)
from kedge.units.errors import Fault

MODULUS = 2**64 - 2**32 + 1
WORDS = st.lists(st.integers(-(MODULUS // 2), MODULUS // 2), min_size=8, max_size=8)
# Few addresses, so that leaves and paths are shared and overwritten.
ENTRIES = st.lists(st.tuples(st.integers(0, 40) | st.integers(0, 2**37 - 1), WORDS), max_size=12)


def tree_of(entries: list[tuple[int, list[int]]]) -> Tree:
    tree = Tree()
    tree.update(entries)
    return tree


def test_a_tree_of_two_leaves_by_hand() -> None:
    tree = tree_of([(1 << 10, [2] * 8), (2 << 10 | 1, [3] * 8), (0, [1] * 8)])
    empty = compute_digest([])
    leaves = [compute_digest([1] * 8 + [2] * 8), empty, empty, compute_digest([3] * 8)]
    digest = compute_digest([word for leaf in leaves for word in digest_to_words(leaf)])
    for _ in range(1, LEVELS):
        empty = compute_digest(digest_to_words(empty) * 4)
        digest = compute_digest(digest_to_words(digest) + digest_to_words(empty) * 3)
    assert tree.root() == digest
    assert compute_digest(digest_to_words(empty) * 4) == EMPTY_ROOT == Tree().root()


@settings(max_examples=50)
@given(ENTRIES)
def test_the_root_depends_on_the_records_only(entries: list[tuple[int, list[int]]]) -> None:
    one_by_one = Tree()
    for address, words in entries:
        one_by_one.set(address, words)
    last = dict(entries)
    expected = sorted((address, words) for address, words in last.items() if any(words))
    assert one_by_one.entries() == expected
    assert len(one_by_one) == len(expected)
    assert one_by_one.root() == tree_of(expected).root() == tree_of(entries).root()
    one_by_one.update([(address, [0] * 8) for address in last])
    assert one_by_one.root() == EMPTY_ROOT


@settings(max_examples=50)
@given(ENTRIES, st.integers(0, 2**37 - 1), WORDS)
def test_a_record_is_proven_and_no_other_is(
    entries: list[tuple[int, list[int]]], stranger: int, other: list[int]
) -> None:
    tree = tree_of(entries)
    for address in [stranger, *(address for address, _ in entries)]:
        proof = prove_record(tree, address)
        assert list(proof.words) == tree.get(address)
        assert proof.is_under(tree.root())
        tree.set(address, other)
        assert proof.is_under(tree.root()) == (list(proof.words) == other)
        tree.set(address, proof.words)


@settings(max_examples=30)
@given(ENTRIES, st.data())
def test_an_export_survives_the_round_and_no_damage(entries: list[tuple[int, list[int]]], data: st.DataObject) -> None:
    tree = tree_of(entries)
    exported = export_state(tree)
    assert import_state(exported).entries() == tree.entries()
    position = data.draw(st.integers(0, len(exported) - 1))
    damaged = bytearray(exported)
    damaged[position] ^= data.draw(st.integers(1, 255))
    for bad in (bytes(damaged), exported[:position], exported + b"\0"):
        with pytest.raises(Fault):
            import_state(bad)


def test_words_may_be_signed_or_canonical() -> None:
    assert tree_of([(9, [-1] * 8)]).root() == tree_of([(9, [MODULUS - 1] * 8)]).root()
    assert tree_of([(9, [MODULUS - 1] * 8)]).get(9) == [-1] * 8


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (2**37, [0] * 8),
        (-1, [0] * 8),
        (2**80, [0] * 8),
        (1, [0] * 7),
        (1, [0] * 9),
        (1, [MODULUS] * 8),
        (1, [-(2**63) - 1] * 8),
    ],
)
def test_malformed_records_are_refused(address: int, words: list[int]) -> None:
    tree = Tree()
    with pytest.raises(ValueError, match=r"address|word|integer"):
        tree.set(address, words)
    assert tree.root() == EMPTY_ROOT


def test_digests_as_text() -> None:
    digest = compute_digest(range(16))
    assert digest_from_hex(digest_to_hex(digest)) == digest
    for bad in ("0x", "0x" + "0" * 63, "0x" + "g" * 64, "0x" + " 0" * 32, "0x" + "\u0660" * 64):
        with pytest.raises(ValueError, match="hexadecimal"):
            digest_from_hex(bad)
    with pytest.raises(ValueError, match="16 words"):
        compute_digest([0] * 17)
    with pytest.raises(ValueError, match="32 bytes"):
        digest_to_words(b"short")

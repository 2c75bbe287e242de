"""Real proofs of the exchange's rules: what is changed, cut, exchanged or made for something else is refused."""

from __future__ import annotations

import random
from functools import cache

import pytest

from kedge._native import NativePanic, prove, verify
from kedge.rules import program
from tests.soundness import mutations, mutations_of_losses  # noqa: F401  each import registers its mutations
from tests.soundness.cheating import Cheat, cheating_venue, take_over
from tests.soundness.mutation import MUTATIONS, Mutation
from tests.soundness.tour import tour
from tests.unit.rules.venue import Venue, native_program

MAGIC, VERSION, DIGEST, PUBLICS, TABLES = slice(0, 8), slice(8, 10), slice(10, 42), slice(42, 106), slice(106, 108)
HEIGHTS = slice(108, 108 + len(program().tables))
HEADER = HEIGHTS.stop


@cache
def proof() -> bytes:
    return prove(tour().program, tour().sealed.witness)


@cache
def other_proof() -> bytes:
    """Of another chunk under the same rules."""
    return prove(native_program(), Venue(oracle=False).open().seal().witness)


def refused(data: bytes) -> str:
    with pytest.raises(ValueError, match=r".+") as caught:
        verify(native_program(), data)
    return str(caught.value)


def put(part: slice, value: bytes) -> bytes:
    """The proof with a part of its header replaced."""
    return proof()[: part.start] + value + proof()[part.stop :]


def test_the_tour_proves_with_its_roots_and_enough_bits() -> None:
    report = verify(native_program(), proof())
    assert (report["old_root"], report["new_root"]) == (tour().sealed.old_root, tour().sealed.new_root)
    assert report["program"] == program().digest
    assert report["bits_conjectured"] >= 100
    assert [name for name, _ in report["tables"]] == [table.name for table in program().tables]


def test_an_empty_chunk_proves() -> None:
    sealed = Venue(oracle=False).seal()
    report = verify(native_program(), prove(native_program(), sealed.witness))
    assert report["old_root"] == report["new_root"] == sealed.old_root


def test_every_byte_of_the_header_matters() -> None:
    for position in range(HEADER):
        bent = bytearray(proof())
        bent[position] ^= 1
        refused(bytes(bent))


def test_bytes_of_the_proof_matter() -> None:
    rng = random.Random(7)
    for position in [HEADER, HEADER + 1, len(proof()) - 1, *(rng.randrange(HEADER, len(proof())) for _ in range(60))]:
        bent = bytearray(proof())
        bent[position] ^= 1 << rng.randrange(8)
        refused(bytes(bent))


@pytest.mark.parametrize("length", [0, 7, 9, 41, 105, 107, HEADER - 1, HEADER, HEADER + 100, -1])
def test_a_cut_proof_is_refused(length: int) -> None:
    refused(proof()[:length])


def test_a_longer_proof_is_refused() -> None:
    refused(proof() + b"\0")
    refused(proof() + proof())


def test_parts_of_two_proofs_do_not_mix() -> None:
    refused(proof()[:HEADER] + other_proof()[HEADER:])
    refused(other_proof()[:HEADER] + proof()[HEADER:])
    middle = len(other_proof()) // 2
    refused(other_proof()[:middle] + proof()[middle:])


def test_a_proof_speaks_for_its_own_roots() -> None:
    old, new = proof()[42:74], proof()[74:106]
    for words in (new + old, old + old, new + new, other_proof()[PUBLICS], bytes(64), b"\xff" * 64):
        refused(put(PUBLICS, words))


def test_a_proof_for_other_rules_is_refused_by_name() -> None:
    cheat = Cheat()
    cheat.data["version"] += 1
    other = cheat.build()
    with pytest.raises(ValueError, match="program"):
        verify(other, proof())
    made = prove(other, cheating_venue(other).seal().witness)
    assert "program" in refused(made)
    refused(made[: DIGEST.start] + program().digest + made[DIGEST.stop :])


def test_a_witness_of_other_rules_is_no_witness() -> None:
    cheat = Cheat()
    cheat.forgive([28])
    with pytest.raises(ValueError, match=r".+"):
        prove(native_program(), cheating_venue(cheat.build()).seal().witness)


PROVEN = ("skip_better_order", "understate_requirement", "mint", "neighbour_that_is_no_order", "evict_healthy_maker")


@pytest.mark.parametrize("mutation", [m for m in MUTATIONS if m.name in PROVEN], ids=lambda m: m.name)
def test_what_a_cheat_proves_convinces_nobody(mutation: Mutation) -> None:
    """Its tables are the honest ones: only the verifier stands between its rows and a root."""
    cheat, venue = Cheat(), Venue(oracle=False).open()
    mutation.twist(cheat)
    dishonest = cheat.build()
    step, args = mutation.play(venue)
    engine = take_over(dishonest, venue)
    assert engine.submit(step, args)[0] == 0
    try:
        made = prove(dishonest, engine.seal().witness)
    except (ValueError, NativePanic):
        return
    refused(made)
    refused(made[: DIGEST.start] + program().digest + made[DIGEST.stop :])
    with pytest.raises(ValueError, match=r".+"):
        verify(dishonest, made)

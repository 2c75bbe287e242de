"""Rows that a prover could add, repeat, drop or exchange: each is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from kedge._native import check
from kedge.machine import P
from kedge.rules import Code, program, rules
from tests.soundness import mutations, mutations_of_losses  # noqa: F401  each import registers its mutations
from tests.soundness.cheating import Cheat, reasons, take_over
from tests.soundness.mutation import MUTATIONS, Mutation
from tests.soundness.tour import Traces, tour
from tests.unit.rules.venue import Venue, native_program

Forgery = Callable[[Traces], None]
FORGERIES: Final[list[Forgery]] = []


def forgery(change: Forgery) -> Forgery:
    FORGERIES.append(change)
    return change


def verdict(rows: Traces) -> list[str]:
    return check(tour().program, rows, tour().sealed.old_root, tour().sealed.new_root)


def place_of(table: str, column: str) -> int:
    return next(t for t in program().tables if t.name == table).columns.index(column)


def last(rows: list[list[int]]) -> int:
    """The last row in use."""
    return max(number for number, row in enumerate(rows) if row[0])


def exchange(rows: Traces, table: str, column: str) -> None:
    """Exchange a cell between the first two rows of a table."""
    at, (first, second) = place_of(table, column), rows[table][:2]
    assert first[at] != second[at]
    first[at], second[at] = second[at], first[at]


@forgery
def swap_the_order_of_two_steps(rows: Traces) -> None:
    exchange(rows, "place", "time")


@forgery
def drop_the_last_step(rows: Traces) -> None:
    table = rows["unlist"]
    table[last(table)] = [0] * len(table[0])


@forgery
def end_the_chunk_early(rows: Traces) -> None:
    rows["chunk"][0][place_of("chunk", "end")] -= 1


@forgery
def take_a_leaf_twice(rows: Traces) -> None:
    table = rows["leaf"]
    table[last(table) + 1] = list(table[0])


@forgery
def take_a_node_twice(rows: Traces) -> None:
    table = rows["node"]
    table.append(list(table[last(table)]))
    table.extend([0] * len(table[0]) for _ in range(len(table) - 2))


PLACES = ("kind", "slot", "account0", "account1", "slots", "far")
"""What a leaf's index and its addresses are made of, from the lowest digit of the index to the highest."""
DIGITS = (2, 2, 2**16, 2**8, 2**9, 2)


@forgery
def exchange_two_leaves(rows: Traces) -> None:
    table, places = rows["leaf"], [place_of("leaf", column) for column in PLACES]
    first, second = ([row[place] for place in places] for row in table[:2])
    assert first != second
    for row, parts in zip(table[:2], (second, first), strict=True):
        for place, part in zip(places, parts, strict=True):
            row[place] = part


@forgery
def change_an_untouched_child(rows: Traces) -> None:
    names = next(t for t in program().tables if t.name == "node").columns
    for row in rows["node"][: last(rows["node"])]:
        for child in range(4):
            if not row[names.index(f"touched{child}")]:
                row[names.index(f"n{child}_0")] += 1
                return


@forgery
def end_with_another_record(rows: Traces) -> None:
    rows["leaf"][0][place_of("leaf", "a_new0")] += 1


@forgery
def look_up_a_value_that_is_not_there(rows: Traces) -> None:
    """A padding row that *provides* 70,000 as a 16-bit word, -1 times, for a real row to look up."""
    table = rows["place"]
    row = table[last(table) + 1]
    row[place_of("place", "reduce_only")] = P - 1
    for column in range(len(row)):
        if "limb" in next(t for t in program().tables if t.name == "place").columns[column]:
            row[column] = 70_000


@forgery
def count_a_lookup_once_more(rows: Traces) -> None:
    rows["range16"][5][0] += 1


@forgery
def hash_to_something_else(rows: Traces) -> None:
    rows["poseidon2"][0][16] += 1


@forgery
def let_another_row_speak_for_the_chunk(rows: Traces) -> None:
    rows["chunk"][0], rows["chunk"][1] = rows["chunk"][1], rows["chunk"][0]


@pytest.mark.parametrize("change", FORGERIES, ids=lambda change: change.__name__)
def test_a_forgery_is_noticed(change: Forgery) -> None:
    rows = tour().traces()
    change(rows)
    assert verdict(rows)


@pytest.mark.parametrize("digit", range(5))
def test_a_leaf_has_no_second_address(digit: int) -> None:
    """The same index from other parts, one of them below zero: only the bounds of the parts object."""
    rows = tour().traces()
    low, high = (place_of("leaf", column) for column in PLACES[digit : digit + 2])
    row = next(row for row in rows["leaf"] if row[0] and not row[high])
    row[low], row[high] = (row[low] - DIGITS[digit]) % P, 1
    reasons = verdict(rows)
    bounds = [reason for reason in reasons if "range16" in reason or f"{PLACES[digit]} is a bit" in reason]
    assert bounds, reasons
    assert not [reason for reason in reasons if "node" in reason], "the index is the same"


def test_why_a_padding_row_cannot_provide_a_lookup() -> None:
    rows = tour().traces()
    look_up_a_value_that_is_not_there(rows)
    assert any("a hinted bit is a bit" in reason for reason in verdict(rows))


@pytest.mark.parametrize("table", [*rules.steps, "leaf", "node"])
def test_a_padding_row_cannot_be_turned_on(table: str) -> None:
    rows = tour().traces()
    free = [row for row in rows[table] if not row[0]]
    if not free:
        rows[table].extend([0] * len(rows[table][0]) for _ in range(len(rows[table])))
        free = rows[table][-1:]
    free[0][0] = 1
    assert verdict(rows)


@pytest.mark.parametrize("step", rules.steps)
def test_a_step_cannot_be_repeated(step: str) -> None:
    rows = tour().traces()
    rows[step].extend([0] * len(rows[step][0]) for _ in range(len(rows[step])))
    rows[step][-1] = list(rows[step][0])
    assert verdict(rows)


def test_the_roots_are_those_of_the_chunk() -> None:
    sealed, rows = tour().sealed, tour().traces()
    old, new = sealed.old_root, sealed.new_root
    assert check(tour().program, rows, old, new) == []
    for pair in ((new, old), (old, old), (new, new), (bytes(32), new), (old, bytes(32))):
        assert check(tour().program, rows, *pair)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_sequencer_that_cheats_cannot_prove_it(mutation: Mutation) -> None:
    """From the same state, the same transaction: the rows of the cheat are refused, the honest ones are not."""
    cheat, venue = Cheat(), Venue(oracle=False).open()
    mutation.twist(cheat)
    step, args = mutation.play(venue)
    dishonest = take_over(cheat.build(), venue)
    assert dishonest.submit(step, args)[0] == 0
    assert reasons(cheat.build(), dishonest.seal())
    assert venue.code(step, *args) in (0, Code.UNDERMARGINED)
    assert reasons(native_program(), venue.seal()) == []

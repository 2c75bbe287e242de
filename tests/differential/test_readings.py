"""One rule, three readings: plain integers, the native engine, and the rows of a proof say the same."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from kedge._native import Engine, check, traces, witness_info
from kedge.machine import P, address_of, lift
from kedge.rules import BOND, Account, program
from tests.property.histories import Move, Player, draw_history, histories
from tests.unit.rules.venue import Venue, native_program

EXAMPLES, SEEDS, LENGTH = 50, range(100, 108), 300


def columns(table: str) -> list[str]:
    return next(t.columns for t in program().tables if t.name == table)


def follow(history: list[Move]) -> None:
    """`Venue` compares code, events and steps of each transaction; here, every record and every row."""
    player = Player(Venue(oracle=True))
    engine, oracle = player.venue.engine, player.venue.oracle
    assert oracle is not None
    opened = dict(engine.entries())
    engine.seal()
    ran: Counter[str] = Counter()
    for move in history:
        ran.update(step for step, _, code, _ in player.play(move) if code == 0)
        records = {a: [lift(w) for w in words] for a, words in oracle.world.records.items() if any(words)}
        assert records == dict(engine.entries())
    check_rows(engine, opened, ran)


@settings(max_examples=EXAMPLES)
@given(history=histories)
def test_plain_integers_native_execution_and_rows_agree(history: list[Move]) -> None:
    follow(history)


@pytest.mark.parametrize("seed", SEEDS)
def test_so_they_do_on_long_and_busy_histories(seed: int) -> None:
    follow(draw_history(seed, LENGTH))


def check_rows(engine: Engine, opened: dict[int, list[int]], ran: Counter[str]) -> None:
    """The chunk's rows satisfy every constraint, start and end with the engine's records, and are one per step."""
    closed, native = dict(engine.entries()), native_program()
    sealed = engine.seal()
    rows = traces(native, sealed.witness)
    assert check(native, rows, sealed.old_root, sealed.new_root) == []
    names = columns("leaf")
    for row in rows["leaf"]:
        if row[0]:
            kind, slot, account0, account1, slots, far = row[1:7]
            first = (account1 << 16 | account0) << 13 | far << 12 | kind << 11 | slots << 1 | slot
            for letter, address in (("a", first), ("b", first | 1 << 10)):
                for state, when in ((opened, "old"), (closed, "new")):
                    words = [row[names.index(f"{letter}_{when}{i}")] for i in range(8)]
                    assert words == [w % P for w in state.get(address, [0] * 8)]
    steps = witness_info(native, sealed.witness)["steps"]
    assert ran == {step: n for step, n in steps.items() if step in ran}
    used = [row for step in steps for row in rows[step] if row[0]]
    assert sorted(row[1] for row in used) == list(range(1, sealed.steps + 1)), "time passes once per step"
    assert {a for a, _ in sealed.touched} == {a for a in {*opened, *closed} if opened.get(a) != closed.get(a)}


def test_the_columns_of_a_step_hold_what_it_read() -> None:
    venue = Venue().open()
    venue.seal()
    venue.order(2, 1, 600_000, 5, slot=3)
    sealed = venue.seal()
    row = next(r for r in traces(native_program(), sealed.witness)["place"] if r[0])
    values = {name: lift(value) for name, value in zip(columns("place"), row, strict=True)}
    wanted = {"account": 2, "slot": 3, "side": 1, "price": 600_000, "size": 5, "account.collateral": 10**10}
    assert {name: values[name] for name in wanted} == wanted
    assert venue.engine.get(address_of(Account, 2))[:3] == [10**10 - BOND, 1, 1]

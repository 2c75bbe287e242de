"""Every refusal is in the proof: who accepts what a rule refuses has rows that the constraints refuse."""

from __future__ import annotations

import pytest

from tests.soundness.cheating import Cheat, cheating_venue, reasons
from tests.unit.rules.refusals import ALIASED, CASES, Case

RULES = [case for case in CASES if case.code >= 16]
MEMORY = {
    "sweep_of_no_market": "the empty book's best order is record 0, the clock",
    "order_in_no_market": "the empty book's best order is record 0, the clock",
    "second_order_in_a_slot": "the live order would be its own neighbour",
    "adjustment_of_nothing": "the cut that the position has and the newest are one record",
    "adjustment_of_what_is_adjusted": "the cut that the position has and the newest are one record",
    "takeover_of_the_own_position": "both sides are one account",
}
"""Cases where the engine itself stops the cheat: a step would open a record twice, which memory does not allow."""


@pytest.mark.parametrize("case", RULES, ids=lambda case: case.name)
def test_a_sequencer_that_accepts_it_cannot_prove_it(case: Case) -> None:
    forgiven = {case.code}
    while True:
        cheat = Cheat()
        cheat.forgive(forgiven)
        program = cheat.build()
        venue = cheating_venue(program)
        step, args = case.setting(venue)
        before = venue.seal()
        code = venue.code(step, *args)
        if code in (0, ALIASED) or code in forgiven:
            break
        forgiven.add(code)
    assert code == (ALIASED if case.name in MEMORY else 0)
    assert reasons(program, before) == [], "up to here nobody cheated"
    if code == 0:
        assert reasons(program, venue.seal())

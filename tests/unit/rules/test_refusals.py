"""Every code is tripped by a named case, on both readings, and a refused transaction leaves no trace."""

from __future__ import annotations

import pytest

from kedge.machine import ENGINE_CODES
from kedge.rules import Code
from tests.unit.rules.refusals import CASES, NOT_TRIPPED, Case
from tests.unit.rules.venue import Venue


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_refused_and_leaves_the_state_unchanged(case: Case) -> None:
    venue = Venue(oracle=not case.long).open()
    step, args = case.setting(venue)
    root, entries, steps = venue.engine.root(), venue.engine.entries(), venue.engine.steps_in_chunk
    records = dict(venue.oracle.world.records) if venue.oracle else {}
    code, events, ran = venue.submit(step, *args)
    assert (code, events, ran) == (case.code, [], 0)
    assert (venue.engine.root(), venue.engine.entries(), venue.engine.steps_in_chunk) == (root, entries, steps)
    assert venue.oracle is None or venue.oracle.world.records == records


def test_every_code_has_a_case_or_a_reason() -> None:
    tripped, known = {case.code for case in CASES}, {int(code) for code in Code} | set(ENGINE_CODES)
    assert tripped | set(NOT_TRIPPED) == known
    assert not tripped & set(NOT_TRIPPED)
    assert len({case.name for case in CASES}) == len(CASES)

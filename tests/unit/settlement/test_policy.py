"""When to anchor."""

from __future__ import annotations

import pytest

from kedge.settlement import Backlog, CountOrClock, Pausable

POLICY = CountOrClock(count=3, seconds=10.0, most=5)


@pytest.mark.parametrize(
    ("proved", "age", "taken"), [(0, 99.0, 0), (2, 9.9, 0), (2, 10.0, 2), (3, 0.0, 3), (5, 0.0, 5), (9, 0.0, 5)]
)
def test_count_or_clock(proved: int, age: float, taken: int) -> None:
    assert POLICY.chunks_to_anchor(Backlog(proved, age)) == taken


def test_a_paused_policy_waits() -> None:
    policy = Pausable(POLICY)
    policy.pause()
    assert policy.chunks_to_anchor(Backlog(9, 99.0)) == 0
    policy.resume()
    assert policy.chunks_to_anchor(Backlog(9, 99.0)) == 5

"""What is refused is tried again, later each time, with its reason in sight; and no refusal ends it."""

from __future__ import annotations

import logging

import pytest

from kedge.node.task import FAULT_SECONDS, MOST_SECONDS, WRONG_CLOCK, Task
from kedge.units.errors import Broken, Fault, Rejected


class Acting:
    """Raises what it is told to and counts its calls."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error


def test_the_pause_doubles_with_each_refusal_up_to_a_bound_and_begins_anew() -> None:
    act = Acting()
    task, now, pauses = Task("the batch waits", act), 0.0, []
    for _ in range(2):
        act.error = Rejected(1112, "WINDOW_UNDERSTATED", "no")
        for _ in range(12):
            task.run(now)
            calls, begin = act.calls, now
            while act.calls == calls:
                now += 0.25
                task.run(now)
            pauses.append(now - begin)
        assert task.trouble == "the batch waits, and is tried again: 1112 WINDOW_UNDERSTATED: no"
        act.error = None
        now += MOST_SECONDS
        task.run(now)
        assert task.trouble == ""
    first = pauses[: len(pauses) // 2]
    assert first == pauses[len(pauses) // 2 :]
    assert first[0] < first[1] < first[2]
    assert first == sorted(first)
    assert max(first) == MOST_SECONDS


@pytest.mark.parametrize("error", [Fault("the disk is full"), Rejected(WRONG_CLOCK, "WRONG_CLOCK", "ahead")])
def test_what_passes_by_itself_is_looked_at_every_second(error: Exception) -> None:
    act = Acting()
    act.error = error
    task = Task("L1 waits", act)
    for tries in range(1, 50):
        task.run(tries * FAULT_SECONDS)
        assert act.calls == tries
        task.run(tries * FAULT_SECONDS + 0.9)
        assert act.calls == tries
    assert str(error) in task.trouble


def test_a_trouble_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    act = Acting()
    task = Task("deposits wait", act)
    act.error = Rejected(61, "BALANCE_LIMIT", "too much")
    with caplog.at_level(logging.WARNING):
        for now in range(0, 1_000, 100):
            task.run(now)
        act.error = None
        task.run(2_000)
        task.run(2_001)
    assert act.calls == 12
    assert [record.getMessage()[:13] for record in caplog.records] == ["deposits wait", "over: deposit"]


@pytest.mark.parametrize("error", [Broken("ours"), ValueError("unforeseen")])
def test_our_own_failures_are_raised(error: Exception) -> None:
    act = Acting()
    act.error = error
    with pytest.raises(type(error)):
        Task("L1 waits", act).run(0.0)

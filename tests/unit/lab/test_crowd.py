"""The flow of the benchmarks: the shares it states, and that resting orders rest and crossing ones trade."""

from __future__ import annotations

from collections import Counter

import pytest

from kedge import _native
from kedge.lab import MIXED, RESTING, Crowd, Mix
from kedge.rules import program
from kedge.units.errors import Broken
from kedge.venue import Event, Outcome

START = 1_000_000_000


class Exchange:
    """A native engine and a crowd on it."""

    def __init__(self, accounts: int = 20, seed: int = 1) -> None:
        self.crowd = Crowd(accounts, seed)
        self.engine = _native.Engine(_native.Program(program().data))
        self.submit(self.crowd.opening(START))

    def submit(self, work: list[tuple[str, list[int]]]) -> list[Outcome]:
        outcomes = self.engine.submit_many(work)
        self.crowd.feedback(work, outcomes)
        return outcomes

    def run(self, orders: int, mix: Mix, burst: int = 20) -> tuple[Counter[str], Counter[str]]:
        """Steps sent and events seen; nothing may be refused but a cancel that came too late."""
        steps: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        for _ in range(orders // burst):
            work = self.crowd.orders(burst, mix)
            for (step, _), (code, events, _) in zip(work, self.submit(work), strict=True):
                steps[step] += 1
                assert code == 0 or step == "cancel"
                seen.update(name for name, _ in events)
        return steps, seen


def test_resting_orders_rest() -> None:
    exchange = Exchange()
    steps, seen = exchange.run(400, RESTING)
    assert steps == {"place": 400}
    assert seen["rested"] == 400
    assert not seen["fill"]


def test_the_mix_is_exact_and_does_what_it_says() -> None:
    exchange = Exchange()
    exchange.run(200, RESTING)
    steps, seen = exchange.run(680, MIXED)
    assert steps["place"] == 680
    assert abs(steps["cancel"] - 120) <= 3, "three cancels for seventeen orders, but for the pack that is open"
    assert abs(seen["rested"] - 480) <= 12
    assert seen["fill"] >= 200, "as many fills as crossing orders, or more"


def test_the_same_seed_gives_the_same_flow() -> None:
    def draw(seed: int) -> list[tuple[str, list[int]]]:
        exchange = Exchange(seed=seed)
        work = exchange.crowd.orders(100, MIXED)
        exchange.submit(work)
        return work + exchange.crowd.orders(100, MIXED)

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_an_order_is_cancelled_once_even_within_a_burst() -> None:
    crowd = Crowd(accounts=3)
    work = crowd.orders(30, RESTING)
    rested: list[Event] = []
    crowd.feedback(work, [(0, rested, 1) for _ in work])
    cancels = [crowd.draw(Mix(0, 0, 1)) for _ in range(40)]
    gone = [tuple(args) for step, args in cancels if step == "cancel"]
    assert len(gone) == len(set(gone))
    assert cancels[-1][0] in ("place", "cancel")


def test_a_crowd_whose_slots_are_full_makes_room_and_goes_on() -> None:
    """Every account has 1,024 slots; more resting orders than that were once waited for without end."""
    exchange = Exchange(accounts=2)
    steps, _ = exchange.run(4_000, RESTING, burst=100)
    assert sum(steps.values()) == 4_000
    assert steps["place"] >= 2 * 1_024
    assert steps["cancel"] > 500
    assert len(exchange.crowd.desk.live(2)) + len(exchange.crowd.desk.live(3)) <= 2 * 1_024
    steps, seen = exchange.run(2_000, MIXED, burst=100)
    assert steps["place"] > 500
    assert seen["removed"] > 500


def test_a_crowd_that_hears_nothing_says_so() -> None:
    crowd = Crowd(accounts=1)
    work = crowd.orders(2_048, RESTING)
    assert Counter(step for step, _ in work) == {"place": 1_024, "cancel": 1_024}
    with pytest.raises(Broken, match="feed the outcomes back"):
        crowd.draw(RESTING)

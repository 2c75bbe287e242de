"""One state: wherever a transaction stands, at most one step applies, so a prover chooses no road and no outcome.

The engine takes the first step of a phase whose guards hold. A prover is bound to no order: any step whose constraints
hold will do. So every step of the phase is tried at every moment of many histories, with sizes at the bounds of the
records and with an order's limit of steps lowered, so that tired orders are common.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from kedge._native import Program, poseidon2
from kedge.machine import OracleEngine, trace
from kedge.machine.oracle import World, _Refused
from kedge.rules import matching, rules
from kedge.units.errors import Broken
from tests.property.histories import Move, Player, draw_history
from tests.soundness.mutation import Play
from tests.soundness.plays import (
    debt_of_the_flat,
    gap,
    nearly_nothing,
    sleeping_bystander,
    sleeping_makers,
    sleeping_neighbour,
    sleeping_reducer,
    sleeping_swept,
    sleeping_taker,
    sleeping_withdrawal,
    waking,
    withdrawal_of_a_gain,
)
from tests.unit.rules.venue import BUY, GTC, IOC, MARK, SELL, START, TERMS, Event, Venue

SEEDS, LENGTH = range(6), 150
LIMITS = (matching.MOST_STEPS, 40, 7)


class EveryRoad(OracleEngine):
    """An engine that tries all steps of a phase, and fails if another one than its own would have been accepted."""

    def __init__(self) -> None:
        super().__init__(rules, poseidon2)
        self.taken: Counter[str] = Counter()

    def _next(self, world: World, cursor: dict[str, int]) -> tuple[list[Event], dict[str, int]]:
        roads = [step.name for step in rules.candidates(cursor["phase"]) if self._applies(world, cursor, step.name)]
        phase = list(rules.phases)[cursor["phase"]]
        try:
            events, after = super()._next(world, cursor)
        except _Refused:
            assert roads == [], f"refused in {phase}, but a prover may go on with {roads}"
            raise
        assert len(roads) == 1, f"in {phase} a prover may choose among {roads}"
        self.taken[roads[0]] += 1
        return events, after

    def _applies(self, world: World, cursor: dict[str, int], name: str) -> bool:
        try:
            self._attempt(world.copy(), rules.steps[name], cursor, [])
        except (_Refused, Broken):
            return False
        return True


@pytest.fixture(params=LIMITS, ids=lambda limit: f"{limit} steps")
def venue(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Venue:
    """An exchange whose orders are tired after so many steps, in both of its readings."""
    monkeypatch.setattr(matching, "MOST_STEPS", request.param)
    venue = Venue(native=Program(trace(rules).data))
    venue.oracle = EveryRoad()
    return venue


def taken(venue: Venue) -> Counter[str]:
    assert isinstance(venue.oracle, EveryRoad)
    return venue.oracle.taken


def play(venue: Venue, history: list[Move]) -> None:
    player = Player(venue)
    for move in history:
        for _ in player.play(move):
            pass


@pytest.mark.parametrize("seed", SEEDS)
def test_histories_leave_no_choice(venue: Venue, seed: int) -> None:
    play(venue, draw_history(seed, LENGTH))
    assert taken(venue)["fill"] > 5


def test_sizes_at_the_bounds_leave_no_choice(venue: Venue) -> None:
    """Both sides of the largest position, one lot below, at and above; whole orders and what is left of them.

    An order fits when it comes, so the maker's rests while it is flat, and its position grows afterwards.
    """
    venue.open_markets()
    for user in range(2, 8):
        venue.deposit(user, 10**16)
    venue.ok("open_market", 2, 3, *TERMS)
    for way, away in ((SELL, 1), (BUY, -1)):
        one, other = 2 + 2 * way, 3 + 2 * way
        for size, terms in product((2**30 - 1, 9, 10, 11), (GTC, IOC)):
            venue.submit("place", one, 0, 2, way, 3 + away, size, GTC, 0, 0)
            for maker, side, slot in ((one, way, 1), (other, 1 - way, 1)):
                venue.submit("place", maker, slot, 2, side, 3, 2**30 - 11, GTC, 0, 0)
            venue.submit("place", 6, 2, 2, 1 - way, 3 + away, size, terms, 0, 0)
            for maker, side, slot in ((one, 1 - way, 3), (other, way, 3)):
                venue.submit("place", maker, slot, 2, side, 3, 2**30 - 11, GTC, 0, 0)
    assert taken(venue)["evict"] > 0
    assert taken(venue)["fill"] > 0


def test_a_wall_of_dead_orders_leaves_no_choice(venue: Venue) -> None:
    """Stale orders, each of whose makers could be assessed instead, position by position, until the taker is tired."""
    venue.open()
    for market in (0, 1):
        venue.order(2, BUY, 1, 1, slot=100 + market, market=market)
    for slot in range(30):
        venue.order(2, SELL, 600_000, 1, slot=slot)
    venue.ok("cancel_all", 2)
    venue.order(3, SELL, 600_001, 50)
    venue.submit("place", 4, 0, 0, BUY, 600_001, 50, GTC, 0, 0)
    assert taken(venue)["evict"] > 0
    assert taken(venue)["offer"] + taken(venue)["finish"] > 0


@pytest.mark.parametrize(
    "play",
    [
        gap,
        nearly_nothing,
        waking,
        sleeping_taker,
        sleeping_makers,
        sleeping_reducer,
        sleeping_swept,
        sleeping_neighbour,
        sleeping_bystander,
        sleeping_withdrawal,
        withdrawal_of_a_gain,
        debt_of_the_flat,
    ],
)
def test_deleveraging_leaves_no_choice(venue: Venue, play: Play) -> None:
    """Positions that slept through it wake by whatever uses them."""
    venue.open()
    step, args = play(venue)
    venue.submit(step, *args)
    assert taken(venue)["close_out"] + taken(venue)["absorb"] > 0


@pytest.mark.parametrize("way", [BUY, SELL])
def test_sweeps_leave_no_choice(venue: Venue, way: int) -> None:
    """Orders that must leave for every reason, that need no assessment, that bear theirs and that do not."""
    venue.open()
    away = 1 if way == BUY else -1
    venue.deposit(8, 60_000)
    venue.trade(*((3, 4) if way == BUY else (4, 3)), MARK, 100)
    for slot in range(6):
        venue.order(2, 1 - way, MARK, 5, slot=slot)
        venue.order(5, 1 - way, MARK, 5, slot=slot, expiry=START + slot)
        venue.order(8, 1 - way, MARK + away, 5 * (slot % 2) + 1, slot=slot) if slot < 4 else None
        venue.order(4, 1 - way, MARK + away * 300, 5, slot=slot)
    venue.order(6, 1 - way, MARK + away * 2, 5)
    venue.ok("cancel_all", 2)
    venue.ok("unlist", 6, 0, 0)
    venue.pass_time(3)
    for size, price in product((1, 5, 50), (MARK, MARK + away, MARK + away * 300)):
        venue.submit("sweep", 0, way, price, size)
        venue.submit("place", 7, 0, 0, way, price, size, IOC, 0, 0)
    assert taken(venue)["evict"] > 5
    assert taken(venue)["spare"] > 0

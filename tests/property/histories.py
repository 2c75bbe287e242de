"""Random histories of an exchange: strategies for moves, and a player that turns a move into a transaction."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from kedge.rules import Clock, Market, Position
from tests.unit.rules.venue import Event, Venue, of_kind, order

ACCOUNTS: Final = range(2, 7)
OPENING: Final = {2: 10**10, 3: 10**10, 4: 3 * 10**8, 5: 5 * 10**7, 6: 2 * 10**6}
"""Quote that each account starts with: two can always pay, the last hardly ever."""

MINUTE: Final = 60_000

Move = tuple[str, tuple[int, ...]]
Planned = tuple[str, list[int]]


def _move(name: str, *parts: st.SearchStrategy[int]) -> st.SearchStrategy[Move]:
    return st.tuples(st.just(name), st.tuples(*parts))


account, market, side = st.sampled_from(ACCOUNTS), st.sampled_from([0, 0, 0, 1]), st.integers(0, 1)
slot = st.integers(0, 5)
size = st.one_of(st.integers(1, 9), st.sampled_from([50, 500, 5_000, 20_000, 400_000, 2**30 - 1]))
distance = st.one_of(st.integers(-6, 6), st.sampled_from([-400_000, -5_000, -300, 300, 5_000, 2**27]))
"""Ticks away from the mark."""
terms = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
rarely = st.sampled_from([0, 0, 0, 0, 0, 1])

MOVES: Final[list[st.SearchStrategy[Move]]] = [
    _move("place", account, slot, market, side, distance, size, terms, rarely, st.sampled_from([0, 0, 0, 5, 40_000])),
    _move("place", account, slot, market, side, distance, size, terms, rarely, st.just(0)),
    _move("place", account, slot, st.just(0), side, st.integers(-2, 2), size, terms, st.just(0), st.just(0)),
    _move("cancel", account, slot),
    _move("cancel_all", account),
    _move("mark", market, st.sampled_from([-19_000, -900, -150, -10, 3, 10, 150, 900, 19_000])),
    _move("wait", st.sampled_from([1, 1_000, 30_000, 61_000]), rarely),
    _move("hour", market),
    _move("deposit", account, st.sampled_from([1, 1_000, 10**7])),
    _move("withdraw", account, st.sampled_from([1, 10**5, 4 * 10**7, 10**10])),
    _move("liquidate", account, market, st.sampled_from([2, 3, 4]), st.integers(1, 4)),
    _move("deleverage", account, market),
    _move("adjust", account, market),
    _move("cover", account),
    _move("unlist", account, market, st.integers(0, 2)),
    _move("sweep", market, side, distance, size),
]

histories = st.lists(st.one_of(MOVES), min_size=10, max_size=60)


@dataclass
class Player:
    """Plays moves on a venue and keeps what no record holds: the money that went in and out, and who came first."""

    venue: Venue
    paid_in: int = 0
    paid_out: int = 0
    settlements: int = 0
    arrivals: int = 0

    def __post_init__(self) -> None:
        self.arrived: dict[int, int] = {}
        self.venue.open_markets()
        for number, amount in OPENING.items():
            self.submit("deposit", self.venue.deposit_args(number, amount))

    def play(self, move: Move) -> Iterator[tuple[str, list[int], int, list[Event]]]:
        """Every transaction of a move with its code and events, as it happens."""
        for step, args in self._transactions(*move):
            yield step, args, *self.submit(step, args)

    def submit(self, step: str, args: list[int]) -> tuple[int, list[Event]]:
        code, events, _ = self.venue.submit(step, *args)
        if code == 0:
            self._account_for(step, events)
        return code, events

    def _account_for(self, step: str, events: list[Event]) -> None:
        for event in of_kind(events, "deposited"):
            self.paid_in += event["amount"]
            self.venue.deposits += 1
        self.paid_out += sum(event["amount"] for event in of_kind(events, "withdrawn"))
        self.settlements += 2 * (len(of_kind(events, "fill")) + len(of_kind(events, "liquidated")))
        self.settlements += 2 * (len(of_kind(events, "deleveraged")) + len(of_kind(events, "adjusted")))
        for event in of_kind(events, "rested"):
            self.arrivals += 1
            self.arrived[event["order"]] = self.arrivals
        assert step == "place" or not of_kind(events, "rested")

    def _mark(self, number: int) -> int:
        return int(self.venue.get(Market, 0, number).mark)

    def _transactions(self, name: str, parts: tuple[int, ...]) -> list[tuple[str, list[int]]]:
        clock = self.venue.get(Clock, 0)
        if name == "place":
            who, place, number, way, away, lots, how, reduce_only, later = parts
            price = min(max(1, self._mark(number) + away), 2**28 - 1)
            expiry = clock.now + later if later else 0
            return [("place", order(who, way, price, lots, how, place, number, reduce_only, expiry))]
        if name == "sweep":
            number, way, away, lots = parts
            return [("sweep", [number, way, min(max(1, self._mark(number) + away), 2**28 - 1), lots])]
        if name == "mark":
            number, change = parts
            return [("oracle_price", [number, max(1, self._mark(number) * (100_000 + change) // 100_000)])]
        if name == "wait":
            step, anchored = parts
            return self._pass(step, clock.now if anchored else clock.anchored, 1)
        if name == "hour":
            (number,) = parts
            return [*self._pass(MINUTE, clock.now, 60), ("funding_tick", [number])]
        if name == "deposit":
            return [("deposit", self.venue.deposit_args(*parts))]
        if name == "liquidate":
            who, number, by, share = parts
            held = abs(self.venue.get(Position, who, number).size)
            return [("liquidate", [who, number, by, max(1, -(-held // share))])]
        return [(name, list(parts))]

    def _pass(self, step: int, anchored: int, times: int) -> list[Planned]:
        """Time passes in steps, each with a fresh mark and margin for every market."""
        now = self.venue.get(Clock, 0).now
        upkeep: list[Planned] = []
        for market in (0, 1):
            upkeep += [("oracle_price", [market, self._mark(market)]), ("margin_update", [market])]
        return [move for k in range(times) for move in (("window_update", [now + (k + 1) * step, anchored]), *upkeep)]


def draw_history(seed: int, length: int) -> list[Move]:
    """A long history: mostly orders near the mark, often as large as the account can bear, and falling marks."""
    rng = random.Random(seed)
    return [_draw(rng) for _ in range(length)]


def _draw(rng: random.Random) -> Move:
    kind, who, number = rng.random(), rng.choice(ACCOUNTS), rng.choice([0, 0, 1])
    if kind < 0.62:
        bold = OPENING[who] * 45 // ((600_000, 30_000)[number])
        lots = rng.choice([rng.randint(1, 20), max(1, bold // 50), max(1, bold // 5), max(1, bold // 2), bold + 1])
        away = rng.choice([0, 0, 1, -1, rng.randint(-9, 9), rng.randint(-900, 900), rng.choice([-8_000, 8_000])])
        how, later = rng.choice([0, 0, 0, 0, 1, 1, 2, 3]), rng.choice([0, 0, 0, 0, 2_000])
        return "place", (
            who,
            rng.randrange(6),
            number,
            rng.randrange(2),
            away,
            lots,
            how,
            int(rng.random() < 0.05),
            later,
        )
    if kind < 0.70:
        return "liquidate", (rng.choice([3, 4, 5, 6]), number, rng.choice([2, 2, 3]), rng.choice([1, 2, 2, 3]))
    if kind < 0.74:
        return "deleverage", (rng.choice([3, 4, 5, 6]), number)
    if kind < 0.75:
        return "adjust", (who, number)
    choices: list[tuple[str, tuple[int, ...]]] = [
        ("cancel", (who, rng.randrange(6))),
        ("cancel_all", (who,)),
        ("mark", (number, rng.choice([-4_000, -2_500, -1_500, -600, -20, 20, 500, 900, 1_500, 4_000]))),
        ("mark", (number, rng.choice([-1_200, -300, 300, 1_200]))),
        ("wait", (rng.choice([1, 500, 1_000, 50_000]), rng.randrange(2))),
        ("hour", (number,)),
        ("deposit", (who, rng.choice([1_000, 10**6, 10**8]))),
        ("withdraw", (who, rng.choice([1, 10**5, 10**8]))),
        ("cover", (who,)),
        ("unlist", (who, number, rng.randrange(3))),
        ("sweep", (number, rng.randrange(2), rng.choice([-300, 0, 300, 20_000]), rng.choice([1, 20, 2_000]))),
    ]
    return rng.choice(choices)

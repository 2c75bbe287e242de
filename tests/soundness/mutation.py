"""What a named way to cheat is: a twist of what the sequencer computes, and a play in which that pays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kedge.machine import P
from tests.soundness.cheating import Cheat
from tests.unit.rules.case import Attempt
from tests.unit.rules.venue import Venue

Play = Callable[[Venue], Attempt]


@dataclass(frozen=True, slots=True)
class Mutation:
    """`twist` changes what the sequencer computes; `play` is a state, and the transaction in which that pays."""

    name: str
    twist: Callable[[Cheat], None]
    play: Play


MUTATIONS: Final[list[Mutation]] = []


def plays(play: Play) -> Callable[[Callable[[Cheat], None]], Callable[[Cheat], None]]:
    """Register a twist under its function's name, with the play that it belongs to."""

    def register(twist: Callable[[Cheat], None]) -> Callable[[Cheat], None]:
        MUTATIONS.append(Mutation(twist.__name__, twist, play))
        return twist

    return register


def plus(cheat: Cheat, step: str, amount: int) -> Callable[[int], int]:
    """Makes a node's value larger by so much on a row in use."""
    unit = cheat.node(step, "*", cheat.cell(step, "on"), cheat.node(step, "k", amount % P))
    return lambda node: cheat.node(step, "+", node, unit)


def zero(cheat: Cheat, step: str) -> int:
    return cheat.node(step, "k", 0)


def ignore_guard(cheat: Cheat, step: str, number: int) -> None:
    """Drop a step's guard by its number."""
    guards = [m for m in cheat.moves(step) if m["do"] == "guard" or (m["do"] == "range" and m["guard"])]
    cheat.drop(step, lambda move: move is guards[number])


def first(cheat: Cheat, *steps: str) -> None:
    """Try steps first, wherever they are tried."""
    for phase in cheat.data["phases"]:
        phase["steps"].sort(key=lambda name: steps.index(name) if name in steps else len(steps))

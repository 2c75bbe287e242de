"""Every guard is in the proof: a sequencer that ignores one does what the honest one does, or cannot prove it."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Final

import pytest

from kedge._native import Program
from kedge.rules import rules
from tests.property.histories import Player, draw_history
from tests.soundness.cheating import Cheat, reasons, take_over
from tests.unit.rules.venue import Venue

SEEDS, LENGTH = range(40, 44), 250

NEVER_DECISIVE: Final[dict[tuple[str, int], str]] = {
    ("evict", 0): "between assessments the other guards let an order leave only where it would leave afterwards",
    ("fill", 0): "between assessments only a free fill passes the other guards, and that one would not be assessed",
    ("examine", 0): "an order that took no risk and was assessed all the same fits neither `rest` nor `finish`",
    (
        "examine",
        1,
    ): "after an assessment that came too early the order still crosses: neither `rest` nor `finish` applies",
    ("examine", 2): "a taker's position is listed, so that the list has a head",
    ("fill", 2): "a fill of nothing changes nothing, and follows itself until the transaction is too long",
    ("rest", 2): "too rare for a random history: see the mutation rest_what_is_filled",
    ("rest", 5): "advice is honest here: see the mutation stand_in_the_other_book",
    ("rest", 6): "the advice index holds no dead order; an honest neighbour is alive",
    ("rest", 7): "advice is honest here: see the mutation stand_at_the_end",
    ("rest", 8): "advice is honest here: see the mutation jump_the_queue",
    ("offer", 0): "an offer nobody may accept: neither `fill` nor `evict` applies to an order that does not cross",
    ("offer", 1): "an offer nobody may accept: neither `fill` nor `evict` applies to an order that is filled",
    ("evict", 2): "too rare for a random history: see the mutation remove_a_maker_for_an_order_that_is_filled",
    ("evict", 3): "no random history has an order of 3,800 steps: see test_one_state",
    ("fill", 3): "no random history has an order of 3,800 steps: see test_a_book_of_dead_orders_stops_nobody",
    ("fill", 4): "too rare for a random history: see the mutation fill_an_expired_maker",
    ("fill", 6): "a fill of one's own order would open the account twice in one step",
    ("fill", 7): "an empty position is assessed, and `offer` guards the same: see the mutation fill_an_unlisted_maker",
    ("fill", 8): "a fill that reduces is never too large, any other is offered first, and `settle` refuses it too",
    ("fill", 10): "a fill of a sweep would open the market twice in one step, as a position of account 0 too",
    ("fill", 11): "too rare for a random history: see the mutation fill_a_sleeping_maker_unassessed",
    ("catch_up", 0): "where nobody is assessed or woken there is no subject, and account 0 has no position",
    ("catch_up", 1): "a position that is up to date would open the newest cut twice in one step",
    ("renew", 1): "too rare for a random history: see the mutation wake_a_maker_after_the_last_lot",
    ("renew", 2): "no random history has an order of 3,800 steps: see test_one_state",
    ("renew", 3): "to catch up with a position that is up to date opens the newest cut twice in one step",
    ("spare", 0): "between assessments the other guards spare only what they would spare afterwards",
    **{("spare", n): "too rare for a random history: see test_sweeps_leave_no_choice" for n in range(2, 11)},
    ("spare", 11): "too rare for a random history: see the mutation spare_a_sleeping_maker",
    ("offer", 2): "no random history has an order of 3,800 steps: see test_one_state",
    **{("offer", n): "who cannot be filled leaves after the assessment too: see test_one_state" for n in (3, 4, 6, 7)},
    ("offer", 9): "too rare for a random history: see the mutation fill_a_sleeping_maker",
    ("offer", 8): "too rare for a random history: see the mutation remove_a_maker_whose_fill_is_free",
}
"""Guards (step, number within it) whose loss a random history does not show, each with the reason."""


def is_guard(move: dict[str, Any]) -> bool:
    return move["do"] == "guard" or (move["do"] == "range" and bool(move["guard"]))


GUARDS = [
    (step["name"], number)
    for step in Cheat().data["steps"]
    for number in range(sum(is_guard(move) for move in step["run"]))
]


def prefer(cheat: Cheat, *steps: str) -> None:
    """Try these steps first wherever they are tried: the order of candidates is the sequencer's own."""
    for phase in cheat.data["phases"]:
        phase["steps"].sort(key=lambda name: steps.index(name) if name in steps else len(steps))


def verdicts(cheat: Program, seed: int) -> set[str]:
    """What the cheat does with each transaction of an honest history, from the same state.

    The same, or it is refused (it cheated itself), or something else that it cannot prove (caught), or can (accepted).
    """
    honest, found = Player(Venue(oracle=False)), set[str]()
    for move in draw_history(seed, LENGTH):
        dishonest = take_over(cheat, honest.venue)
        for step, args, code, _ in honest.play(move):
            other, _, _ = dishonest.submit(step, args)
            if other:
                found.add("same" if other == code else "refused")
            elif code == 0 and dishonest.root() == honest.venue.engine.root():
                found.add("same")
            else:
                found.add("caught" if reasons(cheat, dishonest.seal()) else f"accepted: {step}{args}")
            dishonest = take_over(cheat, honest.venue)
    return found


@pytest.mark.parametrize(("step", "number"), GUARDS)
def test_ignoring_a_guard_is_noticed(step: str, number: int) -> None:
    cheat = Cheat()
    unwanted = [move for move in cheat.moves(step) if is_guard(move)][number]
    cheat.drop(step, lambda move: move is unwanted)
    if (
        number == 0 and len(rules.steps[step].phases) > 1
    ):  # the first guard is about the phase: try the step in every one
        for phase in cheat.data["phases"][1:]:
            phase["steps"] = [step, *(name for name in phase["steps"] if name != step)]
    prefer(cheat, *dict.fromkeys((step, "offer", "fill")))
    program, found = cheat.build(), set[str]()
    for seed in SEEDS:
        found |= verdicts(program, seed)
        if "caught" in found:
            break
    assert found <= {"caught", "refused", "same"}
    assert ("caught" in found) == ((step, number) not in NEVER_DECISIVE), f"{step}, guard {number}: {found}"


MATCHING = ("evict", "fill", "offer", "spare", "renew", "examine", "rest", "finish")
ORDERS = [*permutations(MATCHING[:3]), ("spare",), ("renew",), MATCHING[::-1], ("finish", "rest", "examine")]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_the_order_of_candidates_is_no_choice(order: tuple[str, ...]) -> None:
    """The proof does not say in which order steps were tried: whichever applies first, the outcome must be one."""
    cheat = Cheat()
    prefer(cheat, *order)
    assert verdicts(cheat.build(), SEEDS[0]) <= {"same", "refused"}

"""Cases of refusal: a state, and the transaction that the rules must refuse in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kedge.rules import Code
from tests.unit.rules.venue import MARK, Venue

MALFORMED, ALIASED, STUCK, TOO_LONG, CHUNK_FULL, BROKEN, OVERSIZED = 1, 2, 3, 4, 5, 6, 7
Attempt = tuple[str, list[int]]
Setting = Callable[[Venue], Attempt]

BIG = 700_000
"""Lots of market 0 that an account with ten thousand coins can just bear."""
LARGEST_DEPOSIT = 2**59 - 1


@dataclass(frozen=True, slots=True)
class Case:
    """`long` cases need a history too long for the plain integers: they run on the native engine alone."""

    code: int
    setting: Setting
    long: bool = False

    @property
    def name(self) -> str:
        return self.setting.__name__


CASES: Final[list[Case]] = []

NOT_TRIPPED: Final[dict[int, str]] = {
    TOO_LONG: "an order stops by rule after 3,800 steps; were there a longer transaction, this code refuses it",
    STUCK: "every state of every phase has a step that applies; were there one without, this code refuses it",
    OVERSIZED: "no transaction of these rules is so large: test_limits bounds them all, and trips it at lower limits",
    BROKEN: "the engine's own: the program was traced from rules whose bounds were checked",
    Code.CUTS_EXHAUSTED: "takes 2^23 deleveragings of one market; test_deleverage shows it on an edited record",
    Code.EPOCH_EXHAUSTED: "takes 2^32 transactions of one account; test_cancel shows it on an edited record",
}
"""Codes that no history of a test's length can trip, each with the reason."""


def refused(code: int, long: bool = False) -> Callable[[Setting], Setting]:
    """Register a setting whose transaction must be refused with `code`."""

    def register(setting: Setting) -> Setting:
        CASES.append(Case(code, setting, long))
        return setting

    return register


def in_debt(v: Venue, mark: int) -> None:
    """Account 3 is long 700,000 lots on ten thousand coins when the mark falls."""
    v.trade(2, 3, MARK, BIG)
    v.mark(mark)

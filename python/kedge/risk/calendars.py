"""How much of a year a market is open: what turns steps of a record into years.

A record of every day and night has 365.25 days a year, one of business days 252. A window is time on a clock that runs
only while the market trades: one day of business-day bars is 1/252 of a year, not 1/365.25.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from kedge.risk.checks import Array, one_of, times
from kedge.risk.constants import DAY_SECONDS, YEAR_DAYS, YEAR_SECONDS

BUSINESS_DAYS: Final = 252.0
CALENDARS: Final = {"business": BUSINESS_DAYS, "continuous": YEAR_DAYS}
CHOICES: Final = ("auto", *CALENDARS)
EPOCH_WEEKDAY: Final = 3
"""1 January 1970 was a Thursday; Monday is 0."""
_LEAST_DAYS, _RARE, _LONGEST_STEP = 14.0, 0.25, 1.5
"""A weekday is closed where it has less than a quarter of the records of the fullest; two weeks must be on record."""


@dataclass(frozen=True)
class Calendar:
    """Days per year, bars per day on which there are any, seconds from bar to bar, weekdays without records."""

    name: str
    days: float
    per_day: float
    step: float
    closed: frozenset[int]
    reason: str

    @property
    def per_year(self) -> float:
        """Bars per year."""
        return self.days * self.per_day

    @property
    def pace(self) -> float:
        """Seconds of a year of 365.25 days that pass in a second of trading: 1 for a market that never closes."""
        return YEAR_SECONDS / (self.step * self.per_year)

    def __str__(self) -> str:
        return f"{self.name} ({self.days:g} days a year, {_count(self.per_day)} a day; {self.reason})"


def choose_calendar(stamps: ArrayLike, name: str = "auto") -> Calendar:
    """The calendar of a record with these times: the one named, or the one that its spacing shows.

    Business days where at least one day of the week is missing from a record of two weeks or more. Bars longer than a
    day and a half span weekends, so that their step itself says how many make a year. Refuses (1413) an unknown name.
    """
    one_of(name, CHOICES, "calendar")
    known = times(stamps, least=2)
    step = float(np.median(np.diff(known)))
    found, counts = np.unique(np.floor(known / DAY_SECONDS), return_counts=True)
    closed = _find_closed(found) if step < _LONGEST_STEP * DAY_SECONDS else frozenset()
    if name == "auto":
        chosen = "business" if closed else "continuous"
        reason = f"{len(closed)} of 7 weekdays are missing" if closed else "every weekday is on record"
        if found[-1] - found[0] + 1 < _LEAST_DAYS:
            reason = "less than two weeks on record"
        elif step >= _LONGEST_STEP * DAY_SECONDS:
            reason = "bars of more than a day"
    else:
        chosen, reason = name, "as asked"
    days = CALENDARS[chosen]
    long = step >= _LONGEST_STEP * DAY_SECONDS
    whole = DAY_SECONDS / step if chosen == "continuous" else float(np.median(counts))
    return Calendar(chosen, days, YEAR_SECONDS / step / days if long else whole, step, closed, reason)


def _count(bars: float) -> str:
    return "1 bar" if bars == 1.0 else f"{bars:,.6g} bars"


def _find_closed(days: Array) -> frozenset[int]:
    if days[-1] - days[0] + 1 < _LEAST_DAYS:
        return frozenset()
    counts = np.bincount((days.astype(np.int64) + EPOCH_WEEKDAY) % 7, minlength=7)
    return frozenset(int(day) for day in np.flatnonzero(counts < _RARE * counts.max()))

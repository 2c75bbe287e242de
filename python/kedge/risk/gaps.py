"""Gaps of a record: where they are, what they are called, and which windows end in one.

A gap is a distance of more than one and a half steps between neighbouring prices. A window that ends in a gap has no
price at its end: its loss runs to the first price after it, for whoever held the position held it until then.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kedge.risk.calendars import EPOCH_WEEKDAY, Calendar
from kedge.risk.checks import Array
from kedge.risk.constants import DAY_SECONDS

COUNT, SKIP = "count", "skip"
CHOICES: Final = (COUNT, SKIP)
_WIDE, _JITTER = 1.5, 1e-3
Places = NDArray[np.int64]


class Gap(NamedTuple):
    """Between the prices at `at` and `at + 1`; `kind` is night, weekend, holiday or outage; times in seconds."""

    at: int
    begin: float
    end: float
    kind: str

    @property
    def seconds(self) -> float:
        """From the last price before it to the first one after it."""
        return self.end - self.begin

    @property
    def date(self) -> str:
        """When it began: ISO, UTC."""
        return datetime.fromtimestamp(self.begin, UTC).strftime("%Y-%m-%d %H:%M")


def find_gaps(stamps: Array, calendar: Calendar) -> tuple[Gap, ...]:
    """Every gap of a record, in order."""
    wide = np.flatnonzero(np.diff(stamps) > _WIDE * calendar.step)
    return tuple(
        Gap(int(at), float(stamps[at]), float(stamps[at + 1]), _name(stamps[at], stamps[at + 1], calendar))
        for at in wide
    )


def _name(begin: float, end: float, calendar: Calendar) -> str:
    """Outage in a market that never closes, or within a day; else by the days between: none, closed ones, others."""
    first, last = int(begin // DAY_SECONDS), int(end // DAY_SECONDS)
    if not calendar.closed or first == last:
        return "outage"
    between = [(day + EPOCH_WEEKDAY) % 7 for day in range(first + 1, last)]
    if not between:
        return "night"
    return "weekend" if calendar.closed.issuperset(between) else "holiday"


def find_ends(stamps: Array, window: float) -> Places:
    """For each time t the place of the first price at or after t + window; their number where there is none.

    A thousandth of a step counts as on time: stamps have jitter, and floats have rounding.
    """
    slack = _JITTER * float(np.median(np.diff(stamps)))
    return np.searchsorted(stamps, stamps + (window - slack), side="left").astype(np.int64)


def find_late(stamps: Array, window: float, gaps: tuple[Gap, ...]) -> Places:
    """For each time the number (from 0) of the gap in which its window ends; -1 where it ends in none."""
    ends = find_ends(stamps, window)
    owner = np.full(stamps.size + 1, -1, dtype=np.int64)
    for number, gap in enumerate(gaps):
        owner[gap.at + 1] = number
    late = stamps[np.minimum(ends, stamps.size - 1)] - stamps - window > _JITTER * float(np.median(np.diff(stamps)))
    return np.where(late, owner[ends], -1)

"""Backtests on records (A9): every model, window and record, with its margins and losses at the same times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from kedge.risk import gaps, montecarlo, trailing
from kedge.risk.backtest import find_hits, thin
from kedge.risk.calendars import Calendar, choose_calendar
from kedge.risk.checks import Array, one_of
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.recorded import Prices

_BARS: Final = 20_000
_BAR_SECONDS: Final = 300.0


@dataclass(frozen=True)
class Terms:
    """What is tried: windows, lookback and half-life in seconds, promised coverage as a fraction."""

    windows: tuple[float, ...]
    models: tuple[str, ...]
    coverage: float
    lookback: float
    half_life: float
    side: str = "long"
    gaps: str = gaps.COUNT
    calendar: str = "auto"
    seed: int = 1

    def __post_init__(self) -> None:
        one_of(self.gaps, gaps.CHOICES, "gaps")


@dataclass(frozen=True)
class Record:
    """A record of prices with its calendar and its gaps."""

    prices: Prices
    calendar: Calendar
    gaps: tuple[gaps.Gap, ...]

    @staticmethod
    def of(prices: Prices, calendar: str) -> Record:
        """The record under the calendar of this name (`auto`: the one that its spacing shows)."""
        chosen = choose_calendar(prices.times, calendar)
        return Record(prices, chosen, gaps.find_gaps(prices.times, chosen))


@dataclass(frozen=True)
class Trial:
    """One model on one record over one window of `steps` bars: margins and losses on the same times.

    `late` is the number of the gap in which a window ends, -1 for the others; `skipped` windows were left out for it.
    """

    record: Record
    window: float
    model: str
    steps: int
    times: Array
    margins: Array
    losses: Array
    late: gaps.Places
    skipped: int

    @cached_property
    def hits(self) -> Array:
        """1 where the loss exceeds the margin, window by window."""
        return find_hits(self.margins, self.losses)

    @property
    def alone(self) -> Array:
        """The same of windows that do not overlap: every n-th."""
        return thin(self.hits, self.steps)


def run_trials(record: Record, terms: Terms) -> tuple[Trial, ...]:
    """Every window with every model. Refuses (1408) a window shorter than the record's step, (1407) a long lookback."""
    return tuple(_run(record, window, model, terms) for window in terms.windows for model in terms.models)


def _run(record: Record, window: float, model: str, terms: Terms) -> Trial:
    prices, step = record.prices, record.calendar.step
    if window < step:
        raise OUT_OF_DOMAIN.reject(f"window = {window:g} s is shorter than the steps of {prices.name}, {step:g} s")
    steps = max(1, round(window / step))
    returns = np.diff(np.log(prices.prices)) * (1.0 if terms.side == "long" else -1.0)
    decay = 0.5 ** (step / terms.half_life)
    past = round(terms.lookback / step)
    margins = trailing.compute_margins(model, returns, steps, past, terms.coverage, decay=decay)
    losses = trailing.compute_losses(prices, window, terms.side)[1:]
    late = gaps.find_late(prices.times, window, record.gaps)[1:]
    known = np.isfinite(margins) & np.isfinite(losses)
    kept = known & (late < 0) if terms.gaps == gaps.SKIP else known
    return Trial(
        record,
        window,
        model,
        steps,
        prices.times[1:][kept],
        margins[kept],
        losses[kept],
        late[kept],
        int(known.sum() - kept.sum()),
    )


def simulate_record(seed: int, *, crash: bool) -> Prices:
    """A record for want of one: five-minute bars at 45 % a year; the crash triples that for a day after a jump."""
    times = np.arange(_BARS, dtype=np.float64) * _BAR_SECONDS
    sigma: Array = np.full(_BARS, 0.45)
    returns = montecarlo.get_stream(seed, stream=int(crash)).standard_normal(_BARS)
    if crash:
        sigma[_BARS // 2 : _BARS // 2 + 288] *= 3.0
    returns *= sigma * math.sqrt(_BAR_SECONDS / YEAR_SECONDS)
    if crash:
        returns[_BARS // 2 : _BARS // 2 + 12] -= 0.01
    name = "simulated, with a crash of 12 % in an hour" if crash else "simulated, calm"
    walk: Array = np.exp(np.cumsum(returns))
    return Prices(name, times, 50_000.0 * walk)

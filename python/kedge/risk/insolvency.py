"""A4, insolvency between anchors: what a book of accounts costs the insurance fund, per interval and per year.

One market, one price: accounts are long or short of the same underlying and carry a margin (equity as a fraction of
notional). Between two anchors nobody is liquidated (mode "anchored"); an account whose loss exceeds its margin leaves
the rest as bad debt. Intervals follow one another and start from the same book. Mode "engine" adds the rollback: a
hazard of losing everything since the last anchor (`rollback_debt`). Closed forms of one account: `passage`, `barrier`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from kedge.risk import passage, puts
from kedge.risk.checks import Array, array, count, finite, non_negative, positive, probability, same_length, series
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.models import Kou, Losses, Model, fixed_window
from kedge.risk.montecarlo import Estimate, compute_mean, run_blocks
from kedge.risk.units import Amount
from kedge.risk.window import Mixture

_MOVES = 4001
_CELLS = 32_768


@dataclass(frozen=True)
class Book:
    """Accounts of one market: signed notionals (long above zero) and equities, all in one currency."""

    notionals: Array
    equities: Array
    currency: str

    @classmethod
    def of(cls, notionals: Sequence[Amount], equities: Sequence[Amount]) -> Book:
        """From amounts; refuses mixed currencies (1406), no accounts (1403) and equity below zero."""
        currency = notionals[0].currency if notionals else ""
        sizes = series([amount.to(currency) for amount in notionals], "notionals")
        worth = series([amount.to(currency) for amount in equities], "equities")
        same_length(notionals=sizes, equities=worth)
        for at, (size, equity) in enumerate(zip(sizes, worth, strict=True)):
            positive(abs(size), f"notional[{at}]")
            non_negative(equity, f"equity[{at}]")
        return cls(sizes, worth, currency)

    @cached_property
    def margins(self) -> Array:
        """Equity over notional, one per account."""
        found: Array = self.equities / np.abs(self.notionals)
        return found

    def debt(self, moves: ArrayLike) -> Array:
        """Bad debt in currency for each fall of the price (fraction; a rise is negative). Shape of `moves`."""
        falls = array(moves, "moves")[..., None]
        losses = np.sign(self.notionals) * falls - self.margins
        found: Array = (np.maximum(losses, 0.0) * np.abs(self.notionals)).sum(axis=-1)
        return found


@dataclass(frozen=True)
class Outcome:
    """Per account of the book: probability of insolvency and expected bad debt (currency), both per interval."""

    probabilities: Array
    debts: Array
    intervals_per_year: float

    @property
    def debt_per_year(self) -> float:
        """Expected bad debt of the whole book per year, in currency."""
        return float(self.debts.sum()) * self.intervals_per_year

    @property
    def insolvencies_per_year(self) -> float:
        """Expected number of insolvent accounts per year."""
        return float(self.probabilities.sum()) * self.intervals_per_year


def compute_outcome(book: Book, model: Model, window: Mixture) -> Outcome:
    """Exact per account: tail and mean excess of the loss over one interval between anchors."""
    long, short = model.over(window), model.mirrored().over(window)
    sides = [long if size > 0.0 else short for size in book.notionals]
    margins = [float(m) for m in book.margins]
    chances = np.array([side.tail(m) for side, m in zip(sides, margins, strict=True)])
    excess = np.array([side.excess(m) for side, m in zip(sides, margins, strict=True)])
    return Outcome(chances, excess * np.abs(book.notionals), YEAR_SECONDS / window.mean)


def compute_fund(book: Book, model: Model, window: Mixture, level: float = 0.999) -> float:
    """Insurance fund (currency) that covers a year's bad debt with probability `level`.

    All accounts share the price: the debt of an interval is a function of one move. Its law on a grid (each debt split
    between two cells so that its mean stays) is folded YEAR / E[W] times by FFT. The book is restored after every
    interval. Error: a few cells of 1/32,768 of the reach.
    """
    number = YEAR_SECONDS / window.mean
    chance = (1.0 - probability(level, "level")) / number / 1e4
    sides = [(model.over(window), 1.0), (model.mirrored().over(window), -1.0)]
    far = [_far(losses, chance) for losses, _ in sides]
    worst = max(float(book.debt(sign * end)) for (_, sign), end in zip(sides, far, strict=True))
    if worst == 0.0:
        return 0.0
    step = 3.0 * (worst + 2.0 * compute_outcome(book, model, window).debt_per_year) / _CELLS
    mass = np.zeros(_CELLS)
    for (losses, sign), end in zip(sides, far, strict=True):
        edges = np.linspace(0.0, end, _MOVES)
        chances = np.array([losses.tail(float(edge)) for edge in edges])
        debts = book.debt(sign * np.append((edges[1:] + edges[:-1]) / 2.0, end)) / step
        cells = np.minimum(debts.astype(int), _CELLS - 2)
        weights = np.append(chances[:-1] - chances[1:], chances[-1])
        np.add.at(mass, cells, weights * (1.0 - (debts - cells)))
        np.add.at(mass, cells + 1, weights * (debts - cells))
    mass[0] += 1.0 - mass.sum()
    year = np.fft.irfft(np.exp(number * np.log(np.fft.rfft(mass))), _CELLS)
    return float(np.searchsorted(np.cumsum(year), level)) * step


def _far(losses: Losses, chance: float) -> float:
    """The move beyond which less than `chance` lies."""
    high = 0.01
    while losses.tail(high) > chance:
        high *= 1.2
    return high


def rollback_debt(book: Book, vol: float, hazard: float, age: float, recovery: float) -> float:
    """Mode "engine": hazard x sum N_i put(m_i, s sqrt(age + R)), currency per year.

    `hazard` rollbacks a year; `age` seconds since the anchor that survives, `recovery` seconds of downtime.
    """
    seconds = non_negative(age, "age") + non_negative(recovery, "recovery")
    value = sum(
        abs(size) * puts.bachelier(vol, float(margin), seconds)
        for size, margin in zip(book.notionals, book.margins, strict=True)
    )
    return non_negative(hazard, "hazard") * float(value)


def debt_map(model: Model, margins: ArrayLike, intervals: ArrayLike) -> Array:
    """Expected bad debt per year as a fraction of notional: rows margins, columns intervals (seconds)."""
    rows, columns = series(margins, "margins"), series(intervals, "intervals")
    values = np.empty((rows.size, columns.size))
    for j, interval in enumerate(columns):
        losses = model.over(fixed_window(float(interval)))
        values[:, j] = [losses.excess(float(m)) * YEAR_SECONDS / interval for m in rows]
    return values


@dataclass(frozen=True)
class Passage:
    """What the simulator saw of one account per window: passing the trigger, by a jump, and the bad debt."""

    crossed: Estimate
    by_jump: Estimate
    debt: Estimate


def engine_debts(book: Book, model: Kou, maintenance: float, mean_interval: float) -> Array:
    """Mode "engine": expected bad debt per year of each account (currency), liquidated at `maintenance` at once.

    Closed form over Poisson anchors of this mean interval (seconds), the book restored at each; only jumps past the
    bankruptcy price cost anything. Refuses (1408) an account that is at or below maintenance already.
    """
    debts = np.empty(book.notionals.size)
    for at, (size, margin) in enumerate(zip(book.notionals, book.margins, strict=True)):
        account = passage.Account.from_margins(float(margin), maintenance, short=bool(size < 0.0))
        law = model.mirrored() if account.short else model
        debts[at] = abs(size) * passage.bad_debt(law, account, mean_interval) * YEAR_SECONDS / mean_interval
    return debts


def simulate_passage(
    model: Kou, account: passage.Account, mean_window: float, paths: int, seed: int, *, drift: float = 0.0
) -> Passage:
    """Exact simulation over an exponential window (seconds): Brownian bridges between jumps, jumps one by one.

    Debt per unit of notional. For a short give the mirrored model.
    """
    years, drift = positive(mean_window, "mean window") / YEAR_SECONDS, finite(drift, "drift")

    def kernel(generator: Generator, size: int) -> Array:
        return _walk(model, account, generator.standard_exponential(size) * years, drift, generator)

    found = np.concatenate(run_blocks(kernel, count(paths, "paths", 1000), seed), axis=1)
    return Passage(compute_mean(found[0]), compute_mean(found[1]), compute_mean(found[2]))


def _walk(model: Kou, account: passage.Account, left: Array, drift: float, generator: Generator) -> Array:
    """Rows crossed, by jump, debt; one column per path with this much time (years) left."""
    found, trigger = np.zeros((3, left.size)), account.trigger
    alive, at = np.arange(left.size), np.zeros(left.size)
    while alive.size:
        wait = generator.standard_exponential(alive.size) / model.rate
        time = np.minimum(wait, left[alive])
        moved = at[alive] + drift * time + model.vol * np.sqrt(time) * generator.standard_normal(alive.size)
        gap = np.maximum(trigger - at[alive], 0.0) * np.maximum(trigger - moved, 0.0)
        bridge = generator.random(alive.size) < np.exp(-2.0 * gap / np.maximum(model.vol**2 * time, 1e-300))
        found[0, alive[bridge]] = 1.0
        keep = ~bridge & (wait < left[alive])
        left[alive] -= wait
        alive, moved = alive[keep], moved[keep]
        adverse = generator.random(alive.size) < model.adverse
        size = np.where(adverse, model.up, -model.down) * generator.standard_exponential(alive.size)
        moved += size
        at[alive] = moved
        over = moved >= trigger
        found[:2, alive[over]] = 1.0
        found[2, alive[over]] = account.debt(moved[over])
        alive = alive[~over]
    return found

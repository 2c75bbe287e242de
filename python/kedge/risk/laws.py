"""Laws of a delay in seconds: what a stage of the settlement window can be made of.

Each law knows its mean, variance, distribution function and how to be sampled. `Age` turns a law of intervals between
anchors into the law of the wait for the next anchor, as a random instant sees it (length-biased).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.random import Generator
from scipy import integrate, special

from kedge.risk.checks import Array, inside, non_negative, positive, probability, series
from kedge.risk.constants import FINALITY_SLOTS, SLOT_SECONDS
from kedge.risk.errors import NOT_POSITIVE, OUT_OF_DOMAIN

_FAR = 1e-12
"""Mass that a grid may leave out above its end."""


class Law(Protocol):
    """A non-negative random time in seconds."""

    @property
    def mean(self) -> float:
        """Seconds."""

    @property
    def variance(self) -> float:
        """Seconds squared."""

    @property
    def end(self) -> float:
        """Seconds beyond which less than 1e-12 of the mass lies."""

    def cdf(self, at: Array) -> Array:
        """P(delay <= at), same shape."""

    def sample(self, generator: Generator, size: int) -> Array:
        """Independent draws."""


@dataclass(frozen=True)
class Fixed:
    """Always the same delay."""

    seconds: float

    def __post_init__(self) -> None:
        non_negative(self.seconds, "fixed delay")

    @property
    def mean(self) -> float:
        return self.seconds

    @property
    def variance(self) -> float:
        return 0.0

    @property
    def end(self) -> float:
        return self.seconds

    def cdf(self, at: Array) -> Array:
        return np.where(at >= self.seconds, 1.0, 0.0)

    def sample(self, generator: Generator, size: int) -> Array:
        return np.full(size, self.seconds)


@dataclass(frozen=True)
class Uniform:
    """Evenly spread between two bounds: the wait for a clock."""

    low: float
    high: float

    def __post_init__(self) -> None:
        non_negative(self.low, "lower bound")
        if positive(self.high, "upper bound") <= self.low:
            raise OUT_OF_DOMAIN.reject(f"uniform delay from {self.low} to {self.high}: the upper bound is not above")

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2.0

    @property
    def variance(self) -> float:
        return (self.high - self.low) ** 2 / 12.0

    @property
    def end(self) -> float:
        return self.high

    def cdf(self, at: Array) -> Array:
        return np.clip((at - self.low) / (self.high - self.low), 0.0, 1.0)

    def sample(self, generator: Generator, size: int) -> Array:
        return generator.uniform(self.low, self.high, size)


@dataclass(frozen=True)
class Gamma:
    """Gamma law with this mean and coefficient of variation (deviation / mean); cv = 1 is exponential."""

    mean: float
    cv: float = 1.0

    def __post_init__(self) -> None:
        positive(self.mean, "mean delay")
        inside(self.cv, 1e-3, 10.0, "coefficient of variation")

    @property
    def shape(self) -> float:
        """1 / cv^2."""
        return self.cv**-2

    @property
    def variance(self) -> float:
        return (self.cv * self.mean) ** 2

    @property
    def end(self) -> float:
        return float(special.gammainccinv(self.shape, _FAR)) * self.mean / self.shape

    def cdf(self, at: Array) -> Array:
        scaled: Array = special.gammainc(self.shape, np.maximum(at, 0.0) * self.shape / self.mean)
        return scaled

    def sample(self, generator: Generator, size: int) -> Array:
        return generator.standard_gamma(self.shape, size) * (self.mean / self.shape)


@dataclass(frozen=True)
class Slots:
    """Inclusion on L1: the rest of the running slot, then slots until a proposer includes it (geometric).

    `chance` is the probability of being included in a given slot. Mean: slot (1/2 + 1/chance); with chance 1, 18 s.
    """

    chance: float = 1.0
    slot: float = SLOT_SECONDS

    def __post_init__(self) -> None:
        if self.chance != 1.0:
            probability(self.chance, "chance of inclusion")
        positive(self.slot, "slot")

    @property
    def mean(self) -> float:
        return self.slot * (0.5 + 1.0 / self.chance)

    @property
    def variance(self) -> float:
        return self.slot**2 * (1.0 / 12.0 + (1.0 - self.chance) / self.chance**2)

    @property
    def end(self) -> float:
        more = math.log(_FAR) / math.log1p(-self.chance) if self.chance < 1.0 else 1.0
        return self.slot * (1.0 + math.ceil(more))

    def cdf(self, at: Array) -> Array:
        whole = np.floor(at / self.slot)
        below = 1.0 - (1.0 - self.chance) ** np.maximum(whole - 1.0, 0.0)
        here = np.where(whole >= 1.0, self.chance * (1.0 - self.chance) ** np.maximum(whole - 1.0, 0.0), 0.0)
        found: Array = np.where(whole >= 1.0, below + here * (at / self.slot - whole), 0.0)
        return found

    def sample(self, generator: Generator, size: int) -> Array:
        return self.slot * (generator.random(size) + generator.geometric(self.chance, size))


@dataclass(frozen=True)
class WholeSlots:
    """A whole number of slots, each count in [low, high] equally likely: L1 finality (64 to 95, mean 15.9 min)."""

    low: int = int(FINALITY_SLOTS[0])
    high: int = int(FINALITY_SLOTS[1])
    slot: float = SLOT_SECONDS

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise OUT_OF_DOMAIN.reject(f"slots from {self.low} to {self.high}")

    @property
    def mean(self) -> float:
        return self.slot * (self.low + self.high) / 2.0

    @property
    def variance(self) -> float:
        return self.slot**2 * ((self.high - self.low + 1) ** 2 - 1) / 12.0

    @property
    def end(self) -> float:
        return self.slot * self.high

    def cdf(self, at: Array) -> Array:
        count = np.floor(at / self.slot + 1e-9) - self.low + 1
        return np.clip(count / (self.high - self.low + 1), 0.0, 1.0)

    def sample(self, generator: Generator, size: int) -> Array:
        return self.slot * generator.integers(self.low, self.high + 1, size).astype(np.float64)


class Samples:
    """Measured delays: each of them equally likely."""

    def __init__(self, seconds: Sequence[float] | Array) -> None:
        self.values = np.sort(series(seconds, "delays"))
        if self.values[0] < 0.0:
            raise NOT_POSITIVE.reject(f"delays hold {self.values[0]}, which must not be below 0")

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    @property
    def variance(self) -> float:
        return float(self.values.var())

    @property
    def end(self) -> float:
        return float(self.values[-1])

    def cdf(self, at: Array) -> Array:
        below: Array = np.searchsorted(self.values, at, side="right") / self.values.size
        return below

    def sample(self, generator: Generator, size: int) -> Array:
        return self.values[generator.integers(0, self.values.size, size)]


@dataclass(frozen=True)
class Age:
    """Wait for the next anchor from a random instant, when anchors renew with this law of intervals.

    Density (1 - F(x)) / mean; mean (Dbar / 2)(1 + cv^2): a clock waits D / 2, Poisson anchors twice that. By symmetry
    also the time since the last anchor.
    """

    intervals: Law

    def __post_init__(self) -> None:
        positive(self.intervals.mean, "mean interval between anchors")

    @property
    def mean(self) -> float:
        return (self.intervals.variance + self.intervals.mean**2) / (2.0 * self.intervals.mean)

    @property
    def variance(self) -> float:
        second = integrate.trapezoid(self._grid**2 * self._density, self._grid)
        return float(second) - self.mean**2

    @property
    def end(self) -> float:
        return self.intervals.end

    @cached_property
    def _grid(self) -> Array:
        return np.linspace(0.0, self.intervals.end, 16_385)

    @cached_property
    def _density(self) -> Array:
        survival: Array = (1.0 - self.intervals.cdf(self._grid)) / self.intervals.mean
        return survival

    def cdf(self, at: Array) -> Array:
        mass = integrate.cumulative_trapezoid(self._density, self._grid, initial=0.0)
        found: Array = np.clip(np.interp(at, self._grid, mass / mass[-1]), 0.0, 1.0)
        return found

    def sample(self, generator: Generator, size: int) -> Array:
        return generator.random(size) * self._biased(generator, size)

    def _biased(self, generator: Generator, size: int) -> Array:
        """Intervals as a random instant falls into them: long ones more often, in proportion to their length."""
        law = self.intervals
        if isinstance(law, Fixed):
            return law.sample(generator, size)
        if isinstance(law, Gamma):
            return generator.standard_gamma(law.shape + 1.0, size) * (law.mean / law.shape)
        if isinstance(law, Samples):
            chosen: Array = generator.choice(law.values, size, p=law.values / law.values.sum())
            return chosen
        mass = np.diff(law.cdf(self._grid)) * (self._grid[1:] + self._grid[:-1]) / 2.0
        cells = generator.choice(mass.size, size, p=mass / mass.sum())
        drawn: Array = self._grid[cells] + generator.random(size) * (self._grid[1] - self._grid[0])
        return drawn


def clock(interval: float) -> Uniform:
    """The wait for a clock that ticks every `interval` seconds, seen from a random instant: U(0, D)."""
    return Uniform(0.0, positive(interval, "anchoring interval"))

"""What an option is written on: a diffusion, with normal jumps of the logarithm if there are any.

Over an interval the log-return is a mixture of normals (one for each number of jumps), so one description serves closed
forms, recursions and simulations: weights w_k, means m_k and deviations d_k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.random import Generator
from scipy.special import gammaln, ndtr

from kedge.risk import units
from kedge.risk.checks import Array, finite, non_negative, positive, volatility
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import MISSING_CALIBRATION

_NEGLIGIBLE: Final = 1e-17


class Law(NamedTuple):
    """A mixture of normals: weights (their sum need not be 1 after `tilt`), means, deviations, each of shape (k,)."""

    weights: Array
    means: Array
    deviations: Array

    def tilt(self) -> Law:
        """The law weighted by e^x: with the asset as the unit of account; the weights sum to E e^x."""
        return Law(
            self.weights * np.exp(self.means + self.deviations**2 / 2.0),
            self.means + self.deviations**2,
            self.deviations,
        )

    def mirror(self) -> Law:
        """The law of -x."""
        return Law(self.weights, -self.means, self.deviations)

    def below(self, x: Array) -> Array:
        """Weight of the values up to x; same shape as x."""
        scaled = (np.asarray(x)[..., None] - self.means) / self.deviations
        return np.asarray(ndtr(scaled) @ self.weights)

    @property
    def deviation(self) -> float:
        """Standard deviation of the whole mixture."""
        total = self.weights.sum()
        mean = float(self.weights @ self.means / total)
        return math.sqrt(float(self.weights @ (self.deviations**2 + (self.means - mean) ** 2) / total))


@dataclass(frozen=True)
class Jumps:
    """Poisson jumps of the log-price: `rate` per year, normal with `mean` and `deviation`. Merton 1976."""

    rate: float
    mean: float
    deviation: float

    def __post_init__(self) -> None:
        non_negative(self.rate, "jump rate")
        finite(self.mean, "jump mean")
        non_negative(self.deviation, "jump deviation")

    @classmethod
    def parse(cls, rate: str | None, mean: str | None, deviation: str | None) -> Jumps | None:
        """From texts with units; None where none was given. Refuses (1409) some without the others."""
        if rate is None and mean is None and deviation is None:
            return None
        if rate is None or mean is None or deviation is None:
            raise MISSING_CALIBRATION.reject("jumps need --jump-rate, --jump-mean and --jump-deviation together")
        return cls(
            units.rate(rate, "jump-rate"),
            units.fraction(mean, "jump-mean"),
            units.fraction(deviation, "jump-deviation"),
        )


@dataclass(frozen=True)
class Underlying:
    """Spot price, annual volatility of the diffusion, annual continuous interest and dividend (or funding) rates."""

    spot: float
    volatility: float
    rate: float = 0.0
    dividend: float = 0.0
    jumps: Jumps | None = None

    def __post_init__(self) -> None:
        positive(self.spot, "spot")
        volatility(self.volatility)
        finite(self.rate, "rate")
        finite(self.dividend, "dividend")

    def discount(self, seconds: float) -> float:
        """e^(-r t)."""
        return math.exp(-self.rate * seconds / YEAR_SECONDS)

    def forward(self, seconds: float) -> float:
        """S e^((r - q) t)."""
        return self.spot * math.exp((self.rate - self.dividend) * seconds / YEAR_SECONDS)

    def law(self, seconds: float) -> Law:
        """Risk-neutral law of the log-return over an interval: jumps are compensated, so E e^x = e^((r - q) t)."""
        years = positive(seconds, "interval") / YEAR_SECONDS
        variance = self.volatility**2 * years
        drift = (self.rate - self.dividend) * years - variance / 2.0
        if self.jumps is None or self.jumps.rate == 0.0:
            return Law(np.ones(1), np.array([drift]), np.array([math.sqrt(variance)]))
        jumps = self.jumps
        expected = jumps.rate * years
        drift -= expected * math.expm1(jumps.mean + jumps.deviation**2 / 2.0)
        number = np.arange(int(expected + 12.0 * math.sqrt(expected) + 24.0))
        weights = np.exp(number * math.log(expected) - expected - gammaln(number + 1.0))
        number, weights = number[weights > _NEGLIGIBLE], weights[weights > _NEGLIGIBLE]
        deviations = np.sqrt(variance + number * jumps.deviation**2)
        return Law(weights, drift + number * jumps.mean, deviations)

    def draw(self, generator: Generator, size: int, steps: int, seconds: float) -> Array:
        """Simulated log-returns of `steps` intervals of `seconds` each: shape (size, steps), jumps exact."""
        years = seconds / YEAR_SECONDS
        drift = (self.rate - self.dividend - self.volatility**2 / 2.0) * years
        moves = generator.standard_normal((size, steps)) * (self.volatility * math.sqrt(years)) + drift
        if self.jumps is not None:
            jumps = self.jumps
            moves -= jumps.rate * years * math.expm1(jumps.mean + jumps.deviation**2 / 2.0)
            number = generator.poisson(jumps.rate * years, (size, steps))
            moves += number * jumps.mean + np.sqrt(number) * jumps.deviation * generator.standard_normal((size, steps))
        return moves

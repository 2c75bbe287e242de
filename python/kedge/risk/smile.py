"""SVI: one slice of total implied variance over log-moneyness, and what must hold for it to be free of arbitrage.

w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)), k = ln(K/F), w = variance to expiry. Sources: Gatheral 2004;
Gatheral and Jacquier 2014 for the two checks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kedge.risk.checks import Array, array, finite, non_negative, positive
from kedge.risk.errors import OUT_OF_DOMAIN


@dataclass(frozen=True)
class Slice:
    """Parameters of one expiry. Domain: b >= 0, |rho| < 1, sigma > 0 and a lowest variance that is not negative."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def __post_init__(self) -> None:
        finite(self.a, "a")
        finite(self.m, "m")
        non_negative(self.b, "b")
        positive(self.sigma, "sigma")
        if not abs(finite(self.rho, "rho")) < 1.0:
            raise OUT_OF_DOMAIN.reject(f"rho = {self.rho} must lie strictly between -1 and 1")
        lowest = self.a + self.b * self.sigma * math.sqrt(1.0 - self.rho**2)
        if lowest < 0.0:
            raise OUT_OF_DOMAIN.reject(f"the lowest variance a + b sigma sqrt(1 - rho^2) = {lowest} is negative")

    def variance(self, k: ArrayLike) -> Array:
        """Total variance w(k); same shape as k."""
        away = array(k, "log-moneyness") - self.m
        return np.asarray(self.a + self.b * (self.rho * away + np.hypot(away, self.sigma)))

    def density_factor(self, k: ArrayLike) -> Array:
        """g(k) = (1 - k w'/(2w))^2 - (w'^2/4)(1/w + 1/4) + w''/2: the implied density is negative where g is."""
        points = array(k, "log-moneyness")
        away, w = points - self.m, self.variance(points)
        root = np.hypot(away, self.sigma)
        slope = self.b * (self.rho + away / root)
        bend = self.b * self.sigma**2 / root**3
        return np.asarray((1.0 - points * slope / (2.0 * w)) ** 2 - slope**2 / 4.0 * (1.0 / w + 0.25) + bend / 2.0)


def find_butterfly(found: Slice, k: ArrayLike) -> Array:
    """The log-moneyness values among k at which a butterfly spread has a negative price."""
    points = np.atleast_1d(array(k, "log-moneyness"))
    return points[found.density_factor(points) < 0.0]


def find_calendar(slices: Sequence[Slice], k: ArrayLike) -> list[tuple[int, float]]:
    """(slice, log-moneyness) where a slice has less variance than the one before it; slices in order of expiry."""
    points = np.atleast_1d(array(k, "log-moneyness"))
    grid = np.array([found.variance(points) for found in slices])
    later, where = np.nonzero(np.diff(grid, axis=0) < 0.0)
    return [(int(number) + 1, float(points[at])) for number, at in zip(later, where, strict=True)]

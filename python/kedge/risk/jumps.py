"""Diffusion and jumps of a record: what the models of `margin` need, from prices instead of examples.

A return is a jump where it is too large for the volatility around it: Lee and Mykland (2008), against the bipower
variation of the K returns before it, at 1 % for the largest of all. What is left is the diffusion, so that both
together have exactly the variance of the record.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from kedge.risk.checks import positive, series
from kedge.risk.errors import OUT_OF_DOMAIN

_LEVEL: Final = 0.01
_BIPOWER: Final = math.sqrt(2.0 / math.pi)
"""E|z| of a standard normal."""
_LEAST: Final = 100


class Fitted(NamedTuple):
    """Volatility of the diffusion and jumps, both per year; their deviation (0 without any) and number; years."""

    volatility: float
    rate: float
    deviation: float
    jumps: int
    years: float


def fit_jumps(returns: ArrayLike, per_year: float) -> Fitted:
    """Log returns (at least 100, `per_year` of them a year) split into diffusion and jumps.

    Refuses (1403, 1408) a short series and one that never changes.
    """
    values, yearly = series(returns, "returns", least=_LEAST), positive(per_year, "returns per year")
    years = values.size / yearly
    size = min(max(math.ceil(math.sqrt(yearly)), 16), values.size // 4)
    products = np.abs(values[1:] * values[:-1])
    total = np.concatenate([[0.0], np.cumsum(products)])
    local = np.full(values.size, total[-1] / products.size)
    local[size:] = (total[size - 1 : -1] - total[:-size]) / (size - 1)
    deviations = np.sqrt(local / _BIPOWER**2)
    if not (deviations > 0.0).all():
        deviations = np.maximum(deviations, np.median(deviations))
    if not (deviations > 0.0).all():
        raise OUT_OF_DOMAIN.reject("returns hardly ever change: there is no diffusion to tell jumps from")
    found = np.abs(values) / deviations > _limit(values.size)
    jumps, rest = values[found], values[~found]
    deviation = math.sqrt(float((jumps**2).mean())) if jumps.size else 0.0
    volatility = math.sqrt(float((rest**2).sum()) / years)
    return Fitted(volatility, jumps.size / years, deviation, int(jumps.size), years)


def _limit(number: int) -> float:
    """Deviations that the largest of so many normal returns exceeds with a probability of 1 %: a Gumbel quantile."""
    root = math.sqrt(2.0 * math.log(number))
    centre = root - (math.log(math.pi) + math.log(math.log(number))) / (2.0 * root)
    return centre - math.log(-math.log1p(-_LEVEL)) / root

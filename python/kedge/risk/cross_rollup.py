"""A13: one margin for legs on several rollups, less the buffer that each leg needs while collateral is on its way.

Netted margin z s sqrt(W) sqrt(x'Rx); isolated margin the sum of the legs' own; buffer per leg the 99 % quantile of the
largest excursion sup |B| of its price over the time that a message takes. Netting pays while messages are quick.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from kedge.risk.checks import Array, correlation, inside, non_negative, positive, probability, same_length, series
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import DIFFERENT_LENGTHS, NEGATIVE_VOLATILITY, NOT_POSITIVE, OUT_OF_DOMAIN
from kedge.risk.roots import find_root

_TERMS = 40


def compute_excursion(x: float) -> float:
    """P(sup over [0,1] of |B| <= x) = (4/pi) sum (-1)^k/(2k+1) exp(-pi^2 (2k+1)^2 / (8 x^2)); x > 0, else 1412."""
    odd = 2.0 * np.arange(_TERMS) + 1.0
    signs = np.where(np.arange(_TERMS) % 2 == 0, 1.0, -1.0)
    return float(4.0 / math.pi * np.sum(signs / odd * np.exp(-((math.pi * odd) ** 2) / (8.0 * positive(x, "x") ** 2))))


def compute_excursion_quantile(level: float = 0.99, two_sided: bool = True) -> float:
    """The quantile of sup |B| over one unit of time (2.8070 at 99 %), or of sup B (2.5758): in units of s sqrt(t)."""
    level = probability(level, "level")
    if not two_sided:
        return float(ndtri(0.5 + level / 2.0))
    if level > 1.0 - 1e-9:
        raise OUT_OF_DOMAIN.reject(f"level = {level}: the series is summed to 1 - 1e-9")
    return find_root(lambda x: compute_excursion(x) - level, 0.05, 9.0, "quantile of the excursion", xtol=1e-13)


@dataclass(frozen=True)
class Netting:
    """Margins in the currency of the exposures: isolated, netted, the buffer of each leg, and what is left."""

    isolated: float
    netted: float
    buffers: tuple[float, ...]

    @property
    def gross(self) -> float:
        """Isolated less netted: the benefit if collateral moved at once."""
        return self.isolated - self.netted

    @property
    def net(self) -> float:
        """The benefit less all buffers; below zero, legs are better margined alone."""
        return self.gross - sum(self.buffers)

    @property
    def benefit(self) -> float:
        """What unified margin saves: `net`, or nothing where legs are better left alone."""
        return max(self.net, 0.0)


def _legs(exposures: ArrayLike, volatilities: ArrayLike, matrix: ArrayLike) -> tuple[Array, Array, Array]:
    x, s, r = series(exposures, "exposures"), series(volatilities, "volatilities"), correlation(matrix)
    same_length(exposures=x, volatilities=s)
    if len(x) != len(r):
        raise DIFFERENT_LENGTHS.reject(f"{len(x)} exposures, a correlation of {len(r)} x {len(r)}")
    if np.any(s < 0.0):
        raise NEGATIVE_VOLATILITY.reject(f"volatilities[{int(np.argmin(s))}] = {float(s.min())}")
    return x, s, r


def fill_matrix(above: Sequence[float], size: int) -> list[list[float]]:
    """The matrix of the correlations above its diagonal, row by row; refuses another number of them (1410)."""
    if len(above) != size * (size - 1) // 2:
        raise DIFFERENT_LENGTHS.reject(f"{len(above)} correlations; {size} legs need {size * (size - 1) // 2}")
    found = [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]
    values = iter([inside(value, -1.0, 1.0, "correlation") for value in above])
    for i in range(size):
        for j in range(i + 1, size):
            found[i][j] = found[j][i] = next(values)
    return found


def compute_netting(
    exposures: ArrayLike,
    volatilities: ArrayLike,
    matrix: ArrayLike,
    window: float,
    latencies: ArrayLike,
    level: float = 0.99,
    two_sided: bool = True,
) -> Netting:
    """Unified against isolated margin.

    `exposures`: signed notional per leg, shape (n,); `volatilities`: per year, (n,); `matrix`: correlation, (n, n);
    `window`: settlement window in seconds; `latencies`: seconds for collateral to reach each leg, (n,), 0 or more.
    """
    x, s, r = _legs(exposures, volatilities, matrix)
    delays = series(latencies, "latencies")
    same_length(exposures=x, latencies=delays)
    for delay in delays:
        non_negative(float(delay), "latency")
    z, root = float(ndtri(probability(level, "level"))), math.sqrt(positive(window, "window") / YEAR_SECONDS)
    weighted = x * s
    netted = z * root * math.sqrt(max(float(weighted @ r @ weighted), 0.0))
    reach = compute_excursion_quantile(level, two_sided)
    buffers = reach * np.abs(weighted) * np.sqrt(delays / YEAR_SECONDS)
    return Netting(z * root * float(np.abs(weighted).sum()), netted, tuple(float(b) for b in buffers))


def compute_break_even(
    exposures: ArrayLike,
    volatilities: ArrayLike,
    matrix: ArrayLike,
    window: float,
    level: float = 0.99,
    two_sided: bool = True,
) -> float:
    """The message time (s, equal for all legs) from which netting saves nothing: ((isolated - netted)/buffer at 1 s)^2.

    Grows in proportion to the window; 0 where there is nothing to net. Refused if all exposures are zero (1412).
    """
    ones = np.ones(len(series(exposures, "exposures")))
    found = compute_netting(exposures, volatilities, matrix, window, ones, level, two_sided)
    if sum(found.buffers) == 0.0:
        raise NOT_POSITIVE.reject("no leg has an exposure that moves")
    return (max(found.gross, 0.0) / sum(found.buffers)) ** 2

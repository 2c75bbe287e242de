"""Tails from data: peaks over threshold with the generalised Pareto law (GPD).

VaR_q = u + (beta / xi) ((n / N_u (1 - q))^-xi - 1); ES_q = VaR_q / (1 - xi) + (beta - xi u) / (1 - xi).
Source: McNeil 1997/1999 (Danish fire losses: u = 10, xi = .497, beta = 6.975, 109 of 2,167: VaR99 27.3, ES99 58.2).
Domain: levels beyond the threshold (1 - q < N_u / n), xi < 1 for ES.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from kedge.risk.checks import Array, finite, positive, probability, series
from kedge.risk.errors import EMPTY_SERIES, OUT_OF_DOMAIN

_LEAST = 30


@dataclass(frozen=True)
class ParetoTail:
    """A GPD tail above `threshold` (same unit as the losses); `beyond` of `total` losses lie above it."""

    threshold: float
    shape: float
    scale: float
    beyond: int
    total: int

    def __post_init__(self) -> None:
        finite(self.threshold, "threshold")
        finite(self.shape, "xi")
        positive(self.scale, "beta")
        if not 0 < self.beyond <= self.total:
            raise EMPTY_SERIES.reject(f"{self.beyond} of {self.total} losses lie above the threshold")

    def var(self, level: float) -> float:
        """Quantile of the loss at this level."""
        ratio = (1.0 - probability(level, "level")) * self.total / self.beyond
        if ratio >= 1.0:
            raise OUT_OF_DOMAIN.reject(f"level = {level} lies below the threshold, where the GPD says nothing")
        if abs(self.shape) < 1e-9:
            return self.threshold - self.scale * math.log(ratio)
        return self.threshold + self.scale / self.shape * (math.pow(ratio, -self.shape) - 1.0)

    def es(self, level: float) -> float:
        """Mean loss beyond the quantile; needs xi < 1."""
        if self.shape >= 1.0:
            raise OUT_OF_DOMAIN.reject(f"xi = {self.shape:.4g}: the mean of the tail is infinite")
        return (self.var(level) + self.scale - self.shape * self.threshold) / (1.0 - self.shape)


def _negative_likelihood(parameters: Array, excesses: Array) -> float:
    log_scale, shape = float(parameters[0]), float(parameters[1])
    scale = math.exp(log_scale)
    if abs(shape) < 1e-9:
        return excesses.size * log_scale + float(excesses.sum()) / scale
    inner = 1.0 + shape * excesses / scale
    if inner.min() <= 0.0:
        return math.inf
    return excesses.size * log_scale + (1.0 + 1.0 / shape) * float(np.log(inner).sum())


def fit_pareto(losses: ArrayLike, level: float = 0.95) -> ParetoTail:
    """Maximum likelihood fit above the empirical quantile at `level`; at least 30 losses must lie beyond it."""
    values = series(losses, "losses", least=_LEAST)
    threshold = float(np.quantile(values, probability(level, "threshold level")))
    excesses = values[values > threshold] - threshold
    if excesses.size < _LEAST:
        raise EMPTY_SERIES.reject(f"{excesses.size} losses lie above the threshold, at least {_LEAST} are needed")
    mean, variance = float(excesses.mean()), float(excesses.var())
    shape = 0.5 * (1.0 - mean**2 / variance)
    start = np.array([math.log(max(mean * (1.0 - shape), 1e-3 * mean)), max(shape, 0.05)])
    found = optimize.minimize(
        _negative_likelihood, start, args=(excesses,), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-8}
    )
    return ParetoTail(threshold, float(found.x[1]), math.exp(float(found.x[0])), int(excesses.size), values.size)

"""Laws of the price over a window: diffusion, Merton (normal jumps) and Kou (double exponential jumps).

The variable is the loss X of a long position per unit of notional, X = -log(S_W / S_0) without drift (over hours the
drift is far below the rounding of any margin). For a short, mirror the jumps. Every model turns a `Mixture` of windows
into `Losses`: tail, mean excess, VaR and ES. Sources: Merton 1976, Kou 2002; risk memo 1.2, 1.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy import special

from kedge.risk.checks import Array, finite, non_negative, positive, probability, share, volatility
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.normal import stop_loss, upper
from kedge.risk.roots import find_root
from kedge.risk.window import Mixture

_GROUPS = 256
_TERMS = 16_384
_FAR = 1e-17


class Losses(Protocol):
    """The law of the loss in one window."""

    def tail(self, margin: float) -> float:
        """P(X > margin)."""

    def excess(self, margin: float) -> float:
        """E (X - margin)^+, fraction of notional: what the insurance fund pays per window."""


class Model(Protocol):
    """A law of price moves."""

    def over(self, mixture: Mixture) -> Losses:
        """The law of the loss in one window of this mixture."""

    def mirrored(self) -> Model:
        """The law for a short position."""

    @property
    def total_volatility(self) -> float:
        """Root of the variance per year, jumps included."""


def fixed_window(seconds: float) -> Mixture:
    """A window that always takes so long."""
    return Mixture(np.array([positive(seconds, "window")]), np.array([1.0]))


def group(mixture: Mixture, groups: int = _GROUPS) -> Mixture:
    """The mixture on at most `groups` times: neighbours joined, the mean of each group kept."""
    if mixture.times.size <= groups:
        return mixture
    edges = np.linspace(0, mixture.times.size, groups + 1).astype(int)[:-1]
    weights = np.add.reduceat(mixture.weights, edges)
    return Mixture(np.add.reduceat(mixture.weights * mixture.times, edges) / weights, weights)


def solve_margin(losses: Losses, tail: float, start: float) -> float:
    """The margin whose tail is `tail` (below one half), searched outwards from the scale `start`."""
    if not 0.0 < tail < 0.5:
        raise OUT_OF_DOMAIN.reject(f"P(breach) = {tail}: a margin needs a probability between 0 and 1/2")
    high = start
    while losses.tail(high) > tail:
        high *= 2.0
        if high > 1e6:
            raise OUT_OF_DOMAIN.reject(f"no margin reaches P(breach) = {tail}")
    return find_root(lambda m: losses.tail(m) - tail, 0.0, high, "margin", xtol=1e-14)


def compute_var(losses: Losses, level: float, start: float = 0.01) -> float:
    """Margin (fraction) that holds in a share `level` of windows."""
    return solve_margin(losses, 1.0 - probability(level, "level"), start)


def compute_es(losses: Losses, level: float, start: float = 0.01) -> float:
    """Mean loss (fraction) in the share 1 - level of windows beyond the VaR: VaR + E (X - VaR)^+ / (1 - level)."""
    value = compute_var(losses, level, start)
    return value + losses.excess(value) / (1.0 - level)


@dataclass(frozen=True)
class _Normals:
    """A weighted sum of normal laws: weights, means and deviations of the same length."""

    weights: Array
    means: Array
    deviations: Array

    def tail(self, margin: float) -> float:
        return float(self.weights @ upper((margin - self.means) / self.deviations))

    def excess(self, margin: float) -> float:
        return float(self.weights @ (self.deviations * stop_loss((margin - self.means) / self.deviations)))


@dataclass(frozen=True)
class Gauss:
    """Diffusion only: X ~ N(0, vol^2 W)."""

    vol: float

    def __post_init__(self) -> None:
        volatility(self.vol)

    @property
    def total_volatility(self) -> float:
        return self.vol

    def mirrored(self) -> Gauss:
        """The same: the law is symmetric."""
        return self

    def over(self, mixture: Mixture) -> Losses:
        deviations = self.vol * np.sqrt(mixture.times / YEAR_SECONDS)
        return _Normals(mixture.weights, np.zeros_like(deviations), deviations)


@dataclass(frozen=True)
class Merton:
    """Diffusion and normal jumps: `rate` a year, each adding N(mean, deviation^2) to the loss."""

    vol: float
    rate: float
    deviation: float
    mean: float = 0.0

    def __post_init__(self) -> None:
        volatility(self.vol)
        positive(self.rate, "jumps per year")
        positive(self.deviation, "deviation of jumps")
        finite(self.mean, "mean of jumps")

    @property
    def total_volatility(self) -> float:
        return math.sqrt(self.vol**2 + self.rate * (self.deviation**2 + self.mean**2))

    def mirrored(self) -> Merton:
        """Jumps of the opposite mean."""
        return replace(self, mean=-self.mean)

    def over(self, mixture: Mixture) -> Losses:
        windows = group(mixture)
        years = windows.times / YEAR_SECONDS
        most = int(special.pdtrik(1.0 - 1e-16, self.rate * years.max())) + 6
        counts = np.arange(most + 1)
        chances = np.exp(special.xlogy(counts, self.rate * years[:, None]) - self.rate * years[:, None])
        weights = windows.weights[:, None] * chances / special.factorial(counts)
        deviations = np.sqrt(self.vol**2 * years[:, None] + counts * self.deviation**2)
        means = np.broadcast_to(counts * self.mean, weights.shape)
        keep = weights > _FAR * weights.max()
        return _Normals(weights[keep], means[keep], deviations[keep])

    def jump_tail(self, margin: float) -> float:
        """P(one jump > margin)."""
        return float(upper((margin - self.mean) / self.deviation))


@dataclass(frozen=True)
class Kou:
    """Diffusion and double exponential jumps of the loss.

    `rate` jumps a year; with probability `adverse` the loss grows by Exp(mean `up`), else it shrinks by Exp(mean
    `down`); both means are fractions, `up` below 1 so that E e^X exists for the short side.
    """

    vol: float
    rate: float
    adverse: float
    up: float
    down: float

    def __post_init__(self) -> None:
        volatility(self.vol)
        positive(self.rate, "jumps per year")
        share(self.adverse, "probability of an adverse jump")
        if positive(self.up, "mean adverse jump") >= 1.0:
            raise OUT_OF_DOMAIN.reject(f"mean adverse jump = {self.up} must be below 1")
        positive(self.down, "mean favourable jump")

    @property
    def total_volatility(self) -> float:
        jumps = 2.0 * (self.adverse * self.up**2 + (1.0 - self.adverse) * self.down**2)
        return math.sqrt(self.vol**2 + self.rate * jumps)

    def mirrored(self) -> Kou:
        """Adverse and favourable jumps exchanged."""
        return Kou(self.vol, self.rate, 1.0 - self.adverse, self.down, self.up)

    def over(self, mixture: Mixture) -> Losses:
        return _KouLosses(self, group(mixture))

    def jump_tail(self, margin: float) -> float:
        """P(one jump > margin), margin >= 0."""
        return self.adverse * math.exp(-non_negative(margin, "margin") / self.up)


class _KouLosses:
    """Windows without a jump exactly, those with jumps by a cosine series of their characteristic function."""

    def __init__(self, model: Kou, windows: Mixture) -> None:
        years = windows.times / YEAR_SECONDS
        self.calm = _Normals(
            windows.weights * np.exp(-model.rate * years), np.zeros_like(years), model.vol * np.sqrt(years)
        )
        reach = 14.0 * model.total_volatility * math.sqrt(float(years.max()))
        self.low, self.high = -(reach + 40.0 * model.down), reach + 40.0 * model.up
        self.waves = np.arange(1, _TERMS) * math.pi / (self.high - self.low)
        self.mass = float(windows.weights @ -np.expm1(-model.rate * years))
        z = 1j * self.waves
        jump = model.adverse / (1.0 - z * model.up) + (1.0 - model.adverse) / (1.0 + z * model.down)
        transform = np.zeros(self.waves.size, dtype=np.complex128)
        for weight, time in zip(windows.weights, years, strict=True):
            calm = np.exp(-(0.5 * (model.vol * self.waves) ** 2 + model.rate) * time)
            transform += weight * calm * np.expm1(model.rate * time * jump)
        self.terms = 2.0 / (self.high - self.low) * np.real(transform * np.exp(-z * self.low))

    def tail(self, margin: float) -> float:
        if margin >= self.high:
            return self.calm.tail(margin)
        flat = self.mass * (self.high - margin) / (self.high - self.low)
        waves = -self.terms @ (np.sin(self.waves * (margin - self.low)) / self.waves)
        return self.calm.tail(margin) + max(flat + float(waves), 0.0)

    def excess(self, margin: float) -> float:
        if margin >= self.high:
            return self.calm.excess(margin)
        flat = 0.5 * self.mass * (self.high - margin) ** 2 / (self.high - self.low)
        angles = self.waves * (self.high - self.low)
        bend = (np.cos(angles) - np.cos(self.waves * (margin - self.low))) / self.waves**2
        return self.calm.excess(margin) + max(flat + float(self.terms @ bend), 0.0)


def jump_floor(model: Merton | Kou, budget: float) -> float:
    """The margin below which no anchoring interval leads, for a budget of breaches per year.

    Root of rate P(J > m) = budget: jumps larger than m alone use up the budget, however short the window. 0 where
    adverse jumps are rarer than the budget.
    """
    positive(budget, "breaches per year")
    if model.rate * model.jump_tail(0.0) <= budget:
        return 0.0
    return find_root(lambda m: model.rate * model.jump_tail(m) - budget, 0.0, 1e3, "jump floor", xtol=1e-14)

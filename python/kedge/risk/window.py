"""A1, the settlement window: W = detect + wait for the anchor + proof + inclusion + finality + execution.

Which stages count depends on the tier at which collateral is trusted and on who may liquidate:

- mode "anchored" (B): liquidation acts on anchored state only, so the wait for the anchor delays it;
- mode "engine" (A): the matching engine liquidates at once, off-chain; W is detection and execution, and the stages up
  to the tier are the time in which what was done can still be rolled back (the exposure of `insolvency`).

The price moves by s B_W while the window runs: a normal variance mixture, whose tail is exact on a grid of W.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy import signal

from kedge.risk.checks import Array, count, one_of, positive, probability, volatility
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import MISSING_CALIBRATION, OUT_OF_DOMAIN, UNKNOWN_NAME
from kedge.risk.laws import Law
from kedge.risk.montecarlo import Estimate, compute_mean, compute_quantile, compute_shortfall, run_blocks
from kedge.risk.normal import phi, upper
from kedge.risk.roots import find_root

STAGES: Final = ("detect", "anchor", "proof", "inclusion", "finality", "challenge", "execution")
"""In the order in which a position goes through them."""

TIERS: Final = {
    "sequenced": (),
    "published": ("anchor", "inclusion"),
    "proved": ("anchor", "proof", "inclusion"),
    "final": ("anchor", "proof", "inclusion", "finality"),
    "challenged": ("anchor", "inclusion", "challenge"),
}
"""T0..T4: stages between the trade and the tier. T0 is the sequencer's word, T4 an optimistic withdrawal."""

MODES: Final = ("anchored", "engine")

_CELLS: Final = 8192


@dataclass(frozen=True)
class Mixture:
    """The law of W on a grid: times in seconds (increasing) and their weights (sum 1)."""

    times: Array
    weights: Array

    @cached_property
    def mean(self) -> float:
        """Seconds."""
        return float(self.weights @ self.times)

    @cached_property
    def variance(self) -> float:
        """Seconds squared."""
        return float(self.weights @ (self.times - self.mean) ** 2)

    def quantile(self, level: float) -> float:
        """Seconds that W exceeds with probability 1 - level."""
        at = np.searchsorted(np.cumsum(self.weights), probability(level, "level"))
        return float(self.times[min(int(at), self.times.size - 1)])

    def cdf(self) -> Array:
        """P(W <= t) at each of the times."""
        return np.cumsum(self.weights)


def active_stages(tier: str, mode: str = "anchored") -> tuple[str, ...]:
    """Stages that delay a liquidation at this tier in this mode, in order."""
    one_of(tier, TIERS, "tier")
    waits = TIERS[tier] if one_of(mode, MODES, "mode") == "anchored" else ()
    return tuple(name for name in STAGES if name in ("detect", "execution", *waits))


def rollback_stages(tier: str) -> tuple[str, ...]:
    """Stages during which a sequenced trade can still be rolled back, until this tier."""
    return tuple(name for name in STAGES if name in TIERS[one_of(tier, TIERS, "tier")])


def choose(laws: Mapping[str, Law], names: tuple[str, ...]) -> dict[str, Law]:
    """The laws of these stages; refuses an unknown stage (1413) and one without a law (1409)."""
    for name in laws:
        if name not in STAGES:
            raise UNKNOWN_NAME.reject(f"stage {name!r}; known: {', '.join(STAGES)}")
    for name in names:
        if name not in laws:
            raise MISSING_CALIBRATION.reject(f"stage {name!r} has no law of its delay")
    return {name: laws[name] for name in names}


def compute_mixture(laws: Mapping[str, Law], cells: int = _CELLS) -> Mixture:
    """Law of the sum of independent stages: cells of equal width, convolved by FFT.

    Each stage is put on the grid with its mass in cells centred on multiples of the step, then the grid is stretched so
    that mean and variance are exact. Error of a 99 % quantile below 1e-5 relative with the default number of cells.
    """
    if not laws:
        raise MISSING_CALIBRATION.reject("a window needs at least one stage")
    end = sum(law.end for law in laws.values())
    if end <= 0.0:
        raise OUT_OF_DOMAIN.reject("every stage takes no time at all: there is no window")
    varying = [law for law in laws.values() if law.variance > 0.0]
    base = sum(law.mean for law in laws.values() if law.variance == 0.0)
    if not varying:
        return Mixture(np.array([base]), np.array([1.0]))
    step = float(sum(law.end for law in varying)) / count(cells, "cells", 64)
    weights: Array = np.ones(1)
    for law in varying:
        edges = (np.arange(int(np.ceil(law.end / step)) + 2) - 0.5) * step
        mass = np.diff(np.concatenate([[0.0], law.cdf(np.maximum(edges[1:], 0.0))]))
        spread: Array = signal.fftconvolve(weights, mass / mass.sum())
        weights = np.clip(spread, 0.0, None)
    weights = weights / weights.sum()
    times: Array = np.arange(weights.size, dtype=np.float64) * step
    return _matched(times, weights, base, varying)


def _matched(times: Array, weights: Array, base: float, varying: list[Law]) -> Mixture:
    """The grid shifted and stretched to the exact mean and variance; times stay above zero."""
    mean, variance = sum(law.mean for law in varying), sum(law.variance for law in varying)
    raw = float(weights @ times)
    spread = float(np.sqrt(weights @ (times - raw) ** 2))
    exact = base + mean + (times - raw) * np.sqrt(variance) / spread
    keep = weights > 0.0
    return Mixture(np.maximum(exact[keep], 1e-9), weights[keep])


def _deviations(mixture: Mixture, vol: float) -> Array:
    return volatility(vol) * np.sqrt(mixture.times / YEAR_SECONDS)


def compute_var(mixture: Mixture, vol: float, level: float) -> float:
    """The margin (fraction of notional) that holds in a share `level` of windows; level in (1/2, 1)."""
    tail = 1.0 - probability(level, "level")
    if tail >= 0.5:
        raise OUT_OF_DOMAIN.reject(f"level = {level}: a margin needs a level above 1/2")
    deviations = _deviations(mixture, vol)
    return find_root(
        lambda m: float(mixture.weights @ upper(m / deviations)) - tail, 0.0, 40.0 * deviations.max(), "VaR", xtol=1e-15
    )


def compute_es(mixture: Mixture, vol: float, level: float) -> float:
    """Mean loss (fraction of notional) in the share 1 - level of windows that exceed the VaR."""
    deviations, margin = _deviations(mixture, vol), compute_var(mixture, vol, level)
    return float(mixture.weights @ (deviations * phi(margin / deviations))) / (1.0 - level)


def compute_elasticity(laws: Mapping[str, Law]) -> float:
    """d ln margin / d ln D to first order: half the share of the wait for the anchor in the mean window."""
    total = sum(law.mean for law in laws.values())
    return 0.5 * (laws["anchor"].mean if "anchor" in laws else 0.0) / positive(total, "mean window")


def required_provers(proof: float, interval: float) -> int:
    """Provers that keep up (Little's law): at least proof time / anchoring interval, both seconds."""
    return int(np.ceil(positive(proof, "proof time") / positive(interval, "anchoring interval") - 1e-12))


@dataclass(frozen=True)
class Simulation:
    """What the simulator saw: estimates with standard errors, and each stage's share of the time in a breach."""

    paths: int
    mean: Estimate
    deviation: float
    longest: float
    var: Estimate
    es: Estimate
    shares: dict[str, Estimate]
    """Share of each stage in the window of those paths that lost at least the VaR."""
    windows: Array
    """The windows of all paths, seconds, in the order of the blocks."""


def simulate(
    laws: Mapping[str, Law], vol: float, level: float, paths: int, seed: int, *, workers: int | None = None
) -> Simulation:
    """Draw every stage and the price move of each path; 10^6 paths take about a second on two cores.

    Same seed and paths, same numbers, whatever the number of workers.
    """
    per_second, names = volatility(vol) / np.sqrt(YEAR_SECONDS), tuple(laws)
    probability(level, "level")

    def kernel(generator: Generator, size: int) -> tuple[Array, Array, Array]:
        stages = np.empty((len(names), size))
        for row, name in enumerate(names):
            stages[row] = laws[name].sample(generator, size)
        windows = stages.sum(axis=0)
        losses = per_second * np.sqrt(windows) * generator.standard_normal(size)
        return stages, windows, losses

    blocks = run_blocks(kernel, count(paths, "paths", 1000), seed, workers=workers)
    windows = np.concatenate([block[1] for block in blocks])
    losses = np.concatenate([block[2] for block in blocks])
    value = compute_quantile(losses, level)
    breached = np.concatenate([block[0][:, block[2] >= value.value] for block in blocks], axis=1)
    fractions = breached / breached.sum(axis=0)
    return Simulation(
        paths,
        compute_mean(windows),
        float(windows.std()),
        float(windows.max()),
        value,
        compute_shortfall(losses, level),
        {name: compute_mean(fractions[row]) for row, name in enumerate(names)},
        windows,
    )

"""Random numbers by counter: the same paths for the same seed, whatever the number of cores.

Paths come in blocks of fixed size. Block b of stream k under seed s draws from Philox with key (s, k) and the top word
of its counter set to b, so no block depends on another and none can overlap (each has 2^192 numbers of its own).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import ArrayLike

from kedge.risk.checks import count, probability, series

BLOCK: Final = 65_536
T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """A simulated number with its standard error (same unit) and the number of samples behind it."""

    value: float
    error: float
    count: int

    def agrees(self, exact: float, errors: float = 3.0) -> bool:
        """Whether `exact` lies within so many standard errors."""
        return abs(self.value - exact) <= errors * self.error

    def __mul__(self, factor: float) -> Estimate:
        """The same estimate in another unit."""
        return Estimate(self.value * factor, self.error * abs(factor), self.count)

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.error:.2g}"


def get_stream(seed: int, block: int = 0, stream: int = 0) -> Generator:
    """The generator of one block: seed and stream below 2^64, block below 2^64."""
    key = np.array([count(seed, "seed", 0), count(stream, "stream", 0)], dtype=np.uint64)
    return Generator(Philox(key=key, counter=np.array([0, 0, 0, block], dtype=np.uint64)))


def run_blocks(
    kernel: Callable[[Generator, int], T],
    paths: int,
    seed: int,
    *,
    stream: int = 0,
    block: int = BLOCK,
    workers: int | None = None,
) -> list[T]:
    """Results of `kernel(generator, size)` for each block, in order.

    `workers` threads share the blocks (numpy releases the interpreter lock in its loops); None means one per core. The
    result does not depend on it, only on paths, seed, stream and block.
    """
    sizes = [min(block, paths - start) for start in range(0, count(paths, "paths"), block)]
    jobs = [(get_stream(seed, number, stream), size) for number, size in enumerate(sizes)]
    threads = min(len(jobs), workers or os.cpu_count() or 1)
    if threads == 1:
        return [kernel(*job) for job in jobs]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda job: kernel(*job), jobs))


def compute_mean(samples: ArrayLike) -> Estimate:
    """Mean of independent samples with its standard error, deviation / sqrt(n)."""
    values = series(samples, "samples", least=2)
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)), values.size)


def compute_deviation(samples: ArrayLike) -> Estimate:
    """Standard deviation with its standard error by the delta method (fourth moment of the samples)."""
    values = series(samples, "samples", least=2)
    centred = values - values.mean()
    variance, fourth = float((centred**2).mean()), float((centred**4).mean())
    error = np.sqrt(max(fourth - variance**2, 0.0) / values.size) / (2.0 * np.sqrt(variance)) if variance else 0.0
    return Estimate(float(values.std(ddof=1)), float(error), values.size)


def compute_quantile(samples: ArrayLike, level: float) -> Estimate:
    """Quantile with its standard error: half the distance between order statistics one deviation to each side."""
    values = np.sort(series(samples, "samples", least=2))
    size, level = values.size, probability(level, "level")
    spread = np.sqrt(level * (1.0 - level) * size)
    low, high = (int(np.clip(round(level * size + side * spread), 0, size - 1)) for side in (-1, 1))
    return Estimate(float(np.quantile(values, level)), float((values[high] - values[low]) / 2.0), size)


def compute_shortfall(samples: ArrayLike, level: float) -> Estimate:
    """Expected shortfall (mean of the samples beyond the quantile) with the standard error of Manistre and Hancock."""
    values = series(samples, "samples", least=2)
    quantile = float(np.quantile(values, probability(level, "level")))
    tail = values[values >= quantile]
    mean = float(tail.mean())
    variance = (float(tail.var()) + level * (mean - quantile) ** 2) / tail.size
    return Estimate(mean, float(np.sqrt(variance)), values.size)

"""Expectations over one step by panelled Gauss-Legendre quadrature: what every recursion over marks is made of.

Panels are two step deviations wide with eight nodes each, so that a normal density is integrated to about 1e-12, and
end where a payoff has a kink. A step is a sparse matrix: a density reaches nine deviations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from kedge.risk.checks import Array
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.underlying import Law

REACH: Final = 9.0
"""Deviations beyond which a normal density is nothing (2e-19)."""
_ORDER: Final = 8
_PANEL: Final = 2.0
MOST_NODES: Final = 60_000
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(_ORDER)


class Grid(NamedTuple):
    """Nodes in rising order and their weights, both of shape (n,)."""

    nodes: Array
    weights: Array


def build_grid(low: float, high: float, scale: float, kinks: Sequence[float] = ()) -> Grid:
    """Gauss-Legendre panels of about two `scale` on [low, high], cut at the kinks; 1408 if that takes too many."""
    if not low < high:
        raise OUT_OF_DOMAIN.reject(f"nothing lies between {low} and {high}")
    if (high - low) / scale * _ORDER / _PANEL > MOST_NODES:
        raise OUT_OF_DOMAIN.reject(f"{(high - low) / scale:.0f} step deviations in the range: too many marks")
    cuts = [low, *sorted(kink for kink in kinks if low < kink < high), high]
    edges: list[float] = [low]
    for start, end in pairwise(cuts):
        count = max(1, math.ceil((end - start) / (_PANEL * scale)))
        edges += list(np.linspace(start, end, count + 1)[1:])
    ends = np.array(edges)
    half, middle = np.diff(ends) / 2.0, (ends[1:] + ends[:-1]) / 2.0
    nodes = (middle[:, None] + half[:, None] * _NODES).ravel()
    return Grid(nodes, (half[:, None] * _WEIGHTS).ravel())


def build_step(targets: Array, grid: Grid, law: Law) -> csr_array:
    """Matrix of shape (len(targets), len(grid.nodes)): row i times f(nodes) is E f(targets[i] + X), X by the law."""
    used = law.weights > 1e-16 * law.weights.sum()
    lowest = float((law.means - REACH * law.deviations)[used].min())
    highest = float((law.means + REACH * law.deviations)[used].max())
    first = np.searchsorted(grid.nodes, targets + lowest)
    counts = np.searchsorted(grid.nodes, targets + highest) - first
    pointers = np.concatenate(([0], np.cumsum(counts)))
    columns = np.arange(pointers[-1]) - np.repeat(pointers[:-1] - first, counts)
    distance = grid.nodes[columns] - np.repeat(targets, counts)
    density = np.zeros_like(distance)
    for weight, mean, deviation in zip(law.weights[used], law.means[used], law.deviations[used], strict=True):
        scale = weight / (deviation * math.sqrt(2.0 * math.pi))
        density += scale * np.exp(-(((distance - mean) / deviation) ** 2) / 2.0)
    return csr_array((density * grid.weights[columns], columns, pointers), shape=(len(targets), len(grid.nodes)))

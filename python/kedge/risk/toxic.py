"""Toxic flow (A6): what makers lose to those who trade on news between two blocks (or two anchors).

A pool or a quote stands still for one interval D while the price diffuses with annual volatility s; an arbitrageur
trades when the move exceeds the fee. In units of s sqrt(D) everything follows from the mean overshoot of a random walk
past a boundary: b = 0.5826 for intervals of fixed length, 0.7071 for exponential ones. Toxic share = b / (b + g).
Times in seconds, fees one-sided fractions of the price, rates per year per unit of value. Diffusion only: no jumps, no
gas per trade (which breaks the square root at short intervals), no other venue's latency.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr

from kedge.risk.checks import Array, inside, non_negative, one_of, positive, volatility
from kedge.risk.constants import BGK, POISSON_OVERSHOOT, YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.roots import find_root

OVERSHOOT: Final = {"fixed": BGK, "poisson": POISSON_OVERSHOOT}
"""Mean overshoot in units of s sqrt(D), by the law of the interval."""

MEASURED_CUT: Final = (0.20, 0.70)
"""Fall of makers' losses from blocks of 12 s to blocks of 100 ms, lowest and highest of the pairs that Fritsch and
Canidio measured (arXiv 2404.05803): a band to set theory against, not a target."""

MEASURED_INTERVALS: Final = (12.0, 0.1)

_NODES: Final = 200
_PANEL: Final = 12


def _step_deviation(sigma: float, interval: float) -> float:
    """Deviation of the log price over one interval."""
    return volatility(sigma) * math.sqrt(positive(interval, "interval") / YEAR_SECONDS)


def compute_lvr(sigma: float) -> float:
    """Loss versus rebalancing of a constant-product pool without fee: `s^2 / 8` per year and unit of value.

    s = 5 %/day gives 3.125 bp/day. [Milionis, Moallemi, Roughgarden and Zhang 2022]
    """
    return volatility(sigma) ** 2 / 8.0


def compute_share(fee: float, sigma: float, interval: float, law: str = "fixed") -> float:
    """Toxic share: arbitrage loss as a fraction of the loss without fee, `b / (b + fee / (s sqrt(D)))`.

    Exact for Poisson intervals, where it is also the probability `P_trade = 1 / (1 + sqrt(2/D) fee / s)` that an
    interval ends with a trade. For fixed intervals the loss fraction, exact as fee / (s sqrt(D)) grows, within 0.006
    everywhere: see `solve_pool`. [arXiv 2305.14604; Nezlobin and Tassy, arXiv 2505.05113]
    """
    overshoot = OVERSHOOT[one_of(law, OVERSHOOT, "law")]
    return overshoot / (overshoot + non_negative(fee, "fee") / _step_deviation(sigma, interval))


def compute_arbitrage_loss(fee: float, sigma: float, interval: float, law: str = "fixed") -> float:
    """Loss of a constant-product pool to arbitrageurs, per year and unit of value.

    `poisson`: `(s^2/8) P_trade cosh(fee/2) / (1 - s^2 D / 8)`, exact, for s^2 D < 8 (else refused, 1408). `fixed`:
    `(s^2/8)` times the toxic share. 12 s, s 5 %/day, fee 5 bp: 1.4205 bp/day. [arXiv 2305.14604 theorem 3]
    """
    loss = compute_lvr(sigma) * compute_share(fee, sigma, interval, law)
    if law == "fixed":
        return loss
    variance = _step_deviation(sigma, interval) ** 2
    if variance >= 8.0:
        raise OUT_OF_DOMAIN.reject(f"interval = {interval} s: its variance {variance:.3g} must be below 8")
    return loss * math.cosh(fee / 2.0) / (1.0 - variance / 8.0)


class Pool(NamedTuple):
    """Stationary behaviour over one interval, as fractions."""

    trades: float
    """Probability that the interval ends with an arbitrage."""
    loss: float
    """Arbitrage loss over the loss without fee."""


def solve_pool(fee_steps: float) -> Pool:
    """Fixed intervals solved exactly: the mispricing clipped to [-g, g], g = fee / (s sqrt(D)) in [0, 40].

    Stationary law of `z' = clip(z + N(0, 1), -g, g)`: two atoms at the edges and a density between them, by Gauss-
    Legendre quadrature of its integral equation (error below 1e-9). Loss: `E[(|z + N| - g)+^2]`.
    """
    g = inside(fee_steps, 0.0, 40.0, "fee / (s sqrt(D))")
    if g == 0.0:
        return Pool(1.0, 1.0)
    nodes, weights = _panels(g)
    states = np.concatenate([[-g, g], nodes])
    chances = np.empty((states.size, states.size))
    chances[:, 0], chances[:, 1] = ndtr(-g - states), ndtr(states - g)
    chances[:, 2:] = np.exp(-((nodes[None, :] - states[:, None]) ** 2) / 2.0) / math.sqrt(2.0 * math.pi) * weights
    chances /= chances.sum(axis=1, keepdims=True)
    system = chances.T - np.eye(states.size)
    system[-1] = 1.0
    law = np.linalg.solve(system, np.concatenate([np.zeros(states.size - 1), [1.0]]))
    above, below = g - states, g + states
    trades = law @ (ndtr(-above) + ndtr(-below))
    return Pool(float(trades), float(law @ (_excess_square(above) + _excess_square(below))))


def _panels(g: float) -> tuple[Array, Array]:
    """Quadrature nodes and weights on [-g, g], in panels no wider than two deviations."""
    count = max(1, math.ceil(g))
    points, weights = np.polynomial.legendre.leggauss(max(_PANEL, min(_NODES // count, 40)))
    edges = np.linspace(-g, g, count + 1)
    half = (edges[1] - edges[0]) / 2.0
    centres = (edges[:-1] + edges[1:]) / 2.0
    return (centres[:, None] + half * points).ravel(), np.tile(half * weights, count)


def _excess_square(distance: Array) -> Array:
    """E[(N - d)+^2] for each distance d."""
    density = np.exp(-(distance**2) / 2.0) / math.sqrt(2.0 * math.pi)
    return np.asarray((1.0 + distance**2) * ndtr(-distance) - distance * density)


def compute_stale_loss(fee: float, sigma: float, latency: float) -> float:
    """What a maker loses per unit of a two-sided quote that stands still for `latency`: two options of the move.

    `2 s sqrt(D) (phi(d) - d Q(d))`, `d = fee / (s sqrt(D))`; s 60 %, fee 5 bp: 0.302 bp at 12 s, 46.3 bp at 1 h.
    """
    spread = _step_deviation(sigma, latency)
    d = non_negative(fee, "fee") / spread
    density = math.exp(-d * d / 2.0) / math.sqrt(2.0 * math.pi)
    return 2.0 * spread * (density - d * float(ndtr(-d)))


def compute_break_even_fee(sigma: float, latency: float, turnover: float) -> float:
    """Fee at which a maker's income from others pays for stale quotes.

    Income per latency is `fee * turnover * latency`, where `turnover` is the uninformed volume per year and unit
    quoted; the loss is `compute_stale_loss`. The loss falls and the income grows with the fee, so there is one root.
    """
    income = positive(turnover, "turnover") * positive(latency, "latency") / YEAR_SECONDS
    top = compute_stale_loss(0.0, sigma, latency) / income
    return find_root(
        lambda fee: compute_stale_loss(fee, sigma, latency) - fee * income, 0.0, top, "break-even fee", xtol=1e-14
    )


def compute_cut(fee: float, sigma: float, slow: float, fast: float, law: str = "fixed") -> float:
    """Fraction by which the arbitrage loss falls when intervals of `slow` seconds become `fast` ones."""
    return 1.0 - compute_arbitrage_loss(fee, sigma, fast, law) / compute_arbitrage_loss(fee, sigma, slow, law)


def is_cut_measured(cut: float) -> bool:
    """Whether a fall from 12 s to 100 ms lies inside the band that was measured."""
    return MEASURED_CUT[0] <= cut <= MEASURED_CUT[1]

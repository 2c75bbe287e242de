"""The standard normal law and the closed forms of a Brownian motion stopped at a random time.

Unit of every value: s sqrt(D), with s the volatility per root of the unit of D. Sources: risk memo section 1.4, derived
there; the tests repeat each by quadrature and by simulation.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from kedge.risk.checks import Array, probability
from kedge.risk.roots import find_root


def phi(x: Array | float) -> Array:
    """Density of the standard normal law."""
    found: Array = np.exp(-0.5 * np.square(x)) / math.sqrt(2.0 * math.pi)
    return found


def upper(x: Array | float) -> Array:
    """Q(x) = P(Z > x), accurate in the far tail."""
    found: Array = special.ndtr(np.negative(x))
    return found


def quantile(level: float) -> float:
    """x with P(Z <= x) = level, 0 < level < 1."""
    return float(special.ndtri(probability(level, "level")))


def stop_loss(x: Array | float) -> Array:
    """E (Z - x)^+ = phi(x) - x Q(x)."""
    return phi(x) - x * upper(x)


def fixed_var_es(level: float) -> tuple[float, float]:
    """VaR and ES of B_D: 2.3263 and 2.6652 at 99 %."""
    z = quantile(level)
    return z, float(phi(z)) / (1.0 - level)


def uniform_tail(u: float) -> float:
    """P(B_W > u) for W ~ U(0, 1): (1 + u^2) Q(u) - u phi(u), u >= 0."""
    return float((1.0 + u * u) * upper(u) - u * phi(u))


def uniform_var_es(level: float) -> tuple[float, float]:
    """VaR and ES of B_W, W ~ U(0, 1) (the wait for a clock): 1.8083 and 2.1376 at 99 %. Needs level > 1/2."""
    tail = 1.0 - probability(level, "level")
    u = find_root(lambda x: uniform_tail(x) - tail, 0.0, 40.0, "quantile", xtol=1e-13)
    excess = float((2.0 / 3.0 + u * u / 3.0) * phi(u) - (u + u**3 / 3.0) * upper(u))
    return u, u + excess / tail


def exponential_var_es(level: float) -> tuple[float, float]:
    """VaR and ES of B_W, W ~ Exp with mean 1 (Poisson anchors): Laplace, scale sqrt(1/2); 2.7662, 3.4733 at 99 %."""
    scale, tail = math.sqrt(0.5), 1.0 - probability(level, "level")
    value = -scale * math.log(2.0 * tail)
    return value, value + scale


def cornish_var(level: float, cv: float) -> float:
    """VaR in units of s sqrt(E W) from the coefficient of variation of W alone: z + (z^3 - 3 z) cv^2 / 8.

    A second-order approximation: 0.1 % off for a clock (cv^2 = 1/3), 9 % for Poisson anchors (cv^2 = 1); use the exact
    mixture for numbers that matter.
    """
    z = quantile(level)
    return z + (z**3 - 3.0 * z) * cv * cv / 8.0

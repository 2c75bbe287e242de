"""P(the price reaches a barrier): watched all the time, over a random window, or at anchors only.

The barrier is a log distance B > 0 on the side of the loss; `drift` is that of the log price per year (negative drift
approaches). Sources: reflection principle; Broadie, Glasserman and Kou 1997; risk memo 1.5.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from kedge.risk.checks import Array, count, finite, positive, volatility
from kedge.risk.constants import BGK, YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.normal import phi, upper

LEAST_DATES = 20
"""Below this many anchors the barrier shift is off by percents: the recursion is exact there."""

_NODES = 6
_MOST_CELLS = 12_000


def continuous(vol: float, barrier: float, horizon: float, drift: float = 0.0) -> float:
    """P(min X <= -B) over `horizon` seconds, watched all the time.

    Phi((-B - mu T)/(s sqrt T)) + exp(-2 mu B / s^2) Phi((-B + mu T)/(s sqrt T)).
    """
    s, b, mu = volatility(vol), positive(barrier, "barrier"), finite(drift, "drift")
    years = positive(horizon, "horizon") / YEAR_SECONDS
    root = s * math.sqrt(years)
    mirrored = -2.0 * mu * b / s**2 + float(special.log_ndtr((-b + mu * years) / root))
    return float(upper((b + mu * years) / root)) + math.exp(mirrored)


def exponential(vol: float, barrier: float, mean_window: float, drift: float = 0.0) -> float:
    """The same over an exponential window (Poisson anchors) of this mean in seconds.

    exp(-B (mu + sqrt(mu^2 + 2 q s^2)) / s^2), q = 1 / mean window.
    """
    s, b, mu = volatility(vol), positive(barrier, "barrier"), finite(drift, "drift")
    q = YEAR_SECONDS / positive(mean_window, "mean window")
    return math.exp(-b * (mu + math.sqrt(mu * mu + 2.0 * q * s * s)) / s**2)


def shifted(vol: float, barrier: float, horizon: float, interval: float, drift: float = 0.0) -> float:
    """Watched at anchors `interval` seconds apart: the barrier moved outwards by 0.5826 s sqrt(D).

    Good to some percent from 20 anchors within the horizon; with fewer it is refused (use `watched`).
    """
    dates = positive(horizon, "horizon") / positive(interval, "anchoring interval")
    if dates < LEAST_DATES:
        raise OUT_OF_DOMAIN.reject(f"{dates:.3g} anchors in the horizon: the shift needs {LEAST_DATES}, use `watched`")
    return continuous(vol, barrier + BGK * vol * math.sqrt(interval / YEAR_SECONDS), horizon, drift)


def watched(vol: float, barrier: float, interval: float, dates: int, drift: float = 0.0) -> float:
    """Watched at `dates` anchors exactly: recursion of the density of survivors by panelled Gauss-Legendre quadrature.

    Error below 1e-8 of probability mass; work grows as dates x (range / (s sqrt D))^2, refused above 12,000 nodes.
    """
    unit = volatility(vol) * math.sqrt(positive(interval, "anchoring interval") / YEAR_SECONDS)
    start = positive(barrier, "barrier") / unit
    steps, move = count(dates, "anchors"), finite(drift, "drift") * interval / YEAR_SECONDS / unit
    end = start + 8.5 * math.sqrt(steps) + abs(move) * steps
    panels = math.ceil(end)
    if panels * _NODES > _MOST_CELLS:
        raise OUT_OF_DOMAIN.reject(
            f"{steps} anchors need {panels * _NODES} nodes, at most {_MOST_CELLS}: use `shifted`"
        )
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(0.0, end, panels + 1)
    half = (edges[1] - edges[0]) / 2.0
    nodes: Array = (edges[:-1, None] + half * (1.0 + points)).ravel()
    mass: Array = np.tile(weights * half, panels)
    survivors = phi(nodes - start - move)
    if steps > 1:
        kernel = phi(nodes[:, None] - nodes - move) * mass
        for _ in range(steps - 1):
            survivors = kernel @ survivors
    return 1.0 - float(mass @ survivors)

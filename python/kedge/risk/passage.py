"""First passage of Kou's jump diffusion in closed form, and the bad debt of one account between anchors.

Y is the loss of a long position in logs: drift, diffusion, jumps up by Exp(mean 1/e1) with probability p, down by
Exp(mean 1/e2). For q > 0, be1 < e1 < be2 are the roots of G(x) = q to the right of zero, G the exponent of Y. Sources:
Kou and Wang 2003; risk memo 1.5. Levels are log distances; windows exponential (Poisson anchors), fixed or Erlang.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kedge.risk.checks import Array, count, finite, positive
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.models import Kou

_EULER = 28
"""Terms of Euler's summation; with A = 25 the error of the inversion is about 1e-9."""
_CONTOUR = 64


@dataclass(frozen=True)
class Account:
    """One account by log distances of its loss: liquidated at `trigger`, insolvent beyond `bankruptcy`."""

    trigger: float
    bankruptcy: float
    short: bool = False

    def __post_init__(self) -> None:
        if self.bankruptcy <= positive(self.trigger, "trigger"):
            raise OUT_OF_DOMAIN.reject(f"bankruptcy = {self.bankruptcy} must lie beyond the trigger {self.trigger}")

    @classmethod
    def from_margins(cls, margin: float, maintenance: float, *, short: bool = False) -> Account:
        """An account with equity `margin` (fraction of notional) that is liquidated at `maintenance`."""
        if not 0.0 < maintenance < margin < 1.0:
            raise OUT_OF_DOMAIN.reject(f"margin = {margin} must lie between maintenance = {maintenance} and 1")
        side = -1.0 if short else 1.0
        bankruptcy = -side * math.log1p(-side * margin)
        return cls(bankruptcy + side * math.log1p(-side * maintenance), bankruptcy, short)

    def debt(self, loss: Array) -> Array:
        """Bad debt per unit of notional at these log losses; zero before bankruptcy."""
        side = -1.0 if self.short else 1.0
        owed: Array = np.maximum(side * (math.exp(-side * self.bankruptcy) - np.exp(-side * loss)), 0.0)
        return owed


def compute_roots(model: Kou, q: complex, drift: float = 0.0) -> tuple[complex, complex]:
    """be1, be2: roots of G(x) = q with positive real part, the smaller first; q with positive real part, per year."""
    e1, e2, variance = 1.0 / model.up, 1.0 / model.down, model.vol**2
    core = np.polymul([-1.0, e1 - e2, e1 * e2], [0.5 * variance, drift, -(model.rate + q)])
    jumps = model.rate * np.polyadd(
        np.polymul([model.adverse * e1], [1.0, e2]), np.polymul([(1.0 - model.adverse) * e2], [-1.0, e1])
    )
    found = np.roots(np.polyadd(core, jumps))
    right = sorted((complex(root) for root in found if root.real > 0.0), key=lambda root: root.real)
    if len(right) != 2:
        raise OUT_OF_DOMAIN.reject(f"G(x) = {q} has {len(right)} roots to the right of zero, not 2: {found}")
    return right[0], right[1]


def _transform(model: Kou, level: float, q: complex, drift: float) -> complex:
    """E exp(-q tau) for the first passage above `level`; for real q also P(tau <= Exp with rate q)."""
    e1 = 1.0 / model.up
    b1, b2 = compute_roots(model, q, drift)
    low = (e1 - b1) / e1 * b2 / (b2 - b1) * np.exp(-level * b1)
    high = (b2 - e1) / e1 * b1 / (b2 - b1) * np.exp(-level * b2)
    return complex(low + high)


def exponential(model: Kou, level: float, mean_window: float, drift: float = 0.0) -> float:
    """P(the loss passes `level` within an exponential window of this mean in seconds)."""
    q = YEAR_SECONDS / positive(mean_window, "mean window")
    return _transform(model, positive(level, "level"), q, finite(drift, "drift")).real


def crossing_by_jump(model: Kou, level: float, mean_window: float, drift: float = 0.0) -> float:
    """P(passing `level` within the window by a jump); the overshoot given that is Exp(mean `model.up`)."""
    q, e1 = YEAR_SECONDS / positive(mean_window, "mean window"), 1.0 / model.up
    b1, b2 = (root.real for root in compute_roots(model, q, finite(drift, "drift")))
    level = positive(level, "level")
    return (e1 - b1) * (b2 - e1) / (e1 * (b2 - b1)) * (math.exp(-level * b1) - math.exp(-level * b2))


def bad_debt(model: Kou, account: Account, mean_window: float, drift: float = 0.0) -> float:
    """Expected bad debt per unit of notional in one exponential window, liquidation at the trigger L at once.

    Bad debt arises only where a jump carries the account past its bankruptcy B: PJ(L) e^(-e1 (B - L)) times the mean
    excess, e^(-B) / (1 + e1) for a long and e^B / (e1 - 1) for a short. For a short give the mirrored model.
    """
    e1, beyond = 1.0 / model.up, account.bankruptcy
    excess = math.exp(beyond) / (e1 - 1.0) if account.short else math.exp(-beyond) / (1.0 + e1)
    missed = math.exp(-e1 * (beyond - account.trigger))
    return crossing_by_jump(model, account.trigger, mean_window, drift) * missed * excess


def fixed(model: Kou, level: float, window: float, drift: float = 0.0) -> float:
    """P(passing `level` within a fixed window in seconds): Euler inversion of the Laplace transform over q.

    Kou-Wang case (mu .1, s .2, lam 3, p .5, 1/e1 .02, 1/e2 .03, b .3, t 1): 0.25584.
    """
    years, level = positive(window, "window") / YEAR_SECONDS, positive(level, "level")
    shift = 25.0 / (2.0 * years)
    terms = []
    for k in range(2 * _EULER + 1):
        q = complex(shift, k * math.pi / years)
        value = (_transform(model, level, q, finite(drift, "drift")) / q).real
        terms.append((0.5 if k == 0 else (-1.0) ** k) * value)
    sums = np.cumsum(terms)[_EULER:]
    weights = [math.comb(_EULER, j) * 2.0**-_EULER for j in range(_EULER + 1)]
    return max(float(math.exp(12.5) / years * np.dot(weights, sums)), 0.0)


def erlang(model: Kou, level: float, mean_window: float, phases: int, drift: float = 0.0) -> float:
    """P(passing `level`) within an Erlang window: cv^2 = 1 / phases, between exponential (1) and fixed (many).

    sum over k < n of (-q)^k / k! d^k/dq^k E exp(-q tau), q = n / mean window; derivatives by Cauchy's formula, good to
    1e-9 up to 12 phases and refused beyond.
    """
    steps = count(phases, "phases")
    if steps > 12:
        raise OUT_OF_DOMAIN.reject(f"phases = {steps}: at most 12, beyond that the window is as good as fixed")
    q = steps * YEAR_SECONDS / positive(mean_window, "mean window")
    angles = 2.0 * math.pi * np.arange(_CONTOUR) / _CONTOUR
    circle = [_transform(model, positive(level, "level"), q + 0.5 * q * np.exp(1j * a), drift) for a in angles]
    total = 0.0
    for k in range(steps):
        derivative = float(np.mean(np.array(circle) * np.exp(-1j * k * angles)).real)
        total += (-2.0) ** k * derivative
    return total

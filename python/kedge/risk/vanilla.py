"""European options: Black 1976, its mixture for jumps (Merton 1976), parity, and options settled on an average."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from kedge.risk.checks import Array, array, inside, non_negative, positive
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import NOT_POSITIVE
from kedge.risk.underlying import Underlying


def black76(forward: ArrayLike, strike: ArrayLike, deviation: ArrayLike, call: bool = True) -> Array:
    """Undiscounted price of a European option on a forward.

    F Phi(d1) - K Phi(d2), d1 = ln(F/K)/v + v/2, d2 = d1 - v, with v = s sqrt(T) the deviation of the log-price to
    expiry; at v = 0 the payoff. Arrays broadcast. Domain: F > 0, K > 0, v >= 0, else 1412. Source: Black 1976.
    """
    f, k, v = (
        array(value, name) for value, name in ((forward, "forward"), (strike, "strike"), (deviation, "deviation"))
    )
    for values, name in ((f, "forward"), (k, "strike")):
        if np.any(values <= 0.0):
            raise NOT_POSITIVE.reject(f"{name} = {float(values.min())} must be above 0")
    if np.any(v < 0.0):
        raise NOT_POSITIVE.reject(f"deviation = {float(v.min())} must not be below 0")
    sign = 1.0 if call else -1.0
    spread = np.where(v > 0.0, v, 1.0)
    d1 = np.log(f / k) / spread + spread / 2.0
    priced = sign * (f * ndtr(sign * d1) - k * ndtr(sign * (d1 - spread)))
    return np.where(v > 0.0, priced, np.maximum(sign * (f - k), 0.0))


def price_european(underlying: Underlying, strike: float, expiry: float, call: bool = True) -> float:
    """Price of a European option, expiry in seconds; with jumps the Poisson mixture of Black prices (Merton 1976)."""
    law = underlying.law(expiry)
    forwards = underlying.spot * np.exp(law.means + law.deviations**2 / 2.0)
    prices = black76(forwards, positive(strike, "strike"), law.deviations, call)
    return underlying.discount(expiry) * float(law.weights @ prices)


def compute_average_variance(volatility: float, expiry: float, window: float) -> float:
    """Variance of the log of a continuous average over the last `window` seconds before expiry, to first order.

    s^2 (T - 2w/3), T and w in years. Domain: 0 <= w <= T, else 1408. The average is arithmetic, so this is the variance
    of the Brownian average; the exact price on sampled marks is `asian.price_average`.
    """
    expiry = positive(expiry, "expiry")
    window = inside(non_negative(window, "window"), 0.0, expiry, "window")
    return volatility**2 * (expiry - 2.0 * window / 3.0) / YEAR_SECONDS


def price_on_average(underlying: Underlying, strike: float, expiry: float, window: float, call: bool = True) -> float:
    """Option on the continuous average of the last `window` seconds, Black with the variance above (no jumps).

    The forward is the exact mean of the average. Error: of order s^2 w / 6 of the forward; see `price_average`.
    """
    deviation = math.sqrt(compute_average_variance(underlying.volatility, expiry, window))
    growth = (underlying.rate - underlying.dividend) * window / YEAR_SECONDS
    factor = -math.expm1(-growth) / growth if growth else 1.0
    return underlying.discount(expiry) * float(black76(underlying.forward(expiry) * factor, strike, deviation, call))

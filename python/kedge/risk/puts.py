"""The settlement put: what an account's missing margin is worth, under three laws of the price.

An account with margin m over a window W owes N E[(1 - m) - S_W / S_0]^+ when it goes under: a European put struck at
1 - m. The insurance fund is short one such put per account. Values per unit of notional, no interest unless given.
Sources: Bachelier; Black and Scholes; Merton 1976 with the parameters of Haug 1998 (jump share of the variance).
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from kedge.risk.checks import finite, inside, positive, probability, volatility
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.normal import stop_loss, upper


def bachelier(vol: float, margin: float, seconds: float) -> float:
    """s sqrt(W) (phi(d) - d Q(d)), d = m / (s sqrt W)."""
    deviation = volatility(vol) * math.sqrt(positive(seconds, "window") / YEAR_SECONDS)
    return deviation * float(stop_loss(finite(margin, "margin") / deviation))


def call(spot: float, strike: float, years: float, rate: float, vol: float) -> float:
    """Black-Scholes call without dividends; `years` to expiry, `rate` continuous."""
    root = volatility(vol) * math.sqrt(positive(years, "years"))
    d1 = (math.log(positive(spot, "spot") / positive(strike, "strike")) + rate * years) / root + root / 2.0
    return spot * float(upper(-d1)) - strike * math.exp(-rate * years) * float(upper(root - d1))


def black_scholes(vol: float, margin: float, seconds: float) -> float:
    """Put struck at 1 - m on a price of 1; margin in (0, 1)."""
    strike, years = 1.0 - probability(margin, "margin"), positive(seconds, "window") / YEAR_SECONDS
    return call(1.0, strike, years, 0.0, vol) - 1.0 + strike


def merton_call(
    spot: float, strike: float, years: float, rate: float, vol: float, jumps: float, jump_share: float
) -> float:
    """Merton call, jumps of mean zero: `vol` in all, `jumps` a year, `jump_share` of the variance from jumps.

    sum over n of Poisson(n; lam T) times Black-Scholes with variance z^2 + n d^2 / T.
    """
    inside(jump_share, 0.0, 1.0 - 1e-9, "share of variance from jumps")
    lam = positive(jumps, "jumps per year")
    jump, calm = jump_share * vol**2 / lam, (1.0 - jump_share) * volatility(vol) ** 2
    total, most = 0.0, int(special.pdtrik(1.0 - 1e-16, lam * positive(years, "years"))) + 6
    for n in range(most + 1):
        weight = math.exp(n * math.log(lam * years) - lam * years - math.lgamma(n + 1))
        total += weight * call(spot, strike, years, rate, math.sqrt(calm + n * jump / years))
    return total


def merton(vol: float, margin: float, seconds: float, jumps: float, jump_share: float) -> float:
    """Settlement put under Merton's law: put struck at 1 - m on a price of 1."""
    strike, years = 1.0 - probability(margin, "margin"), positive(seconds, "window") / YEAR_SECONDS
    return merton_call(1.0, strike, years, 0.0, vol, jumps, jump_share) - 1.0 + strike


def shortfall_probability(vol: float, margin: float, seconds: float) -> float:
    """P(the loss exceeds the margin) under diffusion: Q(m / (s sqrt W))."""
    deviation = volatility(vol) * math.sqrt(positive(seconds, "window") / YEAR_SECONDS)
    return float(np.asarray(upper(finite(margin, "margin") / deviation)))

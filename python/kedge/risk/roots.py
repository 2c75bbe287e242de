"""Roots of a function of one number: the one place that looks for them, and that says so where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scipy import optimize

from kedge.risk.errors import OUT_OF_DOMAIN

_FINEST: Final = 4 * 2.0**-52
"""The least relative tolerance that brentq takes."""


def find_root(
    function: Callable[[float], float], low: float, high: float, name: str, xtol: float, rtol: float = _FINEST
) -> float:
    """The root between `low` and `high`, where the function must change its sign; OUT_OF_DOMAIN (1408) where these
    inputs leave none that can be computed. `name` says what is looked for.
    """
    try:
        return float(optimize.brentq(function, low, high, xtol=xtol, rtol=rtol))
    except (ValueError, RuntimeError) as error:
        raise OUT_OF_DOMAIN.reject(f"no {name} between {low:g} and {high:g} can be computed: {error}") from error

"""SPAN scan risk: sixteen scenarios of price and volatility, the worst of which is the margin.

Price moves 0, +-1/3, +-2/3, +-3/3 of the scan range, each with volatility up and down, then two extreme moves of twice
the range of which 35 % counts. The arrays below are those that McMillan prints (S&P 500 future, range $10,000, and a
long December 410 call): the covered write requires 6,620. Source: McMillan, Options as a Strategic Investment, ch. 34.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from kedge.risk.checks import Array, array, positive
from kedge.risk.errors import BAD_SHAPE

MOVES: Final = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3)
"""Thirds of the scan range in the published order; volatility up, then down."""
EXTREME, COVERED = 2.0, 0.35
SCENARIOS: Final = 16

MCMILLAN_CALL: Final = (
    *(460.0, -610.0, 2640.0, 1730.0, -1270.0, -2340.0, 5210.0, 4540.0),
    *(-2540.0, -3430.0, 8060.0, 7640.0, -3380.0, -3990.0, 3130.0, -1500.0),
)
"""Profit of the long call in dollars, scenario by scenario, as printed."""


def future_array(scan_range: float, rounding: float = 10.0) -> Array:
    """Profit of one long future in each scenario, in the currency of the range, rounded as exchanges print it."""
    moves = np.array([*MOVES, 3.0 * EXTREME * COVERED, -3.0 * EXTREME * COVERED]) / 3.0
    found: Array = np.round(moves * positive(scan_range, "scan range") / rounding) * rounding
    return found


def scan_risk(arrays: ArrayLike, quantities: ArrayLike) -> tuple[float, int]:
    """Largest loss over the scenarios and the scenario (from 0); arrays of shape (instruments, 16)."""
    profits, held = array(arrays, "arrays"), array(quantities, "quantities")
    if profits.ndim != 2 or profits.shape != (held.size, SCENARIOS):
        raise BAD_SHAPE.reject(f"arrays have shape {profits.shape}, wanted ({held.size}, {SCENARIOS})")
    total = held @ profits
    worst = int(np.argmin(total))
    return max(-float(total[worst]), 0.0), worst

"""Constants that several analyses share. Times in the library are seconds; volatilities and rates are per year."""

from __future__ import annotations

import math
from typing import Final

YEAR_HOURS: Final = 8766.0
YEAR_SECONDS: Final = YEAR_HOURS * 3600.0
DAY_SECONDS: Final = 86_400.0
YEAR_DAYS: Final = YEAR_HOURS / 24.0

SLOT_SECONDS: Final = 12.0
"""One slot of Ethereum: no anchor can follow another sooner."""

FINALITY_SLOTS: Final = (64.0, 95.0)
"""Slots from inclusion to L1 finality: at least two epochs, at most one slot less than three (mean 79.5)."""

MAINTENANCE: Final = 3.0 / 5.0
CLOSE_OUT: Final = 2.0 / 5.0
"""Shares of the initial margin at which the rules liquidate, and close out."""

ZETA_HALF: Final = -1.4603545088095868
"""zeta(1/2)."""

BGK: Final = -ZETA_HALF / math.sqrt(2.0 * math.pi)
"""0.5826 = -zeta(1/2)/sqrt(2 pi): mean overshoot of a Gaussian walk in units of one step's deviation, and the barrier
shift of Broadie, Glasserman and Kou (1997)."""

POISSON_OVERSHOOT: Final = math.sqrt(0.5)
"""0.7071: mean overshoot in units of s sqrt(mean interval) when anchors come as a Poisson process."""

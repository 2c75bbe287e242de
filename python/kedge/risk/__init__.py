"""Risk: what a settlement window costs, as pure functions on numpy arrays.

Purpose: the law of the settlement window, the margin it implies, the losses it lets through, how often to anchor, and
the price of contracts that settle on sampled marks. One module per analysis: `from kedge.risk import window, margin`.

Invariants: times in seconds, volatilities and rates per year, margins as fractions of notional unless a docstring says
otherwise; nothing is calibrated silently; outside the domain of a formula there is an error (1401..1416), never an
extrapolation; simulations depend on seed and size alone, not on cores.

Surface: the modules of this room, and the names below that they share.
"""

from kedge.risk.constants import BGK, YEAR_DAYS, YEAR_HOURS, YEAR_SECONDS
from kedge.risk.errors import (
    BAD_FILE,
    BAD_SHAPE,
    DIFFERENT_LENGTHS,
    EMPTY_SERIES,
    MISSING_CALIBRATION,
    MIXED_CURRENCIES,
    NEGATIVE_VOLATILITY,
    NOT_A_NUMBER,
    NOT_A_PROBABILITY,
    NOT_POSITIVE,
    OUT_OF_DOMAIN,
    RISK_REFUSALS,
    UNKNOWN_CURRENCY,
    UNKNOWN_NAME,
    UNKNOWN_UNIT,
    UNSORTED_TIMES,
    WINDOW_TOO_LONG,
    RiskInputError,
    RiskRefusal,
)
from kedge.risk.montecarlo import Estimate
from kedge.risk.result import TIME, Cell, Column, Figure, Result, Series, Table
from kedge.risk.units import Amount

__all__ = [
    "BAD_FILE",
    "BAD_SHAPE",
    "BGK",
    "DIFFERENT_LENGTHS",
    "EMPTY_SERIES",
    "MISSING_CALIBRATION",
    "MIXED_CURRENCIES",
    "NEGATIVE_VOLATILITY",
    "NOT_A_NUMBER",
    "NOT_A_PROBABILITY",
    "NOT_POSITIVE",
    "OUT_OF_DOMAIN",
    "RISK_REFUSALS",
    "TIME",
    "UNKNOWN_CURRENCY",
    "UNKNOWN_NAME",
    "UNKNOWN_UNIT",
    "UNSORTED_TIMES",
    "WINDOW_TOO_LONG",
    "YEAR_DAYS",
    "YEAR_HOURS",
    "YEAR_SECONDS",
    "Amount",
    "Cell",
    "Column",
    "Estimate",
    "Figure",
    "Result",
    "RiskInputError",
    "RiskRefusal",
    "Series",
    "Table",
]

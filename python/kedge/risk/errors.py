"""Every number with which an input of a risk analysis can be refused; the text always carries the offending value.

| code | name | meaning |
| --- | --- | --- |
| 1401 | NOT_A_NUMBER | a value is NaN, infinite or not a number at all |
| 1402 | NEGATIVE_VOLATILITY | a volatility below zero |
| 1403 | EMPTY_SERIES | a series without (enough) values |
| 1404 | UNSORTED_TIMES | times that do not strictly increase |
| 1405 | UNKNOWN_UNIT | a quantity whose unit is missing, unknown or of another kind |
| 1406 | MIXED_CURRENCIES | amounts of different currencies in one sum |
| 1407 | WINDOW_TOO_LONG | a window longer than the series that should cover it |
| 1408 | OUT_OF_DOMAIN | a value for which the formula does not hold |
| 1409 | MISSING_CALIBRATION | a model parameter that nobody gave and no data determines |
| 1410 | DIFFERENT_LENGTHS | series that should run in parallel and do not |
| 1411 | NOT_A_PROBABILITY | a probability outside its range |
| 1412 | NOT_POSITIVE | a value that must be above (or not below) zero |
| 1413 | UNKNOWN_NAME | a venue, model, tier, policy or key that does not exist |
| 1414 | BAD_FILE | a file that is not what the command reads |
| 1415 | BAD_SHAPE | an array of the wrong number of dimensions, or a matrix that is no correlation |
| 1416 | UNKNOWN_CURRENCY | a sign of a currency that does not name one |
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kedge.units.errors import Rejected


class RiskInputError(Rejected):
    """An input of a risk analysis was refused; `text` holds the offending value."""


class RiskRefusal(NamedTuple):
    """One numbered reason to refuse an input."""

    code: int
    name: str

    def reject(self, detail: str) -> RiskInputError:
        """The exception that carries this reason; `detail` says which input and which value."""
        return RiskInputError(self.code, self.name, detail)


NOT_A_NUMBER: Final = RiskRefusal(1401, "NOT_A_NUMBER")
NEGATIVE_VOLATILITY: Final = RiskRefusal(1402, "NEGATIVE_VOLATILITY")
EMPTY_SERIES: Final = RiskRefusal(1403, "EMPTY_SERIES")
UNSORTED_TIMES: Final = RiskRefusal(1404, "UNSORTED_TIMES")
UNKNOWN_UNIT: Final = RiskRefusal(1405, "UNKNOWN_UNIT")
MIXED_CURRENCIES: Final = RiskRefusal(1406, "MIXED_CURRENCIES")
WINDOW_TOO_LONG: Final = RiskRefusal(1407, "WINDOW_TOO_LONG")
OUT_OF_DOMAIN: Final = RiskRefusal(1408, "OUT_OF_DOMAIN")
MISSING_CALIBRATION: Final = RiskRefusal(1409, "MISSING_CALIBRATION")
DIFFERENT_LENGTHS: Final = RiskRefusal(1410, "DIFFERENT_LENGTHS")
NOT_A_PROBABILITY: Final = RiskRefusal(1411, "NOT_A_PROBABILITY")
NOT_POSITIVE: Final = RiskRefusal(1412, "NOT_POSITIVE")
UNKNOWN_NAME: Final = RiskRefusal(1413, "UNKNOWN_NAME")
BAD_FILE: Final = RiskRefusal(1414, "BAD_FILE")
BAD_SHAPE: Final = RiskRefusal(1415, "BAD_SHAPE")
UNKNOWN_CURRENCY: Final = RiskRefusal(1416, "UNKNOWN_CURRENCY")

RISK_REFUSALS: Final = (
    NOT_A_NUMBER,
    NEGATIVE_VOLATILITY,
    EMPTY_SERIES,
    UNSORTED_TIMES,
    UNKNOWN_UNIT,
    MIXED_CURRENCIES,
    WINDOW_TOO_LONG,
    OUT_OF_DOMAIN,
    MISSING_CALIBRATION,
    DIFFERENT_LENGTHS,
    NOT_A_PROBABILITY,
    NOT_POSITIVE,
    UNKNOWN_NAME,
    BAD_FILE,
    BAD_SHAPE,
    UNKNOWN_CURRENCY,
)

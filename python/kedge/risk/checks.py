"""Validators: each returns its input as a float or a float64 array, or refuses it by number with the value in the text.

Every function takes the value and the name that the text should use for it.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kedge.risk.errors import (
    BAD_SHAPE,
    DIFFERENT_LENGTHS,
    EMPTY_SERIES,
    MISSING_CALIBRATION,
    NEGATIVE_VOLATILITY,
    NOT_A_NUMBER,
    NOT_A_PROBABILITY,
    NOT_POSITIVE,
    OUT_OF_DOMAIN,
    UNKNOWN_NAME,
    UNSORTED_TIMES,
    WINDOW_TOO_LONG,
)

Array = NDArray[np.float64]


def finite(value: float, name: str) -> float:
    """A finite float."""
    try:
        number = float(value)
    except OverflowError as error:
        raise NOT_A_NUMBER.reject(f"{name}: a number of more than 308 digits") from error
    except (TypeError, ValueError) as error:
        raise NOT_A_NUMBER.reject(f"{name} = {value!r}") from error
    if not np.isfinite(number):
        raise NOT_A_NUMBER.reject(f"{name} = {number}")
    return number


def positive(value: float, name: str) -> float:
    """A finite float above zero."""
    number = finite(value, name)
    if number <= 0.0:
        raise NOT_POSITIVE.reject(f"{name} = {number} must be above 0")
    return number


def non_negative(value: float, name: str) -> float:
    """A finite float of zero or more."""
    number = finite(value, name)
    if number < 0.0:
        raise NOT_POSITIVE.reject(f"{name} = {number} must not be below 0")
    return number


def volatility(value: float, name: str = "volatility") -> float:
    """An annual volatility above zero."""
    number = finite(value, name)
    if number < 0.0:
        raise NEGATIVE_VOLATILITY.reject(f"{name} = {number}")
    if number == 0.0:
        raise OUT_OF_DOMAIN.reject(f"{name} = 0: nothing moves, there is nothing to measure")
    return number


def probability(value: float, name: str) -> float:
    """A probability strictly between 0 and 1."""
    number = finite(value, name)
    if not 0.0 < number < 1.0:
        raise NOT_A_PROBABILITY.reject(f"{name} = {number} must lie strictly between 0 and 1")
    return number


def share(value: float, name: str) -> float:
    """A fraction in the closed interval from 0 to 1."""
    number = finite(value, name)
    if not 0.0 <= number <= 1.0:
        raise NOT_A_PROBABILITY.reject(f"{name} = {number} must lie between 0 and 1")
    return number


def inside(value: float, low: float, high: float, name: str) -> float:
    """A finite float in the closed interval [low, high], the domain of a formula."""
    number = finite(value, name)
    if not low <= number <= high:
        raise OUT_OF_DOMAIN.reject(f"{name} = {number} must lie between {low} and {high}")
    return number


def count(value: int, name: str, least: int = 1) -> int:
    """A whole number of at least `least`."""
    number = finite(value, name)
    if number != int(number) or number < least:
        raise OUT_OF_DOMAIN.reject(f"{name} = {value} must be a whole number of at least {least}")
    return int(number)


def calibrated(value: float | None, name: str) -> float:
    """A parameter that has no default: refuses None."""
    if value is None:
        raise MISSING_CALIBRATION.reject(f"{name} was not given and there is no data to estimate it from")
    return finite(value, name)


def one_of(value: str, known: Collection[str], name: str) -> str:
    """One of the known names."""
    if value not in known:
        raise UNKNOWN_NAME.reject(f"{name} = {value!r}; known: {', '.join(sorted(known))}")
    return value


def array(values: ArrayLike, name: str) -> Array:
    """A float64 array of any shape whose values are all finite."""
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise NOT_A_NUMBER.reject(f"{name}: {error}") from error
    bad = np.flatnonzero(~np.isfinite(found))
    if bad.size:
        raise NOT_A_NUMBER.reject(f"{name}[{bad[0]}] = {found.ravel()[bad[0]]}")
    return found


def series(values: ArrayLike, name: str, least: int = 1) -> Array:
    """A one-dimensional finite series of at least `least` values."""
    found = array(values, name)
    if found.ndim != 1:
        raise BAD_SHAPE.reject(f"{name} has shape {found.shape}, a series has one dimension")
    if found.size < least:
        raise EMPTY_SERIES.reject(f"{name} has {found.size} values, at least {least} are needed")
    return found


def positive_series(values: ArrayLike, name: str, least: int = 1) -> Array:
    """A series whose values are all above zero (prices, sizes)."""
    found = series(values, name, least)
    bad = np.flatnonzero(found <= 0.0)
    if bad.size:
        raise NOT_POSITIVE.reject(f"{name}[{bad[0]}] = {found[bad[0]]} must be above 0")
    return found


def times(values: ArrayLike, name: str = "times", least: int = 1) -> Array:
    """A series of strictly increasing times."""
    found = series(values, name, least)
    bad = np.flatnonzero(np.diff(found) <= 0.0)
    if bad.size:
        at = int(bad[0]) + 1
        raise UNSORTED_TIMES.reject(f"{name}[{at}] = {found[at]} follows {found[at - 1]}")
    return found


def same_length(**values: Array) -> int:
    """The common length of series that run in parallel."""
    lengths = {name: len(value) for name, value in values.items()}
    if len(set(lengths.values())) > 1:
        raise DIFFERENT_LENGTHS.reject(", ".join(f"{name} has {size}" for name, size in lengths.items()))
    return next(iter(lengths.values()))


def covers(length: int, window: int, name: str = "window") -> int:
    """A whole window (in steps) that fits into a series of this length at least once."""
    if count(window, name) >= length:
        raise WINDOW_TOO_LONG.reject(f"{name} = {window} steps, the series has {length}")
    return window


def correlation(values: ArrayLike, name: str = "correlation") -> Array:
    """A symmetric, positive semi-definite matrix with ones on its diagonal."""
    found = array(values, name)
    if found.ndim != 2 or found.shape[0] != found.shape[1]:
        raise BAD_SHAPE.reject(f"{name} has shape {found.shape}, it must be square")
    if not np.allclose(found, found.T, atol=1e-12) or not np.allclose(np.diag(found), 1.0, atol=1e-12):
        raise BAD_SHAPE.reject(f"{name} must be symmetric with ones on its diagonal: {found.tolist()}")
    least = float(np.linalg.eigvalsh(found).min())
    if least < -1e-10:
        raise BAD_SHAPE.reject(f"{name} is not positive semi-definite: smallest eigenvalue {least:.3g}")
    return found

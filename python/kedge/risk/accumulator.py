"""Accumulators: buy a fixed size at a fixed price at every fixing until a barrier is seen; more of it below that price.

A strip of forwards knocked out by marks: each leg pays S - K, times `gear` when that is negative, if no mark up to and
including its fixing has reached the barrier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kedge.risk import barriers
from kedge.risk.barriers import Barrier
from kedge.risk.checks import Array, count, positive
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.underlying import Underlying
from kedge.risk.vanilla import price_european


@dataclass(frozen=True)
class Accumulator:
    """One unit bought at `strike` at each of `fixings` equal intervals to expiry (seconds), until `level` is seen."""

    strike: float
    level: float
    expiry: float
    fixings: int
    gear: float = 1.0

    def __post_init__(self) -> None:
        for name in ("strike", "level", "expiry", "gear"):
            positive(getattr(self, name), name)
        count(self.fixings, "fixings")

    def leg(self, x: Array) -> Array:
        """What one fixing pays at log-price x."""
        gain = np.exp(x) - self.strike
        return np.where(gain < 0.0, self.gear * gain, gain)


def price_marked(underlying: Underlying, contract: Accumulator, marks: int) -> float:
    """Value of the strip with the barrier seen on `marks` marks, a multiple of the fixings (else 1408)."""
    if count(marks, "marks") % contract.fixings:
        raise OUT_OF_DOMAIN.reject(f"marks = {marks} is no multiple of the {contract.fixings} fixings")
    wall = Barrier(contract.strike, contract.level, contract.expiry)
    return barriers.run_marks(underlying, wall, marks, contract.leg, marks // contract.fixings)


def price_legs_marked(underlying: Underlying, contract: Accumulator, marks: int) -> list[tuple[float, float]]:
    """(out, in) of each leg on its own: the in leg pays only if a mark up to its fixing has reached the barrier."""
    if count(marks, "marks") % contract.fixings:
        raise OUT_OF_DOMAIN.reject(f"marks = {marks} is no multiple of the {contract.fixings} fixings")
    legs = []
    for number in range(1, contract.fixings + 1):
        expiry = contract.expiry * number / contract.fixings
        seen = marks // contract.fixings * number
        values = []
        for call, sign in ((True, 1.0), (False, -contract.gear)):
            option = Barrier(contract.strike, contract.level, expiry, call)
            out = barriers.price_marked(underlying, option, seen)
            values.append((sign * out, sign * (price_european(underlying, contract.strike, expiry, call) - out)))
        legs.append((values[0][0] + values[1][0], values[0][1] + values[1][1]))
    return legs


def price_continuous(underlying: Underlying, contract: Accumulator, marks: int | None = None) -> float:
    """Value of the strip with the barrier seen at every instant; with `marks` at the barrier shifted for so many."""
    total = 0.0
    for number in range(1, contract.fixings + 1):
        expiry = contract.expiry * number / contract.fixings
        for call, sign in ((True, 1.0), (False, -contract.gear)):
            option = Barrier(contract.strike, contract.level, expiry, call)
            if marks is None:
                total += sign * barriers.price_continuous(underlying, option)
            else:
                total += sign * barriers.price_corrected(underlying, option, marks * number // contract.fixings)
    return total

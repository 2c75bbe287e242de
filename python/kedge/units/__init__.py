"""Units: the three kinds of failure, shared by every room.

Purpose: one vocabulary for what can go wrong. The numeric units of the rules (price in ticks, size in lots, money in
quote, rates in ppm, time in milliseconds) are the intervals in `kedge.rules`, where the machine checks them.
Invariants: `Rejected` carries a documented number and leaves the state untouched; a `Fault` may be tried again; after
`Broken` nothing goes on.
Surface: what `__all__` lists.
"""

from kedge.units.errors import Broken, Fault, KedgeError, Rejected

__all__ = ["Broken", "Fault", "KedgeError", "Rejected"]

"""Units: the scaled integers that every room counts in, and the three kinds of failure.

Purpose: one vocabulary for quantities (ticks, lots, quote, ppm, milliseconds) and for what can go wrong.
Invariants: a quantity is an integer and its decimal text is exact; `Rejected` carries a documented number and leaves
the state untouched; a `Fault` may be tried again; after `Broken` nothing goes on.
Surface: what `__all__` lists.
"""

from kedge.units.errors import Broken, Fault, KedgeError, Refusal, Rejected
from kedge.units.quantities import PPM, QUOTE, QUOTE_PLACES, decimal_text

__all__ = ["PPM", "QUOTE", "QUOTE_PLACES", "Broken", "Fault", "KedgeError", "Refusal", "Rejected", "decimal_text"]

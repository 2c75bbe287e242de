"""The gate before the engine: what is not a well-formed, permitted transaction goes no further."""

from __future__ import annotations

from collections.abc import Sequence
from operator import le
from typing import Final

from kedge.sequencer.catalog import Catalog, StepCard
from kedge.sequencer.codec import pack
from kedge.sequencer.codes import BAD_ENCODING, NOT_A_TRANSACTION, NOT_ALLOWED, OUT_OF_RANGE, UNKNOWN_STEP
from kedge.sequencer.transaction import Origin, Transaction

USER_STEPS: Final = frozenset(
    {"place", "cancel", "cancel_all", "withdraw", "liquidate", "deleverage", "adjust", "unlist", "sweep"}
)
"""What users may submit; everything else states facts (L1, oracle, clock, parameters) and comes from the node."""


class Admission:
    """Checks shape, permission and bounds of transactions; numbers 900 and up."""

    def __init__(self, catalog: Catalog, user_steps: frozenset[str] = USER_STEPS) -> None:
        self._known = catalog.by_name
        self._system = {name: catalog.by_name[name] for name in catalog.transactions}
        self._user = {name: card for name, card in self._system.items() if name in user_steps}

    def check(self, transaction: Transaction, origin: Origin) -> tuple[Transaction, bytes]:
        """An admissible transaction, which nobody can change any more, and its canonical bytes.

        `Rejected` with an admission code when it is not admissible, whatever it is.
        """
        try:
            step, args = transaction
        except (TypeError, ValueError):
            raise BAD_ENCODING.reject("a transaction is a step and its arguments") from None
        allowed = self._user if origin is Origin.USER else self._system
        card = allowed.get(step) if isinstance(step, str) else None
        if card is None:
            raise self._why_not(step)
        kept = tuple(args) if isinstance(args, list) else args
        packed = pack(card, kept)
        if not (all(map(le, card.lows, kept)) and all(map(le, kept, card.highs))):
            raise OUT_OF_RANGE.reject(_outside(card, kept))
        return Transaction(step, kept), packed

    def _why_not(self, step: object) -> Exception:
        if not isinstance(step, str) or step not in self._known:
            return UNKNOWN_STEP.reject(repr(step)[:80])
        if step not in self._system:
            return NOT_A_TRANSACTION.reject(step)
        return NOT_ALLOWED.reject(step)


def _outside(card: StepCard, args: Sequence[int]) -> str:
    """Names the first argument that breaks its bounds."""
    bounds = zip(card.arguments, card.lows, args, card.highs, strict=True)
    name, low, value, high = next(row for row in bounds if not row[1] <= row[2] <= row[3])
    return f"{name} of {card.name} is {value}, not in {low}..{high}"

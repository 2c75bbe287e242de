"""What feeds an exchange: a source of transactions that learns from their outcomes.

The node owns the loop: it puts its own system transactions (window, margin, funding) between the bursts of a source
and reports every outcome back, its own included, so that the source knows clock and margin rates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from kedge.venue import Exchange, Market, Outcome, Transaction


class Source(Protocol):
    """A seeded flow or a replayed tape."""

    @property
    def markets(self) -> tuple[Market, ...]:
        """Markets to open before the first burst, in the order of their numbers."""
        ...

    @property
    def deposits(self) -> tuple[int, ...]:
        """Quote to deposit for each account, in account order; the first is account `rules.FIRST_USER`."""
        ...

    @property
    def phase(self) -> str:
        """What is going on, in a few words."""
        ...

    @property
    def progress(self) -> float:
        """Share done, 0..1."""
        ...

    def next(self) -> list[Transaction]:
        """The next burst; empty when the source is done. Every burst must be fed back before the next is asked for."""
        ...

    def feedback(self, sent: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
        """What became of transactions, the source's own and others'."""
        ...


def drive(source: Source, exchange: Exchange, between: Callable[[], Sequence[Transaction]] = tuple) -> int:
    """Run a source to its end, `between` giving what to put before each burst; returns how many were sent."""
    count = 0
    while burst := source.next():
        sent = [*between(), *burst]
        outcomes = exchange.submit_many(sent)
        source.feedback(sent, outcomes)
        count += len(sent)
    return count

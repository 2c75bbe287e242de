"""The rules of the exchange, version 1: pure, integer, written once.

Purpose: every rule is a step, in the file named after its transaction; `program()` traces them into the data that the
sequencer executes, the prover fills and every verifier checks.
Invariants: no clock, network, randomness, log or float. Every division says who loses the dust.
Surface: `rules` (the rule set), `program` (traced once), `Code`, the records, and reserved account numbers.
"""

from __future__ import annotations

from functools import cache

from kedge.machine import Traced, trace
from kedge.rules import (  # noqa: F401  each import registers the steps of its file
    adjust,
    assess,
    cancel,
    cancel_all,
    cover,
    deleverage,
    deposit,
    evict,
    examine,
    fill,
    finish,
    funding_tick,
    liquidate,
    market,
    offer,
    oracle_price,
    place,
    rest,
    sweep,
    unlist,
    window,
    withdraw,
)
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.liquidate import SHARES
from kedge.rules.margin import STALE_MS
from kedge.rules.records import (
    ANNOUNCED,
    BOND,
    DEPOSITS,
    EXCHANGE,
    FIRST_USER,
    FULL,
    FUND,
    MAX_POSITIONS,
    MOST_MARKETS,
    RECORDS,
    WITHDRAWALS,
    Account,
    Book,
    Clock,
    Cut,
    Market,
    Order,
    Owner,
    Parameters,
    Pool,
    Position,
    Queue,
    Terms,
)


@cache
def program() -> Traced:
    """The traced rule set of this version (deterministic; about a tenth of a second the first time)."""
    return trace(rules)


__all__ = [
    "ANNOUNCED",
    "BOND",
    "DEPOSITS",
    "EXCHANGE",
    "FIRST_USER",
    "FULL",
    "FUND",
    "MAX_POSITIONS",
    "MOST_MARKETS",
    "RECORDS",
    "SHARES",
    "STALE_MS",
    "WITHDRAWALS",
    "Account",
    "Book",
    "Clock",
    "Code",
    "Cut",
    "Market",
    "Order",
    "Owner",
    "Parameters",
    "Pool",
    "Position",
    "Queue",
    "Terms",
    "program",
    "rules",
]

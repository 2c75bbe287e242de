"""The exchange's rule set: registers, phases, events. Each rule lives in the file named after its transaction.

    idle -> matching -> (assessing -> deciding -> matching)* -> (assessing -> concluding)? -> idle

Where deleveraging has closed lots of a position that is met or assessed, the position is brought up to date first.

A phase lists the steps tried in it, in order; the first whose guards hold runs. Transactions start in idle.
"""

from __future__ import annotations

from kedge.machine import Field, RuleSet, signed, unsigned
from kedge.rules.codes import Code
from kedge.rules.records import ADDRESS, BOND, MARKET_ID, MOST_ORDERS, RECORDS, TIME

BIT = unsigned(1)

REGISTERS = {
    # the active order
    "account": unsigned(24),
    "order": ADDRESS,
    "market": MARKET_ID,
    "side": BIT,
    "price": unsigned(28),
    "remaining": unsigned(30),
    "expiry": TIME,
    "epoch": unsigned(32),
    "may_rest": BIT,
    "must_fill": BIT,
    "passive": BIT,
    "exposed": BIT,
    "risked": BIT,
    "now": TIME,
    "start": unsigned(17),
    # the account being assessed, and the fill proposed to it
    "subject": unsigned(24),
    "next": unsigned(10),
    "equity": Field(-(2**60), 2**60 - 1 + MOST_ORDERS * BOND),
    "required": unsigned(60),
    "aged": BIT,
    "then": Field(0, 9),
    "target": unsigned(10),
    "delta": signed(30),
    "flow": signed(59),
}
ASSESSMENT = ("subject", "next", "equity", "required", "aged", "then", "target", "delta", "flow")

PHASES: dict[str, list[str]] = {
    "idle": [],
    "matching": ["evict", "fill", "offer", "spare", "renew", "examine", "rest", "finish"],
    "assessing": ["assess", "catch_up"],
    "deciding": ["fill", "evict", "spare"],
    "concluding": ["rest", "finish"],
    "clearing": ["conclude"],
    "seizing": ["takeover"],
    "covering": ["absorb"],
    "adjusting": ["catch_up"],
    "closing": ["close_out"],
}

EVENTS: dict[str, tuple[str, ...]] = {
    "opened": ("market",),
    "deposited": ("index", "account", "amount", "owner0", "owner1", "owner2", "owner3", "owner4"),
    "withdrawn": ("index", "account", "amount", "owner0", "owner1", "owner2", "owner3", "owner4"),
    "placed": ("account", "order", "market", "side", "price", "size", "terms"),
    "fill": (
        "maker",
        "taker",
        "market",
        "side",
        "price",
        "size",
        "order",
        "maker_fee",
        "taker_fee",
        "remaining",
    ),
    "rested": ("account", "order", "market", "side", "price", "remaining"),
    "removed": ("account", "order", "remaining", "reason"),
    "done": ("account", "order", "remaining"),
    "swept": ("market", "side", "price", "size"),
    "marked": ("market", "price"),
    "funded": ("market", "index", "rate"),
    "window": ("now", "anchored"),
    "margin": ("market", "rate", "target", "kept"),
    "announced": ("market", "at"),
    "changed": ("market",),
    "liquidated": ("account", "liquidator", "market", "size", "price"),
    "covered": ("account", "amount"),
    "deleveraged": ("account", "market", "size", "price", "paid", "shared"),
    "adjusted": ("account", "market", "size", "price"),
}

MESSAGES = {"withdrawn": 32}
"""Bytes of a message in a published batch. A deposit takes none: L1 has it already."""

BOOK_INDEX = "book"

rules = RuleSet(
    name="kedge",
    version=1,
    registers=REGISTERS,
    phases=PHASES,
    records=RECORDS,
    events=EVENTS,
    codes=Code,
    indexes=[BOOK_INDEX],
    messages=MESSAGES,
)

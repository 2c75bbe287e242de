"""Transactions as a client writes them, and events as it reads them.

A transaction is `(step name, arguments)`, an event `(name, fields)`, both in the units of the rules: prices in ticks,
sizes in lots, money in quote (1e-6 of the collateral coin), times in milliseconds. An outcome is `(code, events,
steps)`; code 0 = accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

Transaction = tuple[str, list[int]]
Event = tuple[str, list[int]]
Outcome = tuple[int, list[Event], int]

BUY: Final = 0
SELL: Final = 1
SIDE_NAMES: Final = ("buy", "sell")

GTC: Final = 0
IOC: Final = 1
FOK: Final = 2
POST_ONLY: Final = 3

PRICE_LIMIT: Final = 1 << 28
SIZE_LIMIT: Final = 1 << 30


class Exchange(Protocol):
    """Whatever runs transactions: an engine, a sequencer or a fake."""

    def submit_many(self, txs: list[Transaction], /) -> list[Outcome]:
        """Run the transactions in order and give one outcome for each."""
        ...


class Fill(NamedTuple):
    """The fields of a `fill` event; `side` is the taker's, `order` and `remaining` are the maker's."""

    maker: int
    taker: int
    market: int
    side: int
    price: int
    size: int
    order: int
    maker_fee: int
    taker_fee: int
    remaining: int

    @classmethod
    def read(cls, fields: Sequence[int]) -> Fill:
        """Fill from the fields of an event, in the program's order."""
        return cls(*fields)


class Liquidated(NamedTuple):
    """The fields of a `liquidated` event: `size` lots taken over by `liquidator` at `price`."""

    account: int
    liquidator: int
    market: int
    size: int
    price: int

    @classmethod
    def read(cls, fields: Sequence[int]) -> Liquidated:
        """Liquidation from the fields of an event, in the program's order."""
        return cls(*fields)


def place(
    account: int,
    slot: int,
    market: int,
    side: int,
    price: int,
    size: int,
    terms: int = GTC,
    *,
    reduce_only: bool = False,
    expiry: int = 0,
) -> Transaction:
    """An order of `size` lots at `price` ticks; `expiry` in ms, 0 = none."""
    return "place", [account, slot, market, side, price, size, terms, int(reduce_only), expiry]


def cancel(account: int, slot: int) -> Transaction:
    """Take the order in `slot` off the book."""
    return "cancel", [account, slot]


def withdraw(account: int, amount: int) -> Transaction:
    """Ask for `amount` quote to be paid out on L1."""
    return "withdraw", [account, amount]


def oracle_price(market: int, price: int) -> Transaction:
    """Set the mark of a market, in ticks."""
    return "oracle_price", [market, price]


def liquidate(account: int, market: int, liquidator: int, size: int) -> Transaction:
    """Ask `liquidator` to take over up to `size` lots of an account below maintenance."""
    return "liquidate", [account, market, liquidator, size]


def deleverage(account: int, market: int) -> Transaction:
    """Ask for a position that nobody is paid for taking over to be closed against the other side."""
    return "deleverage", [account, market]


def cover(account: int) -> Transaction:
    """Ask the insurance fund to make good a closed account below zero."""
    return "cover", [account]

"""Venue: what an operator lists and what a client sends, in decimals and in the integers of the rules.

Purpose: markets with their terms and scales, the file that lists them, transactions and events by name,
positions as deleveraging leaves them.
Invariants: tick x lot = 1 quote always, so both directions between decimals and integers are exact or counted as
rounded; nothing here decides anything about state.
Surface: what `__all__` lists. Refusal of the markets file: 1511.
"""

from kedge.venue.files import BAD_MARKETS_FILE, EXAMPLES, VENUE_REFUSALS, read_markets
from kedge.venue.holdings import Holding, read_holding, read_record
from kedge.venue.market import Market, MarketTerms
from kedge.venue.orders import (
    BUY,
    FOK,
    GTC,
    IOC,
    POST_ONLY,
    PRICE_LIMIT,
    SELL,
    SIDE_NAMES,
    SIZE_LIMIT,
    Event,
    Exchange,
    Fill,
    Liquidated,
    Outcome,
    Transaction,
    cancel,
    cover,
    deleverage,
    liquidate,
    oracle_price,
    place,
    withdraw,
)
from kedge.venue.scale import Converter, Span, build_market

__all__ = [
    "BAD_MARKETS_FILE",
    "BUY",
    "EXAMPLES",
    "FOK",
    "GTC",
    "IOC",
    "POST_ONLY",
    "PRICE_LIMIT",
    "SELL",
    "SIDE_NAMES",
    "SIZE_LIMIT",
    "VENUE_REFUSALS",
    "Converter",
    "Event",
    "Exchange",
    "Fill",
    "Holding",
    "Liquidated",
    "Market",
    "MarketTerms",
    "Outcome",
    "Span",
    "Transaction",
    "build_market",
    "cancel",
    "cover",
    "deleverage",
    "liquidate",
    "oracle_price",
    "place",
    "read_holding",
    "read_markets",
    "read_record",
    "withdraw",
]

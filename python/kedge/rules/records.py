"""What the state holds. Bounds: price < 2^28 ticks, size < 2^30 lots, money in quote = 10^-6 of the collateral coin.

Account 0 is the exchange itself and account 1 the insurance fund, which also collects fees; users start at 2. An
order's `previous` and `next` are addresses of orders of the same side, best first; 0 ends the list. A position's
`next` is market + 1 of the account's next listed position; 0 ends the list.
"""

from __future__ import annotations

from kedge.machine import HALF, Field, Record, signed, unsigned

EXCHANGE, FUND, FIRST_USER = 0, 1, 2
DEPOSITS, WITHDRAWALS = 0, 1
MAX_POSITIONS = 8
MAX_PRICE = 2**28 - 1
NO_ASK = 2**28
"""Price of an empty ask side; that of an empty bid side is 0. No limit price can cross either."""

PRICE = Field(1, MAX_PRICE)
SIZE = Field(1, 2**30 - 1)
RATE_CAP = 1_000_000
MOST_MARKETS = 2**9
MARKET_ID = unsigned(9)
TIME = unsigned(42)
FOREVER = 2**42 - 1
ADDRESS = unsigned(37)
DIGEST_WORD = Field(-HALF, HALF)


class Account(Record):
    """Collateral in quote, the list of positions, and the epoch that resting orders must match."""

    kind = 0
    collateral = signed(60)
    head = unsigned(10)
    positions = Field(0, MAX_POSITIONS)
    epoch = unsigned(32)


class Owner(Record):
    """The L1 address that may withdraw, as five 32-bit words, big end first; `known` once it is set."""

    kind = 1
    word0 = unsigned(32)
    word1 = unsigned(32)
    word2 = unsigned(32)
    word3 = unsigned(32)
    word4 = unsigned(32)
    known = unsigned(1)


class Position(Record):
    """Signed size in lots, what it cost in quote, the funding index it has settled; slot = market."""

    kind = 2
    size = signed(30)
    cost = signed(59)
    funding = signed(46)
    next = unsigned(10)
    listed = unsigned(1)


class Order(Record):
    """A resting order; `remaining` is 0 exactly when it is not in a book. `side` and market share the word `book`.

    No record of the exchange may have the kind 8 + 3: an address of this kind, even under account 0, is an order's.
    """

    kind = 3
    book = unsigned(10)
    price = unsigned(28)
    remaining = unsigned(30)
    previous = ADDRESS
    next = ADDRESS
    epoch = unsigned(32)
    expiry = TIME
    account = unsigned(24)


class Clock(Record):
    """The settlement window: the exchange's time and the time of the last anchored state, in milliseconds."""

    kind = 8
    now = TIME
    anchored = TIME


class Queue(Record):
    """Messages taken from (slot 0) or given to (slot 1) L1: how many, and the Poseidon2 chain over all of them."""

    kind = 9
    count = unsigned(40)
    head0 = DIGEST_WORD
    head1 = DIGEST_WORD
    head2 = DIGEST_WORD
    head3 = DIGEST_WORD


class Market(Record):
    """Mark in ticks (0: not open), funding index in 2^-16 quote per lot, initial margin rate in ppm and its time."""

    kind = 10
    mark = unsigned(28)
    funding = signed(46)
    rate = Field(0, RATE_CAP)
    updated = TIME
    slope = unsigned(10)
    maker_fee = unsigned(16)
    taker_fee = unsigned(16)
    minimum = unsigned(30)


class Parameters(Record):
    """What margin and funding are computed from: ppm, ppm per square root of a day, thousandths, ms, ppm per second."""

    kind = 13
    floor = Field(0, RATE_CAP)
    sigma = unsigned(24)
    z = unsigned(16)
    delay = unsigned(32)
    ramp = unsigned(20)
    premium = signed(43)
    samples = unsigned(16)
    funded = TIME


class Book(Record):
    """The best order of each side and its price."""

    kind = 12
    bid = ADDRESS
    bid_price = unsigned(28)
    ask = ADDRESS
    ask_price = Field(0, NO_ASK)


RECORDS = (Account, Owner, Position, Order, Clock, Queue, Market, Parameters, Book)

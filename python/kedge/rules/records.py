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
BOND = 10_000
"""Quote that an order holds while it rests: a hundredth of a coin, from its account's collateral."""

MOST_ORDERS = 2**10
"""Order slots of an account."""

FEE_CAP, PENALTY_CAP, TOLERANCE_CAP = 5_000, 20_000, 20_000
"""Most that a fee, a liquidator's discount and the loss of an eased reduction may be, in ppm."""

MOST_MARKETS = 2**9
ANNOUNCED = MOST_MARKETS
"""Slots from here on hold what is announced for the market of the slot less this."""

MOST_CUTS = 2**23 - 2
"""A market's deleveragings are numbered up to here, so that twice as many, plus two, are still numbers of accounts."""

FULL = 2**30 - 1
"""What a side of a market counts as before anything of it was closed: the share that is `gone` runs from 0 to this."""

LARGEST_PART = 2**15 - 1
"""Fractions of a lot, in 2^-16, lie in [-1/2, 1/2]."""

MARKET_ID = unsigned(9)
TIME = unsigned(42)
FOREVER = 2**42 - 1
ADDRESS = unsigned(37)
DIGEST_WORD = Field(-HALF, HALF)


class Account(Record):
    """Collateral in quote, the list of positions, the epoch that resting orders must match, how many rest.

    Each order that rests, dead or alive, holds a `BOND` that was taken from the collateral.
    """

    kind = 0
    collateral = signed(60)
    head = unsigned(10)
    positions = Field(0, MAX_POSITIONS)
    epoch = unsigned(32)
    resting = Field(0, MOST_ORDERS)


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
    """Signed size in lots, what it cost in quote, the funding index it has settled; slot = market.

    `cuts` is how many deleveragings of the market it has applied, `part` the signed fraction of a lot in 2^-16 that
    they left beside its whole lots.
    """

    kind = 2
    size = signed(30)
    cost = signed(59)
    funding = signed(46)
    next = unsigned(10)
    listed = unsigned(1)
    cuts = Field(0, MOST_CUTS)
    part = Field(-LARGEST_PART, LARGEST_PART)


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


class Cut(Record):
    """What deleveraging has closed of each side of a market, after so many deleveragings: account = their number + 1.

    `gone` is the share of a lot that is closed since the side's era began, in 1 / (2^30 - 1), `cash` the sum of share x
    price, funding taken off: a position that has applied cut a closes (gone' - gone) / (2^30 - 1 - gone) of itself at
    the average price (cash' - cash) / (gone' - gone). Slot = market. A side's era ends where little of it is left, and
    the next one starts from nothing; how it ended stands in slot 512 + market of the account 2 x era + 1 (longs) or + 2
    (shorts), with the cut that the next one starts with as `following`.
    """

    kind = 4
    long_gone = Field(0, FULL)
    long_cash = signed(61)
    short_gone = Field(0, FULL)
    short_cash = signed(61)
    long_era = Field(0, MOST_CUTS)
    short_era = Field(0, MOST_CUTS)
    following = Field(0, MOST_CUTS)


class Clock(Record):
    """The settlement window: the exchange's time and the time of the last anchored state, in milliseconds.

    `grace` is the time until which nobody is taken over, since the clock stood still for too long before.
    """

    kind = 8
    now = TIME
    anchored = TIME
    grace = TIME


class Queue(Record):
    """Messages taken from (slot 0) or given to (slot 1) L1: how many, and the Poseidon2 chain over all of them."""

    kind = 9
    count = unsigned(40)
    head0 = DIGEST_WORD
    head1 = DIGEST_WORD
    head2 = DIGEST_WORD
    head3 = DIGEST_WORD


class Market(Record):
    """What moves by itself: mark in ticks (0: not open) and its time, funding index in 2^-16 quote per lot, margin.

    `rate` is the initial margin rate in ppm; `kept`, never above it, the rate that open positions must keep; `cuts` the
    number of deleveragings; `updated` the time of the last margin update; `slope` the add-on in ppm per 2^20 lots.
    """

    kind = 10
    mark = unsigned(28)
    marked = TIME
    funding = signed(46)
    rate = Field(0, RATE_CAP)
    kept = Field(0, RATE_CAP)
    cuts = Field(0, MOST_CUTS)
    updated = TIME
    slope = unsigned(10)


class Book(Record):
    """The best order of each side and its price, what is outstanding, and the premium sampled since the last funding.

    `interest` is twice the open interest in lots: the sizes of all positions, long and short, less what deleveraging
    has closed of them already. Fractions of lots may take it below zero by as much.
    """

    kind = 12
    bid = ADDRESS
    bid_price = unsigned(28)
    ask = ADDRESS
    ask_price = Field(0, NO_ASK)
    interest = signed(55)
    premium = signed(43)
    samples = unsigned(16)
    funded = TIME


class Parameters(Record):
    """What margin moves towards: ppm, ppm per square root of a day, thousandths, ms, ppm per second; add-on as above.

    In force in the slot of the market's number, announced in the slot `ANNOUNCED` further; `effective` is the time from
    which announced ones, with the `Terms` beside them, may take effect, 0 where none are. Of those in force `noticed`
    is the time since which the market's rate was above what positions must keep (0: it is not).
    """

    kind = 13
    floor = Field(0, RATE_CAP)
    sigma = unsigned(24)
    z = unsigned(16)
    delay = unsigned(32)
    ramp = unsigned(20)
    slope = unsigned(10)
    effective = TIME
    noticed = TIME


class Terms(Record):
    """What a market lets in and charges: lots, and shares of the mark or of a price in ppm.

    `largest` bounds the size of a position, `cap` the open interest beyond which only reduce-only orders are accepted.
    """

    kind = 14
    minimum = unsigned(30)
    maker_fee = Field(0, FEE_CAP)
    taker_fee = Field(0, FEE_CAP)
    penalty = Field(0, PENALTY_CAP)
    tolerance = Field(0, TOLERANCE_CAP)
    band = Field(0, RATE_CAP)
    largest = unsigned(30)
    cap = unsigned(48)


class Pool(Record):
    """What the insurance fund's book holds of a market: lots that deleveraging has closed on one side and that
    positions of the other have not given up yet, and the fractions that whole lots cannot share. `size`, `cost` and
    `funding` as of a position, but the result stays in `cost`; the eras are those of the newest `Cut`.

    Sizes of all positions and of this add up to nothing.
    """

    kind = 15
    size = signed(30)
    cost = signed(60)
    funding = signed(46)
    long_era = Field(0, MOST_CUTS)
    short_era = Field(0, MOST_CUTS)


RECORDS = (Account, Owner, Position, Order, Cut, Clock, Queue, Market, Book, Parameters, Terms, Pool)

"""Questions about the state, answered by walking its records. Each takes the reader of one moment: `get(address)`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kedge.api.refusals import NO_ACCOUNT, NO_MARKET
from kedge.batching import owner_bytes
from kedge.machine import Record, address_of
from kedge.rules import (
    ANNOUNCED,
    BOND,
    EXCHANGE,
    FIRST_USER,
    MAX_POSITIONS,
    Account,
    Book,
    Clock,
    Market,
    Order,
    Owner,
    Parameters,
    Pool,
    Terms,
)
from kedge.rules import Position as PositionRecord
from kedge.venue import read_holding

Get = Callable[[int], list[int]]
SLOTS = 1 << 10
MARKETS = 512
ACCOUNTS = 1 << 24
FOREVER = 2**42 - 1
SIDES = ("buy", "sell")


class Position(msgspec.Struct, frozen=True):
    """Signed lots; what they cost and the collateral's gain or loss at the mark, in quote, before funding and fees.

    What deleveraging has closed of it is gone already; `adjust` says whether the state has still to apply that, as the
    transaction of that name does and every use of the position.
    """

    market: int
    size: int
    cost: int
    mark: int
    result: int
    adjust: bool


class RestingOrder(msgspec.Struct, frozen=True):
    """An order in a book; `order` is its record address, `expiry` ms since the epoch (None: never)."""

    order: int
    slot: int
    market: int
    side: str
    price: int
    remaining: int
    expiry: int | None


class AccountView(msgspec.Struct, frozen=True):
    """An account: collateral and what its orders hold as bonds, in quote, the L1 address that may withdraw, open
    positions, orders that can still fill, and dead ones: whose expiry passed, or that were cancelled all at once.
    Collateral and positions are as they are once deleveragings are applied.

    A dead order gives its bond back when it is cancelled, and loses it when a taker or a sweep meets it.
    """

    account: int
    owner: str | None
    collateral: int
    bonded: int
    positions: list[Position]
    orders: list[RestingOrder]
    dead: list[RestingOrder]


class Announced(msgspec.Struct, frozen=True):
    """Terms that take effect from `effective` (ms) on, by name."""

    effective: int
    terms: dict[str, int]


class FundBook(msgspec.Struct, frozen=True):
    """What the insurance fund's book holds of a market: signed lots, and what they cost in quote.

    Lots that deleveraging closed on one side and that positions of the other have still to give up, and parts of lots.
    """

    size: int
    cost: int


class MarketView(msgspec.Struct, frozen=True):
    """A market: prices in ticks (best ones None on an empty side), sizes in lots, rates in ppm, times in ms.

    `margin_rate` is what new risk posts, `kept_rate` what open positions must keep. `terms` are those in force by name;
    the add-on in force is `slope`, which moves towards that of the terms. `deleveraged` says how often the market was.
    """

    market: int
    mark: int
    marked: int
    best_bid: int | None
    best_ask: int | None
    open_interest: int
    margin_rate: int
    kept_rate: int
    margin_updated: int
    slope: int
    terms: dict[str, int]
    announced: Announced | None
    deleveraged: int
    fund: FundBook


class Level(msgspec.Struct):
    """All live orders walked at one price: ticks, lots."""

    price: int
    size: int
    orders: int


class BookView(msgspec.Struct, frozen=True):
    """Both sides, best first. `complete`: the whole book was walked, not only the first `depth` orders of a side."""

    market: int
    complete: bool
    bids: list[Level]
    asks: list[Level]


def decode(record: type[Record], words: list[int]) -> dict[str, int]:
    """The words of a record by the names of its fields."""
    return dict(zip(record.fields, words, strict=False))


def read_account(get: Get, number: int) -> AccountView:
    """An account with everything that hangs on it; NO_ACCOUNT if it never received a deposit."""
    owner = decode(Owner, get(address_of(Owner, number))) if number < ACCOUNTS else {}
    if number >= FIRST_USER and not owner.get("known"):
        raise NO_ACCOUNT.reject(str(number))
    account = decode(Account, get(address_of(Account, number)))
    address = "0x" + owner_bytes(list(owner.values())[:5]).hex() if owner["known"] else None
    positions, gain = _positions(get, number, account["head"])
    orders, dead = _orders(get, number, account["epoch"])
    collateral, bonded = account["collateral"] + gain, account["resting"] * BOND
    return AccountView(number, address, collateral, bonded, positions, orders, dead)


def _positions(get: Get, number: int, head: int) -> tuple[list[Position], int]:
    """The account's list of positions, those that are flat left out, and what deleveragings give its collateral."""
    found: list[Position] = []
    gain = 0
    for _ in range(MAX_POSITIONS):
        if not head:
            break
        held = read_holding(get, number, head - 1)
        mark, gain = get(address_of(Market, EXCHANGE, head - 1))[0], gain + held.gain
        if held.size:
            result = held.size * mark - held.cost
            found.append(Position(head - 1, held.size, held.cost, mark, result, held.is_behind))
        head = decode(PositionRecord, get(address_of(PositionRecord, number, head - 1)))["next"]
    return found, gain


def _orders(get: Get, number: int, epoch: int) -> tuple[list[RestingOrder], list[RestingOrder]]:
    """Orders that rest: those that can fill, and those that expired or were cancelled all at once."""
    now = get(address_of(Clock, EXCHANGE))[0]
    found: tuple[list[RestingOrder], list[RestingOrder]] = [], []
    for slot in range(SLOTS):
        address = address_of(Order, number, slot)
        words = get(address)
        if not words[2]:
            continue
        order = decode(Order, words)
        is_dead = order["epoch"] != epoch or order["expiry"] < now
        market, side = divmod(order["book"], 2)
        expiry = None if order["expiry"] == FOREVER else order["expiry"]
        resting = RestingOrder(address, slot, market, SIDES[side], order["price"], order["remaining"], expiry)
        found[is_dead].append(resting)
    return found


def read_market(get: Get, number: int) -> MarketView:
    """A market; NO_MARKET if it is not open."""
    words = get(address_of(Market, EXCHANGE, number)) if number < MARKETS else [0]
    if not words[0]:
        raise NO_MARKET.reject(str(number))
    market = decode(Market, words)
    book = decode(Book, get(address_of(Book, EXCHANGE, number)))
    pool = decode(Pool, get(address_of(Pool, EXCHANGE, number)))
    terms, _ = _read_terms(get, number)
    coming, effective = _read_terms(get, number + ANNOUNCED)
    return MarketView(
        market=number,
        mark=market["mark"],
        marked=market["marked"],
        best_bid=book["bid_price"] if book["bid"] else None,
        best_ask=book["ask_price"] if book["ask"] else None,
        open_interest=max(0, book["interest"] // 2),
        margin_rate=market["rate"],
        kept_rate=market["kept"],
        margin_updated=market["updated"],
        slope=market["slope"],
        terms=terms,
        announced=Announced(effective, coming) if effective else None,
        deleveraged=market["cuts"],
        fund=FundBook(pool["size"], pool["cost"]),
    )


def _read_terms(get: Get, slot: int) -> tuple[dict[str, int], int]:
    """The terms in a slot by name, and when they may take effect."""
    terms = decode(Terms, get(address_of(Terms, EXCHANGE, slot)))
    parameters = decode(Parameters, get(address_of(Parameters, EXCHANGE, slot)))
    effective = parameters.pop("effective")
    del parameters["noticed"]
    return terms | parameters, effective


def read_book(get: Get, number: int, depth: int) -> BookView:
    """The first `depth` orders of each side by price; orders that matching would evict unseen are left out."""
    read_market(get, number)
    book = decode(Book, get(address_of(Book, EXCHANGE, number)))
    bids, bids_end = _walk(get, book["bid"], depth)
    asks, asks_end = _walk(get, book["ask"], depth)
    return BookView(number, bids_end and asks_end, bids, asks)


def _walk(get: Get, address: int, depth: int) -> tuple[list[Level], bool]:
    now = get(address_of(Clock, EXCHANGE))[0]
    levels: list[Level] = []
    for _ in range(depth):
        if not address:
            break
        order = decode(Order, get(address))
        epoch = decode(Account, get(address_of(Account, order["account"])))["epoch"]
        if order["epoch"] == epoch and order["expiry"] >= now:
            if not levels or levels[-1].price != order["price"]:
                levels.append(Level(order["price"], 0, 0))
            levels[-1].size += order["remaining"]
            levels[-1].orders += 1
        address = order["next"]
    return levels, not address

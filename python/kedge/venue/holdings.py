"""What a position comes to once it has applied its market's deleveragings, which the state leaves to its next use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kedge.machine import Record, address_of
from kedge.rules import ANNOUNCED, EXCHANGE, FULL, Cut, Market, Pool, Position

Get = Callable[[int], list[int]]
PART_BITS: Final = 16
HALF_LOT: Final = 1 << (PART_BITS - 1)
FUNDING_BITS: Final = 16


@dataclass(slots=True)
class Holding:
    """Signed lots with the part of one in 2^-16, what they cost in quote, and the funding index that is settled.

    `gain`, in quote, is what the account's collateral gets when deleveragings are applied; `is_behind`: there are such.
    """

    size: int
    part: int
    cost: int
    funding: int
    gain: int = 0
    is_behind: bool = False

    def owes(self, index: int) -> int:
        """Funding due in quote, rounded up, where the market's index stands."""
        return -(-self.size * (index - self.funding) >> FUNDING_BITS)


def read_record(get: Get, record: type[Record], account: int, slot: int = 0) -> dict[str, int]:
    """The words of a record by the names of its fields."""
    return dict(zip(record.fields, get(address_of(record, account, slot)), strict=False))


def read_holding(get: Get, account: int, number: int) -> Holding:
    """The position of an account in a market, as `adjust` would leave it. At most ten pairs of records are read."""
    position, market = read_record(get, Position, account, number), read_record(get, Market, EXCHANGE, number)
    held = Holding(position["size"], position["part"], position["cost"], position["funding"])
    cuts, newest = position["cuts"], market["cuts"]
    held.is_behind = cuts != newest
    pool = read_record(get, Pool, EXCHANGE, number) if held.is_behind else {}
    while cuts != newest:
        side = "short" if held.size < 0 else "long"
        then = read_record(get, Cut, cuts + 1, number)
        era = then[f"{side}_era"]
        is_last = era == pool[f"{side}_era"]
        ended = Cut, 2 * era + 1 + (side == "short"), number + ANNOUNCED
        now = read_record(get, Cut, newest + 1, number) if is_last else read_record(get, *ended)
        _apply(held, side, market["funding"], then, now)
        cuts = newest if is_last or not held.size else now["following"]
    return held


def _apply(held: Holding, side: str, index: int, then: dict[str, int], now: dict[str, int]) -> None:
    """Close the share of its side that went between two cuts of an era, at its average price."""
    sign, lots = -1 if side == "short" else 1, abs(held.size)
    before, after = then[f"{side}_gone"], now[f"{side}_gone"]
    whole, survive, gone = FULL - before, FULL - after, max(1, after - before)
    left, rest = divmod(lots * survive, whole)
    rounded = (rest << PART_BITS) + sign * held.part * survive + whole * HALF_LOT
    carry, low = divmod(rounded // whole, 1 << PART_BITS)
    left += carry
    cash = now[f"{side}_cash"] - then[f"{side}_cash"]
    price = (cash + (gone - 1) * (sign < 0)) // gone + (index >> FUNDING_BITS)
    held.gain, held.funding = held.gain - held.owes(index), index
    held.size, held.part = sign * left, sign * (max(low, 1) - HALF_LOT)
    held.cost -= sign * (lots - left) * price
    if not left:
        held.gain, held.cost = held.gain - held.cost, 0

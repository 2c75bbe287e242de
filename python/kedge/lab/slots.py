"""Order slots: which of an account's 1,024 order records are free.

The lowest free slot is always used first, so an account touches few records and the state tree stays small. A slot is
free again when its order is done, removed, or filled to the last lot.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final

from kedge.units.errors import Broken
from kedge.venue import Event

SLOTS: Final = 1 << 10
ORDER_KIND: Final = 3

_FREED_BY: Final = {"removed": 1, "done": 1}
"""Event name -> position of the order's address among its fields."""


def order_address(account: int, slot: int) -> int:
    """Record address of an order: account (24 bits), kind (3 bits), slot (10 bits)."""
    return account << 13 | ORDER_KIND << 10 | slot


def split_address(address: int) -> tuple[int, int]:
    """Account and slot of an order's record address."""
    return address >> 13, address & (SLOTS - 1)


class SlotAllocator:
    """Hands out order slots per account and takes them back from events.

    Invariant: a slot is either taken or free, never both; `free` of a free slot changes nothing, so events may be
    repeated.
    """

    def __init__(self) -> None:
        self._taken: dict[int, set[int]] = {}
        self._returned: dict[int, list[int]] = {}

    def take(self, account: int) -> int | None:
        """Lowest free slot of the account, now taken; None when all 1,024 are in use."""
        taken = self._taken.setdefault(account, set())
        returned = self._returned.setdefault(account, [])
        slot = heappop(returned) if returned else len(taken)
        if slot >= SLOTS:
            return None
        if slot in taken:
            raise Broken(f"slot {slot} of account {account} would be handed out twice")
        taken.add(slot)
        return slot

    def free(self, account: int, slot: int) -> None:
        """Give a slot back; no effect if it is free already."""
        taken = self._taken.get(account)
        if taken is None or slot not in taken:
            return
        taken.remove(slot)
        heappush(self._returned[account], slot)

    def is_taken(self, account: int, slot: int) -> bool:
        """Whether the slot is in use."""
        return slot in self._taken.get(account, ())

    def count(self, account: int) -> int:
        """Number of slots in use by the account."""
        return len(self._taken.get(account, ()))

    def claim(self, account: int, slot: int) -> None:
        """Mark a slot as taken that somebody else chose (a client's own slot, or a restored state)."""
        taken = self._taken.setdefault(account, set())
        if not 0 <= slot < SLOTS:
            raise Broken(f"slot {slot} is outside 0..{SLOTS - 1}")
        if slot in taken:
            return
        returned = self._returned.setdefault(account, [])
        # `take` relies on: everything below the high-water mark that is not taken lies in `returned`
        for lower in range(len(taken) + len(returned), slot):
            heappush(returned, lower)
        if slot in returned:
            returned.remove(slot)
            returned.sort()
        taken.add(slot)

    def apply(self, events: Sequence[Event]) -> None:
        """Free what the events of a transaction ended."""
        for name, fields in events:
            if name == "fill" and fields[9] == 0:
                self.free(*split_address(fields[6]))
            elif name in _FREED_BY:
                self.free(*split_address(fields[_FREED_BY[name]]))

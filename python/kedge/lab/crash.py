"""Leveraged accounts: how much they may buy, when they are liquidated, who is left below zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from kedge.lab.estimates import Estimates
from kedge.rules import Code
from kedge.units import PPM
from kedge.venue import Transaction, cover, liquidate

MAINTENANCE_PPM: Final = 600_000
CLOSE_OUT_PPM: Final = 400_000
"""Maintenance and close-out margin as shares of initial margin: what the rules use, kept here to know when to ask."""
RETRY_PPM: Final = 5_000
_ROOM_PPM: Final = 1_300_000
"""Leveraged accounts keep their equity above the initial margin times this: marks move before an order is filled."""


@dataclass(slots=True)
class Borrower:
    """One leveraged account: `leverage` at most when it buys.

    `refused_at` is the mark of each market at which a liquidation was refused, so as not to ask again at once;
    `halved` is set when the rules want a part first.
    """

    account: int
    leverage: int
    refused_at: dict[int, int] = field(default_factory=dict)
    halved: bool = False
    covered: bool = False


class Crash:
    """The leveraged accounts of a source: who may buy what, who must be liquidated, who is left below zero.

    `rates` is initial margin by market in ppm; its owner keeps it up to date from `margin` events.
    """

    def __init__(
        self, borrowers: Sequence[Borrower], liquidators: Sequence[int], estimates: Estimates, rates: dict[int, int]
    ) -> None:
        self.borrowers = tuple(borrowers)
        self._liquidators = tuple(liquidators)
        self._estimates = estimates
        self._rates = rates
        self._turn = 0
        self._by_account = {borrower.account: borrower for borrower in self.borrowers}

    def choose_buyer(self, market: int, size: int, price: int) -> int | None:
        """The next account, in turn, that may buy `size` lots within its leverage and the margin rate, if any."""
        count = len(self.borrowers)
        for offset in range(count):
            borrower = self.borrowers[(self._turn + offset) % count]
            if self._may_buy(borrower, market, size, price):
                self._turn = (self._turn + offset + 1) % count
                return borrower.account
        return None

    def liquidations(self, market: int) -> list[Transaction]:
        """`liquidate` for each account that seems to be below maintenance, `cover` for each flat one below zero."""
        wanted: list[Transaction] = []
        for index, borrower in enumerate(self.borrowers):
            account = borrower.account
            size = self._estimates.size(account, market)
            if size and self._is_below(borrower, market):
                liquidator = self._liquidators[index % len(self._liquidators)]
                wanted.append(liquidate(account, market, liquidator, self._part(borrower, market, abs(size))))
            elif not borrower.covered and self._is_bankrupt(account):
                borrower.covered = True
                wanted.append(cover(account))
        return wanted

    def refused(self, account: int, market: int, code: int) -> None:
        """The rules refused a liquidation: ask for a part if that was why, else again only after the mark has moved."""
        borrower = self._by_account.get(account)
        if borrower is None:
            return
        if code == Code.PARTIAL_FIRST and not borrower.halved:
            borrower.halved = True
        else:
            borrower.refused_at[market] = self._estimates.marks[market]
            borrower.halved = False

    def _may_buy(self, borrower: Borrower, market: int, size: int, price: int) -> bool:
        estimates = self._estimates
        mark = estimates.marks[market]
        equity = estimates.equity(borrower.account) - max(0, price - mark) * size
        notional = estimates.notional(borrower.account) + size * max(mark, price)
        enough = notional * self._rates[market] // PPM * _ROOM_PPM // PPM
        return equity * borrower.leverage >= notional and equity > enough

    def _is_below(self, borrower: Borrower, market: int) -> bool:
        refused = borrower.refused_at.get(market)
        mark = self._estimates.marks[market]
        if refused is not None and abs(mark - refused) * PPM < refused * RETRY_PPM:
            return False
        return (
            self._estimates.equity(borrower.account) * PPM < self._initial(borrower.account, market) * MAINTENANCE_PPM
        )

    def _is_bankrupt(self, account: int) -> bool:
        return self._estimates.equity(account) < 0 and not self._estimates.notional(account)

    def _part(self, borrower: Borrower, market: int, size: int) -> int:
        """All of a position below close-out margin, half of it above."""
        below = self._estimates.equity(borrower.account) * PPM < self._initial(borrower.account, market) * CLOSE_OUT_PPM
        return size if below and not borrower.halved else (size + 1) // 2

    def _initial(self, account: int, market: int) -> int:
        """Initial margin of all positions at this market's rate, in quote; the add-on for size is left out."""
        return self._estimates.notional(account) * self._rates[market] // PPM

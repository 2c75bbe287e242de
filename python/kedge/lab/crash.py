"""Leveraged accounts: what they may take on, when they are liquidated, who is left below zero."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kedge.lab.estimates import Estimates
from kedge.rules import Code
from kedge.units import PPM
from kedge.venue import BUY, Transaction, cover, liquidate

MAINTENANCE_PPM: Final = 600_000
CLOSE_OUT_PPM: Final = 400_000
"""Maintenance and close-out margin as shares of what positions must keep: the rules' own, here to know when to ask."""
RETRY_PPM: Final = 5_000
_ROOM_PPM: Final = 1_300_000
"""Leveraged accounts keep their equity above the initial margin times this: marks move before an order is filled."""
_ADDON_LOTS: Final = 1 << 20


@dataclass(slots=True)
class Borrower:
    """One leveraged account of one market: it only takes `side`, at `leverage` at most.

    `ended` is set when its liquidation was first asked for: what the penalty leaves of it is not known here, so it
    takes nothing more. `refused_at` is the mark at which a liquidation was refused, so as not to ask again at once;
    `halved` is set when the rules want a part first.
    """

    account: int
    market: int
    side: int
    leverage: int
    used: bool = False
    ended: bool = False
    refused_at: int = 0
    halved: bool = False
    covered: bool = False


class Crash:
    """The leveraged accounts of a source: who may take what, who must be liquidated, who is left below zero.

    `rates` is initial margin by market in ppm, `kept` what open positions must keep; their owner keeps both up to date
    from `margin` events. `slopes` is the add-on for size by market, in ppm per 2^20 lots; left out, requirements come
    out a little low.
    """

    def __init__(
        self,
        borrowers: Sequence[Borrower],
        liquidators: Sequence[int],
        estimates: Estimates,
        rates: Mapping[int, int],
        kept: Mapping[int, int],
        slopes: Mapping[int, int] | None = None,
    ) -> None:
        self.borrowers = tuple(borrowers)
        self._liquidators = tuple(liquidators)
        self._estimates = estimates
        self._rates, self._kept, self._slopes = rates, kept, slopes or {}
        self._turn = 0
        self._by_account = {borrower.account: borrower for borrower in self.borrowers}
        self._by_market: dict[int, list[Borrower]] = defaultdict(list)
        for borrower in self.borrowers:
            self._by_market[borrower.market].append(borrower)

    @property
    def markets(self) -> tuple[int, ...]:
        """The markets in which there are leveraged accounts."""
        return tuple(sorted(self._by_market))

    def choose(self, market: int, side: int, size: int, price: int) -> int | None:
        """The next account, in turn, that may take `size` lots of a side within its leverage and the margin rate."""
        group = self._by_market.get(market, [])
        for offset in range(len(group)):
            borrower = group[(self._turn + offset) % len(group)]
            if borrower.side == side and not borrower.ended and self._may_take(borrower, size, price):
                self._turn = (self._turn + offset + 1) % len(group)
                borrower.used = True
                return borrower.account
        return None

    def liquidations(self, market: int) -> list[Transaction]:
        """`liquidate` for each account that seems to be below maintenance, `cover` for each flat one below zero."""
        wanted: list[Transaction] = []
        for index, borrower in enumerate(self._by_market.get(market, ())):
            account = borrower.account
            size = self._estimates.size(account, market)
            if size and self._is_below(borrower):
                borrower.ended = True
                liquidator = self._liquidators[index % len(self._liquidators)]
                wanted.append(liquidate(account, market, liquidator, self._part(borrower, abs(size))))
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
            borrower.refused_at = self._estimates.marks[market]
            borrower.halved = False

    def _may_take(self, borrower: Borrower, size: int, price: int) -> bool:
        estimates, market = self._estimates, borrower.market
        mark = estimates.marks[market]
        worse = price - mark if borrower.side == BUY else mark - price
        equity = estimates.equity(borrower.account) - max(0, worse) * size
        notional = estimates.notional(borrower.account) + size * max(mark, price)
        lots = abs(estimates.size(borrower.account, market)) + size
        enough = self._margin(self._rates, market, notional, lots) * _ROOM_PPM // PPM
        return equity * borrower.leverage >= notional and equity > enough

    def _is_below(self, borrower: Borrower) -> bool:
        refused, mark = borrower.refused_at, self._estimates.marks[borrower.market]
        if refused and abs(mark - refused) * PPM < refused * RETRY_PPM:
            return False
        return self._estimates.equity(borrower.account) * PPM < self._required(borrower) * MAINTENANCE_PPM

    def _is_bankrupt(self, account: int) -> bool:
        return self._estimates.equity(account) < 0 and not self._estimates.notional(account)

    def _part(self, borrower: Borrower, size: int) -> int:
        """All of a position below close-out margin, half of it above."""
        below = self._estimates.equity(borrower.account) * PPM < self._required(borrower) * CLOSE_OUT_PPM
        return size if below and not borrower.halved else (size + 1) // 2

    def _required(self, borrower: Borrower) -> int:
        account, market = borrower.account, borrower.market
        estimates = self._estimates
        return self._margin(self._kept, market, estimates.notional(account), abs(estimates.size(account, market)))

    def _margin(self, rates: Mapping[int, int], market: int, notional: int, lots: int) -> int:
        """Margin of a position at a rate, in quote."""
        return notional * (rates[market] + self._slopes.get(market, 0) * lots // _ADDON_LOTS) // PPM

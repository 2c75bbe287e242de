"""What the node does about losses that nobody is paid for: it deleverages, and has the insurance fund pay debts."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Final

from kedge.machine import kind_of
from kedge.rules import BOND, EXCHANGE, FIRST_USER, FUND, SHARES, STALE_MS, Account, Clock, Market, Position, rules
from kedge.sequencer import Committed, Transaction
from kedge.venue import cover, deleverage, read_holding, read_record

Get = Callable[[int], list[int]]
Question = Callable[[Get], list[Transaction]]

LOOKS, AT_ONCE, ACTIONS, COVERS = 200, 50, 32, 4
"""A round looks at so many accounts, so many in one reading of the state, at no more once so much is to be done, and
covers so many."""

PPM = 1_000_000
SLACK = 1.1
"""A move of the mark by 1 % moves the bound below which no bidder is paid by at most 0.1 % of the position."""

_CHANGING = ("fill", "removed", "liquidated", "deleveraged", "adjusted", "deposited", "withdrawn", "covered")
_NAMES = ("account", "maker", "taker", "liquidator")
NAMED: Final = {name: [i for i, field in enumerate(rules.events[name]) if field in _NAMES] for name in _CHANGING}
"""Events that change what an account has or holds, with the places of the accounts in them."""


def exposed(entries: Iterable[tuple[int, list[int]]]) -> set[int]:
    """Users' accounts with an open position or without collateral, of all records of a state."""
    found = set[int]()
    for address, words in entries:
        kind = kind_of(address)
        if (kind == Position.kind and words[0]) or (kind == Account.kind and words[0] < 0):
            found.add(address >> 13)
    return {account for account in found if account >= FIRST_USER}


def distance(old: dict[str, int], new: dict[str, int]) -> float:
    """How far a market has travelled between two readings: at least what an account's cushion may have lost by it, as a
    share of what its positions are worth.
    """
    moved = abs(new["mark"] - old["mark"]) + abs(new["funding"] - old["funding"]) / 2**16
    rates = abs(new["kept"] - old["kept"]) + abs(new["slope"] - old["slope"]) * 2**10
    return SLACK * moved / max(1, min(old["mark"], new["mark"])) + rates / PPM


class Losses:
    """Says whom to deleverage or cover. A round's work is bounded, whatever the number of accounts.

    An account is looked at when something happened to it, and again once its markets have travelled so far that no
    bidder may be paid for it any more: each look sets that alarm. The rules decide; what they refuse is asked for
    again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._touched: dict[int, None] = {}
        self._again: list[int] = []
        self._owing: dict[int, int] = {}
        self._alarms: list[tuple[float, int]] = []
        self._alarm: dict[int, float] = {}
        self._travelled = 0.0
        self._seen: dict[int, dict[str, int]] = {}

    def resume(self, accounts: Iterable[int]) -> None:
        """Look at these accounts: at the start, those that are `exposed`."""
        with self._lock:
            self._touched.update(dict.fromkeys(accounts))

    def learn(self, group: Committed) -> None:
        """What was accepted. Quick: it runs in the sequencer's thread."""
        events = (event for _, receipt in group for event in receipt.events)
        self.resume(account for name, fields in events for i in NAMED.get(name, ()) if (account := fields[i]) > FUND)

    def due(self, ask: Callable[[Question], list[Transaction]], now: int) -> list[Transaction]:
        """What to submit at `now` ms. `ask` puts a question to the durable state, between two groups."""
        work = ask(self._begin)
        for _ in range(LOOKS // AT_ONCE):
            accounts = list(islice(iter(self._next, 0), AT_ONCE))
            if not accounts:
                break
            work += ask(partial(self._look_at, accounts, now))
            if len(work) >= ACTIONS:
                break
        self.resume(self._again)
        self._again.clear()
        return work

    def _begin(self, get: Get) -> list[Transaction]:
        """Measure how far the markets have travelled; cover whom the fund has something for."""
        for number, old in self._seen.items():
            self._seen[number] = read_record(get, Market, EXCHANGE, number)
            self._travelled += distance(old, self._seen[number])
        fund, some = read_record(get, Account, FUND)["collateral"], list[int]()
        for account in islice(self._owing, COVERS):
            if fund > 0:
                fund -= self._owing[account]
                some.append(account)
        for account in some:
            del self._owing[account]
        self._again += some
        return [Transaction(*cover(account)) for account in some]

    def _next(self) -> int:
        """Whose alarm went off, else to whom something happened; 0 for nobody."""
        while self._alarms and self._alarms[0][0] <= self._travelled:
            alarm, account = heapq.heappop(self._alarms)
            if self._alarm.get(account) == alarm:
                del self._alarm[account]
                return account
        with self._lock:
            account = next(iter(self._touched), 0)
            self._touched.pop(account, None)
            return account

    def _look_at(self, accounts: list[int], now: int, get: Get) -> list[Transaction]:
        return [transaction for account in accounts for transaction in self._look(get, account, now)]

    def _look(self, get: Get, account: int, now: int) -> list[Transaction]:
        """Deleverage the position that must keep most, set an alarm, or keep a debt in mind."""
        owner = read_record(get, Account, account)
        equity, worth = owner["collateral"] + owner["resting"] * BOND, 0
        margins: dict[int, int] = {}
        head, is_current = owner["head"], now >= read_record(get, Clock, EXCHANGE)["grace"]
        while head:
            number, head = head - 1, read_record(get, Position, account, head - 1)["next"]
            held, market = read_holding(get, account, number), read_record(get, Market, EXCHANGE, number)
            equity += held.gain + held.size * market["mark"] - held.cost - held.owes(market["funding"])
            if held.size:
                worth += abs(held.size) * market["mark"]
                margins[number] = _margin(abs(held.size), market)
                self._seen.setdefault(number, market)
                is_current = is_current and now - market["marked"] <= STALE_MS
        required = sum(margins.values())
        self._alarm.pop(account, None)
        self._owing.pop(account, None)
        if not margins:
            self._owing.update({account: -equity} if equity < 0 else {})
        elif equity * SHARES >= required:
            self._set_alarm(account, (equity - required / SHARES) / worth)
        else:
            self._again.append(account)
            if is_current:
                return [Transaction(*deleverage(account, max(margins, key=lambda number: margins[number])))]
        return []

    def _set_alarm(self, account: int, cushion: float) -> None:
        """For when the cushion may be gone: after moves that come to it, each counted against the mark before it."""
        self._alarm[account] = self._travelled + cushion / (1 + cushion)
        heapq.heappush(self._alarms, (self._alarm[account], account))
        if len(self._alarms) > 2 * len(self._alarm) + AT_ONCE:
            self._alarms = [(alarm, one) for one, alarm in self._alarm.items()]
            heapq.heapify(self._alarms)


def _margin(lots: int, market: dict[str, int]) -> int:
    """What a position must keep, in quote."""
    addon = -(-lots * market["slope"] >> 20)
    return -(-lots * market["mark"] * (market["kept"] + addon) // PPM)

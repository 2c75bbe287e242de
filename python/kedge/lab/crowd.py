"""The order flow of the benchmarks: many alike accounts in two markets, in stated shares, repeatable from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from kedge.lab.desk import Desk
from kedge.rules import FIRST_USER
from kedge.units import QUOTE
from kedge.units.errors import Broken
from kedge.venue import BUY, GTC, IOC, SELL, Market, MarketTerms, Outcome, Transaction, cancel, oracle_price

CROWD_MARKETS: Final = (
    Market(0, "BTC-PERP", 1, 617_500, MarketTerms(minimum=10, sigma=40_000), price_places=1),
    Market(1, "ETH-PERP", 2, 268_150, MarketTerms(minimum=10, sigma=50_000), price_places=2),
)
STAKE: Final = 1_000_000 * QUOTE
_SIZES: Final = (20, 200)
"""Lots of an order, both kinds alike, so that a crossing order meets one or two resting ones."""
_REST_PPM: Final = (100, 5_000)
_CROSS_PPM: Final = 20_000
"""How far from the mark an order rests, and how far beyond it a crossing one is willing to go."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How many of each kind stand in a shuffled pack that is drawn from again and again: the shares are exact."""

    resting: int
    crossing: int
    cancels: int

    def pack(self) -> list[str]:
        """One of each, as often as it stands in the pack."""
        return ["rest"] * self.resting + ["cross"] * self.crossing + ["cancel"] * self.cancels


RESTING: Final = Mix(1, 0, 0)
MIXED: Final = Mix(12, 5, 3)
"""60 % orders that rest, 25 % immediate ones that trade, 15 % cancels."""


class Crowd:
    """Accounts that place and cancel orders around marks that stand still; learns from outcomes which orders live.

    Resting orders never reach across the mark, so that what was meant to rest does rest.
    """

    def __init__(self, accounts: int = 200, seed: int = 1, markets: Sequence[Market] = CROWD_MARKETS) -> None:
        self.markets = tuple(markets)
        self.accounts = range(FIRST_USER, FIRST_USER + accounts)
        self.desk = Desk(Random(seed), self.markets)  # noqa: S311 - a flow to be repeated, not a secret
        self._drawn: list[str] = []
        self._leaving: set[tuple[int, int]] = set()

    @property
    def deposits(self) -> tuple[int, ...]:
        """Quote to deposit for each account, in account order."""
        return (STAKE,) * len(self.accounts)

    def opening(self, now: int) -> list[Transaction]:
        """What an empty exchange needs first: clock (ms), markets, and deposits that no chain has seen."""
        work: list[Transaction] = [("window_update", [now, now - 1_000])]
        work += [market.opening() for market in self.markets]
        for index, (account, amount) in enumerate(zip(self.accounts, self.deposits, strict=True)):
            work.append(("deposit", [index, account, amount, account, 0, 0, 0, 7]))
        return work

    def marks(self) -> list[Transaction]:
        """The marks that are due to be repeated."""
        return [oracle_price(m.index, m.mark) for m in self.markets if self.desk.is_mark_due(m.index)]

    def draw(self, mix: Mix) -> Transaction:
        """The next transaction. A cancel becomes an order while there is nothing to cancel, an order becomes a cancel
        while no account has a slot for it. `Broken` if neither can be: the outcomes were never fed back.
        """
        return self._draw(mix)[0]

    def orders(self, count: int, mix: Mix) -> list[Transaction]:
        """`count` orders, or the cancels that became of them, and the cancels that come between them."""
        work: list[Transaction] = []
        while count:
            transaction, is_turn = self._draw(mix)
            work.append(transaction)
            count -= is_turn
        return work

    def _draw(self, mix: Mix) -> tuple[Transaction, bool]:
        """A transaction, and whether it is an order's turn."""
        if not self._drawn:
            self._drawn = mix.pack()
            self.desk.rng.shuffle(self._drawn)
        kind = self._drawn.pop()
        cancelled = self._cancel() if kind == "cancel" else None
        if cancelled is not None:
            return cancelled, False
        found = self._place(crosses=kind == "cross") or self._make_room()
        if found is None:
            raise Broken("every slot of the crowd is taken by an order that is leaving: feed the outcomes back")
        return found, True

    def feedback(self, sent: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
        """Learn what became of transactions, the node's own included."""
        self.desk.feedback(sent, outcomes)
        self._leaving.clear()

    def _place(self, crosses: bool) -> Transaction | None:
        """An order of an account chosen at random, or of the next one that has a slot; None if no account has."""
        rng = self.desk.rng
        account, market, side = rng.choice(self.accounts), rng.choice(self.markets), rng.choice((BUY, SELL))
        away = _CROSS_PPM if crosses else -rng.randint(*_REST_PPM)
        price = self.desk.around(market.index, away if side == BUY else -away)
        size, terms = rng.randint(*_SIZES), IOC if crosses else GTC
        for who in (*range(account, self.accounts.stop), *range(self.accounts.start, account)):
            placed = self.desk.place(who, market.index, side, price, size, terms)
            if placed:
                return placed[0]
        return None

    def _cancel(self) -> Transaction | None:
        """Of an account chosen at random that has one, the oldest live order that is not leaving already."""
        rng = self.desk.rng
        tried = (self._leave(rng.choice(self.accounts)) for _ in self.accounts)
        return next(filter(None, tried), None)

    def _make_room(self) -> Transaction | None:
        """A cancel of whichever account has something left to cancel."""
        return next(filter(None, map(self._leave, self.accounts)), None)

    def _leave(self, account: int) -> Transaction | None:
        for order in self.desk.live(account):
            if (account, order.slot) not in self._leaving:
                self._leaving.add((account, order.slot))
                return cancel(account, order.slot)
        return None

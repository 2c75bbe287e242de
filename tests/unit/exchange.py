"""The real sequencer and engine on a small world: one market, accounts 2 to 4 with 1,000 coins each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import TypeVar

from kedge.rules import program
from kedge.sequencer import Committed, Listeners, NativeEngines, Origin, Receipt, Sequencer, Transaction
from kedge.venue import MarketTerms

GENESIS = 1_700_000_000_000
TERMS = MarketTerms(maker_fee=200, taker_fee=500, floor=20_000, sigma=40_000, delay=2_000, ramp=5_000, slope=100)
STAKE = 1_000 * 10**6
MARK = 600_000
BUY, SELL = 0, 1
GTC, IOC = 0, 1
_T = TypeVar("_T")


class Exchange:
    """Groups of committed transactions are collected in `groups`."""

    def __init__(self, folder: Path) -> None:
        self.groups: list[Committed] = []
        listeners = Listeners(committed=self.groups.append)
        self.sequencer = Sequencer.open(folder, NativeEngines(program().data), listeners=listeners)
        self.state("window_update", GENESIS + 1_000, GENESIS)
        self.state("open_market", 0, MARK, *astuple(TERMS))
        for index, account in enumerate((2, 3, 4)):
            self.state("deposit", index, account, STAKE, 0, 0, 0, 0, account)

    def state(self, step: str, *args: int) -> Receipt:
        """A transaction of the node's own, which must be accepted."""
        (receipt,) = self.sequencer.submit([Transaction(step, args)], Origin.SYSTEM)
        assert receipt.accepted, receipt
        return receipt

    def place(
        self, account: int, slot: int, side: int, price: int, size: int, terms: int = GTC, expiry: int = 0
    ) -> Receipt:
        """An order, which must be accepted."""
        return self.state("place", account, slot, 0, side, price, size, terms, 0, expiry)

    def ask(self, question: Callable[[Callable[[int], list[int]]], _T]) -> _T:
        """Ask a question of the state."""
        return self.sequencer.read(lambda engine: question(engine.get))

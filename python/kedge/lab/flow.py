"""The order flow of the demo: a pure function of a seed and of the outcomes it is told.

Market makers quote both sides of two markets, takers cross or rest, gamblers buy at high leverage, the price falls
sharply in the second half, liquidators take the gamblers over and sell on, and at the end some accounts withdraw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from kedge.lab.agents import Gambler, Maker, Taker, Tendency, Unwinder
from kedge.lab.crash import Borrower, Crash
from kedge.lab.desk import Desk
from kedge.lab.prices import Fall, PricePath
from kedge.rules import FIRST_USER
from kedge.units import PPM, QUOTE
from kedge.venue import BUY, Market, MarketTerms, Outcome, Transaction, cancel, oracle_price, withdraw

DEMO_MARKETS: Final = (
    Market(0, "BTC-PERP", 1, 617_500, MarketTerms(minimum=10, sigma=310_000, z=8_000, delay=2_000), price_places=1),
    Market(1, "ETH-PERP", 2, 268_150, MarketTerms(minimum=10, sigma=390_000, z=8_000, delay=2_000), price_places=2),
)
"""Tick 0.1 and lot 0.00001 BTC; tick 0.01 and lot 0.0001 ETH.

A second of the demo stands for a minute of an exchange, so sigma is a day's volatility of 4 % (ETH 5 %) times the
square root of 60: a short demo moves margin as an hour would.
"""

_PATIENCE: Final = 1_000
"""Steps without an order after which the flow closes: traders who are stuck do not come to life again."""
_CALM: Final = Tendency(50, 30)
_FEAR: Final = Tendency(30, 12)


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """Size and course of the flow: accounts by role, orders to place, the fall, and when anchoring should pause.

    Moments are progress in ppm, stakes in coins. `pause` is advice for the node: see `Flow.wants_anchoring`.
    """

    seed: int = 20_240_808
    orders: int = 2_600
    makers: int = 10
    takers: int = 38
    gamblers: int = 8
    liquidators: int = 2
    fall: Fall = field(default_factory=Fall)
    pause: tuple[int, int] = (200_000, 520_000)
    mark_step: int = 100
    jump: int = 50_000
    maker_stake: int = 400_000
    taker_stake: int = 40_000
    gambler_stake: int = 2_000
    liquidator_stake: int = 400_000
    withdrawals: int = 6


class Flow:
    """A source (source.py) of the demo's transactions; the same seed and outcomes give the same transactions."""

    def __init__(
        self, plan: FlowPlan | None = None, markets: Sequence[Market] = DEMO_MARKETS, first_account: int = FIRST_USER
    ) -> None:
        self.plan = plan or FlowPlan()
        self._markets = tuple(markets)
        rng = Random(self.plan.seed)  # noqa: S311 - a flow to be repeated, not a secret
        self.desk = Desk(rng, self._markets)
        fall = self.plan.fall
        self._paths = [PricePath(rng, market.mark, 220 + 60 * market.index, fall) for market in self._markets]
        self._marks = {market.index: market.mark for market in self._markets}
        self.desk.estimates.marks.update(self._marks)
        self._enrol(first_account)
        self._step = self._idle = 0
        self._closed = False

    @property
    def markets(self) -> tuple[Market, ...]:
        """Markets to open."""
        return self._markets

    @property
    def deposits(self) -> tuple[int, ...]:
        """Quote to deposit for each account in order: makers, takers, gamblers, liquidators."""
        return self._deposits

    @property
    def moment(self) -> int:
        """Progress in ppm."""
        return min(PPM, self.desk.placed * PPM // self.plan.orders)

    @property
    def progress(self) -> float:
        """Share of the orders placed."""
        return self.moment / PPM

    @property
    def phase(self) -> str:
        """What the market is doing."""
        fall = self.plan.fall
        if self._closed:
            return "withdrawing"
        if self.moment < fall.begin:
            return "trading" if self.wants_anchoring else "trading while anchoring pauses"
        return "the price falls" if self.moment < fall.end else "trading after the fall"

    @property
    def wants_anchoring(self) -> bool:
        """False while the node should not anchor, so that the settlement window grows and margin with it."""
        begin, end = self.plan.pause
        return not begin <= self.moment < end

    def next(self) -> list[Transaction]:
        """One step of everybody, or more until somebody acts; then the withdrawals; then nothing."""
        while not self._closed:
            if self.moment >= PPM or self._idle >= _PATIENCE:
                self._closed = True
                return self._closing()
            placed, burst = self.desk.placed, self._act()
            self._idle = self._idle + 1 if self.desk.placed == placed else 0
            if burst:
                return burst
        return []

    def _act(self) -> list[Transaction]:
        burst = self._move()
        for market in self._markets:
            burst += self.crash.liquidations(market.index)
        burst += self._make() + self._gamble() + self._take()
        for unwinder in self._unwinders:
            for market in self._markets:
                burst += unwinder.act(self.desk, market)
        self._step += 1
        return burst

    def feedback(self, sent: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
        """Learn what became of transactions, the node's own included."""
        self.desk.feedback(sent, outcomes)
        for (step, args), (code, _, _) in zip(sent, outcomes, strict=True):
            if step == "oracle_price":
                self._marks[args[0]] = self._marks[args[0]] if code else args[1]
                self.desk.estimates.marks[args[0]] = self._marks[args[0]]
            elif step == "liquidate" and code:
                self.crash.refused(args[0], args[1], code)

    def _enrol(self, first: int) -> None:
        plan, rng = self.plan, self.desk.rng
        takers = first + plan.makers
        gamblers = takers + plan.takers
        liquidators = gamblers + plan.gamblers
        end = liquidators + plan.liquidators
        self._makers = [
            Maker(a, rng.randint(4_000, 16_000) * QUOTE, rng.randint(-60, 60)) for a in range(first, takers)
        ]
        self._takers = [
            Taker(a, rng.randint(800, 5_000) * QUOTE, a % len(self._markets)) for a in range(takers, gamblers)
        ]
        self._gamblers = [
            Gambler(a, i % len(self._markets), rng.randint(12, 20)) for i, a in enumerate(range(gamblers, liquidators))
        ]
        self._unwinders = [Unwinder(a) for a in range(liquidators, end)]
        borrowers = [Borrower(gambler.account, gambler.market, BUY, gambler.leverage) for gambler in self._gamblers]
        self.crash = Crash(borrowers, range(liquidators, end), self.desk.estimates, self.desk.rates, self.desk.kept)
        stakes = (
            [plan.maker_stake] * plan.makers
            + [plan.taker_stake] * plan.takers
            + [plan.gambler_stake] * plan.gamblers
            + [plan.liquidator_stake] * plan.liquidators
        )
        self._deposits = tuple(stake * QUOTE for stake in stakes)
        for account, amount in enumerate(self._deposits, first):
            self.desk.estimates.deposit(account, amount)

    def _move(self) -> list[Transaction]:
        """New reference prices, and marks where they have moved enough, never further than the bound at once."""
        burst: list[Transaction] = []
        for market, path in zip(self._markets, self._paths, strict=True):
            index = market.index
            price = self.desk.reference[index] = path.step(self.moment)
            mark = self._marks[index]
            if abs(price - mark) * PPM >= mark * self.plan.mark_step or self.desk.is_mark_due(index):
                reach = mark * self.plan.jump // PPM
                price = max(mark - reach, min(mark + reach, price))
                self.desk.estimates.marks[index] = price
                burst.append(oracle_price(index, price))
        return burst

    def _make(self) -> list[Transaction]:
        """Two makers in turn look after their quotes in all markets; the first step is everybody's."""
        count = len(self._makers)
        turn = range(count) if self._step == 0 else range(2 * self._step, 2 * self._step + min(2, count))
        chosen = [self._makers[i % count] for i in turn]
        return [tx for maker in chosen for market in self._markets for tx in maker.act(self.desk, market)]

    def _gamble(self) -> list[Transaction]:
        """Gamblers buy between the first quotes and shortly before the fall."""
        if self._step < 2 or self.moment > self.plan.fall.begin * 9 // 10:
            return []
        chosen = self._gamblers[self._step % 2 :: 2]
        return [tx for gambler in chosen for tx in gambler.act(self.desk, self._markets[gambler.market])]

    def _take(self) -> list[Transaction]:
        """Some takers, each in one market; in the fall more of them, and most of them sell."""
        if self._step == 0:
            return []
        fall = self.plan.fall
        falling = fall.begin <= self.moment < fall.end
        rng = self.desk.rng
        chosen = rng.sample(self._takers, min(len(self._takers), rng.randint(6, 10) if falling else rng.randint(3, 7)))
        tendency = _FEAR if falling else _CALM
        return [tx for taker in chosen for tx in taker.act(self.desk, self._visited(taker), tendency)]

    def _visited(self, taker: Taker) -> Market:
        """A taker's own market, one time in eight any."""
        rng = self.desk.rng
        return self._markets[taker.home] if rng.randrange(8) else rng.choice(self._markets)

    def _closing(self) -> list[Transaction]:
        """The first takers cancel what they have on the book and withdraw a quarter of their stake."""
        burst: list[Transaction] = []
        for taker in self._takers[: self.plan.withdrawals]:
            burst += [cancel(taker.account, order.slot) for order in self.desk.live(taker.account)]
            burst.append(withdraw(taker.account, self.plan.taker_stake * QUOTE // 4))
        return burst

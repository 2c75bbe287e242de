"""A recorded tape as orders: the fills of the exchange equal the tape in count, order, price and size.

Each trade of the tape is a maker order at its price and size and its part of a taker order (sweeps.py). Makers and
takers rotate over well-funded accounts. On a tape that falls far, leveraged accounts take some of the early purchases
and are liquidated later: a liquidation is a takeover at the mark, not a trade, so the list of fills is still the
tape. The mark follows the tape in bounded steps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Final, NamedTuple

from kedge.lab.crash import Borrower, Crash
from kedge.lab.estimates import Estimates
from kedge.lab.slots import SlotAllocator
from kedge.lab.sweeps import Sweep, Sweeper
from kedge.lab.tape import Progress, Tape
from kedge.rules import FIRST_USER
from kedge.units import PPM, QUOTE
from kedge.units.errors import Broken, Rejected
from kedge.venue import BUY, GTC, IOC, SELL, Event, Fill, Market, Outcome, Transaction, oracle_price, place

REPLAY_DIVERGED: Final = 1207
"""The exchange did not make the trade that the tape records."""
LEVERAGES: Final = (3, 4, 5, 6, 8, 10, 12, 15, 18, 20)


class ReplayError(Rejected):
    """The exchange did not make the trade that the tape records; `row` is the row of the file."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(REPLAY_DIVERGED, "REPLAY_DIVERGED", f"row {row}: {reason}")
        self.row = row


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """How a tape is dressed up as accounts.

    `traders` are shared out between the markets, at least `fewest_per_market` each: an account with one position is
    the cheapest to assess. `leveraged` accounts (None: `default_leveraged` of them if a market falls by `fall_ppm`,
    else none) buy within the first `opening_ppm` of the trades. The mark moves when the tape is `mark_step_ppm` away
    from it, at most `jump_ppm` at once. `burst` is the number of transactions after which a burst ends.
    """

    traders: int = 24
    fewest_per_market: int = 6
    leveraged: int | None = None
    default_leveraged: int = 24
    liquidators: int = 2
    fall_ppm: int = 150_000
    opening_ppm: int = 100_000
    mark_step_ppm: int = 1_000
    jump_ppm: int = 50_000
    burst: int = 256


class _Expected(NamedTuple):
    row: int
    taker: int
    fills: list[tuple[int, int, int]]


class Replay:
    """A source (source.py) that reproduces a tape exactly or says at which row it could not (ReplayError, 1207).

    `on_fill` receives every fill of the exchange, in order: give it `FillsWriter.write`.
    """

    def __init__(
        self,
        tape: Tape,
        plan: ReplayPlan | None = None,
        on_fill: Callable[[Fill], None] | None = None,
        first_account: int = FIRST_USER,
        progress: Progress | None = None,
    ) -> None:
        self.tape = tape
        self.plan = plan or ReplayPlan()
        self.time = tape.first
        self.fills = self.liquidations = self.refused_liquidations = 0
        self.slots = SlotAllocator()
        self.estimates = Estimates()
        self._on_fill = on_fill
        self._sweeper = Sweeper(tape.markets)
        self._sweeps = self._sweeper.cut(tape.trades(progress), tape.skip + 2)
        self._expected: deque[_Expected] = deque()
        self._confirmed = {market.index: market.mark for market in tape.markets}
        self._rates = {market.index: market.terms.floor for market in tape.markets}
        self._falling = {index for index, fall in enumerate(tape.falls) if fall >= self.plan.fall_ppm}
        self._turn = 0
        self._enrol(first_account)

    @property
    def markets(self) -> tuple[Market, ...]:
        """Markets of the tape."""
        return self.tape.markets

    @property
    def progress(self) -> float:
        """Share of the tape's trades that have been filled."""
        return self.fills / self.tape.count

    @property
    def phase(self) -> str:
        """How far the tape is."""
        return f"replaying {self.tape.path.name}"

    @property
    def rounded(self) -> tuple[int, int]:
        """Number of prices and of sizes of the tape that were rounded (scale.py)."""
        return self._sweeper.rounded

    def next(self) -> list[Transaction]:
        """What is left to liquidate; if nothing is, the next sweeps' orders, marks and liquidations."""
        left = [tx for market in sorted(self._falling) for tx in self.crash.liquidations(market)]
        if left:
            return left
        burst: list[Transaction] = []
        for sweep in self._sweeps:
            self.time = max(self.time, sweep.time)
            burst += self._orders(sweep)
            burst += self._mark(sweep.market, sweep.worst)
            wanted = self.crash.liquidations(sweep.market) if sweep.market in self._falling else []
            burst += wanted
            if wanted or len(burst) >= self.plan.burst:
                break
        return burst

    def feedback(self, sent: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
        """Check every order against the tape and pass its fills on; learn margin rates and liquidations."""
        for (step, args), (code, events, _) in zip(sent, outcomes, strict=True):
            if step == "place":
                self._settle(code, events)
            elif step == "liquidate":
                self._liquidated(args, code, events)
            elif step == "cover":
                self.estimates.apply(events)
            elif step == "oracle_price":
                self._marked(args, code)
            else:
                self._rates.update((fields[0], fields[1]) for name, fields in events if name == "margin")

    def _enrol(self, first: int) -> None:
        plan, tape = self.plan, self.tape
        leveraged = plan.leveraged if plan.leveraged is not None else plan.default_leveraged if self._falling else 0
        each = max(plan.fewest_per_market, plan.traders // len(tape.markets))
        traders = each * len(tape.markets)
        self._traders = [range(first + each * index, first + each * (index + 1)) for index in range(len(tape.markets))]
        accounts = range(first + traders, first + traders + leveraged)
        liquidators = range(accounts.stop, accounts.stop + plan.liquidators)
        borrowers = [Borrower(account, LEVERAGES[i % len(LEVERAGES)]) for i, account in enumerate(accounts)]
        self.crash = Crash(borrowers, liquidators, self.estimates, self._rates)
        self._opening = tape.skip + 2 + tape.count * plan.opening_ppm // PPM
        funds = int((tape.turnover * 2 / traders + tape.largest * 10) * QUOTE)
        early = self._early_purchases() // (2 * max(1, leveraged))
        stakes = [early // borrower.leverage + QUOTE for borrower in self.crash.borrowers]
        self.deposits = (funds,) * traders + tuple(stakes) + (funds + early * leveraged * 2,) * plan.liquidators
        for account, amount in enumerate(self.deposits, first):
            self.estimates.deposit(account, amount)
        for market in tape.markets:
            self.estimates.marks[market.index] = market.mark

    def _early_purchases(self) -> int:
        """Quote spent by takers on falling markets within the opening of the tape."""
        falling = {self.markets[index].name for index in self._falling}
        if not falling:
            return 0
        early = islice(self.tape.trades(), self._opening - self.tape.skip - 2)
        bought = (trade.price * trade.size for trade in early if trade.side == BUY and trade.market in falling)
        return int(sum(bought, Decimal(0)) * QUOTE)

    def _orders(self, sweep: Sweep) -> list[Transaction]:
        """A maker order for each trade of the sweep, then the taker's; positions and slots are kept as if filled."""
        taker = self._choose_taker(sweep)
        buys = sweep.side == BUY
        orders, fills = [], []
        for offset, (price, size) in enumerate(sweep.parts):
            maker = self._choose(sweep.market, not buys, taker)
            slot = self._slot(maker)
            orders.append(place(maker, slot, sweep.market, SELL if buys else BUY, price, size, GTC))
            self._expected.append(_Expected(sweep.row + offset, maker, []))
            fills.append((maker, price, size))
            self.estimates.trade(maker, sweep.market, -size if buys else size, price)
            self.estimates.trade(taker, sweep.market, size if buys else -size, price)
        slot = self._slot(taker)
        orders.append(place(taker, slot, sweep.market, sweep.side, sweep.worst, sweep.size, IOC))
        self._expected.append(_Expected(sweep.row, taker, fills))
        for step in orders:
            self.slots.free(step[1][0], step[1][1])
        return orders

    def _choose_taker(self, sweep: Sweep) -> int:
        if sweep.side == BUY and sweep.market in self._falling and sweep.row < self._opening:
            buyer = self.crash.choose_buyer(sweep.market, sweep.size, sweep.worst)
            if buyer is not None:
                return buyer
        return self._choose(sweep.market, sweep.side == BUY, None)

    def _choose(self, market: int, buys: bool, other: int | None) -> int:
        """Of the next traders in turn the shortest one buys, or the longest one sells, so positions stay near zero."""
        self._turn += 1
        traders = self._traders[market]
        count = len(traders)
        group = [traders[(self._turn + offset) % count] for offset in range(min(5, count))]
        able = [account for account in group if account != other]
        chooser = min if buys else max
        return chooser(able, key=lambda account: self.estimates.size(account, market))

    def _slot(self, account: int) -> int:
        slot = self.slots.take(account)
        if slot is None:
            raise Broken("no slot is left although every sweep frees its own")
        return slot

    def _mark(self, market: int, price: int) -> list[Transaction]:
        """One step of the mark towards the tape, no larger than the bound, if the two are far enough apart."""
        mark = self.estimates.marks[market]
        if abs(price - mark) * PPM < mark * self.plan.mark_step_ppm:
            return []
        reach = max(1, mark * self.plan.jump_ppm // PPM)
        mark = self.estimates.marks[market] = max(mark - reach, min(mark + reach, price))
        return [oracle_price(market, mark)]

    def _marked(self, args: Sequence[int], code: int) -> None:
        """A refused mark leaves the last accepted one in force."""
        market, price = args
        if code == 0:
            self._confirmed[market] = price
        else:
            self.estimates.marks[market] = self._confirmed[market]

    def _liquidated(self, args: Sequence[int], code: int, events: list[Event]) -> None:
        if code:
            self.refused_liquidations += 1
            self.crash.refused(args[0], args[1], code)
            return
        self.liquidations += 1
        self.estimates.apply(events)

    def _settle(self, code: int, events: list[Event]) -> None:
        expected = self._expected.popleft()
        if code:
            raise ReplayError(expected.row, f"the order of account {expected.taker} was refused with code {code}")
        fills = [Fill.read(fields) for name, fields in events if name == "fill"]
        if [(fill.maker, fill.price, fill.size) for fill in fills] != expected.fills:
            seen = ", ".join(f"{fill.size}@{fill.price}" for fill in fills) or "nothing"
            wanted = ", ".join(f"{size}@{price}" for _, price, size in expected.fills) or "nothing"
            raise ReplayError(expected.row, f"the exchange filled {seen} where the tape has {wanted} (lots@ticks)")
        self.fills += len(fills)
        if self._on_fill:
            for fill in fills:
                self._on_fill(fill)

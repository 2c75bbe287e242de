"""A recorded tape as orders: the fills of the exchange equal the tape in count, order, price and size.

Each trade of the tape is a maker order at its price and size and its part of a taker order (sweeps.py). Makers and
takers rotate over well-funded accounts; leveraged accounts (cast.py) take some of the early trades, and where the tape
moves against them they are liquidated later: a liquidation is a takeover at the mark, not a trade, so the list of fills
is still the tape. The mark follows the tape in bounded steps, and `time` is what the tape's own clock says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from kedge.lab.cast import Cast, ReplayPlan, choose_cast
from kedge.lab.crash import Crash
from kedge.lab.desk import REPEAT_MARK_MS
from kedge.lab.estimates import Estimates
from kedge.lab.slots import SlotAllocator
from kedge.lab.sweeps import Sweep, Sweeper
from kedge.lab.tape import Progress, Tape
from kedge.rules import FIRST_USER
from kedge.units import PPM
from kedge.units.errors import Broken, Rejected
from kedge.venue import BUY, GTC, IOC, SELL, Event, Fill, Market, Outcome, Transaction, oracle_price, place

REPLAY_DIVERGED: Final = 1207
"""The exchange did not make the trade that the tape records."""
HOUR_MS: Final = 3_600_000
_CALM_MS: Final = 60_000
"""In a pause of the tape the clock goes on in steps of this: much longer ones are silences to the rules."""


class ReplayError(Rejected):
    """The exchange did not make the trade that the tape records; `row` is the row of the file."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(REPLAY_DIVERGED, "REPLAY_DIVERGED", f"row {row}: {reason}")
        self.row = row


class _Expected(NamedTuple):
    row: int
    taker: int
    fills: list[tuple[int, int, int]]


class Replay:
    """A source (source.py) that reproduces a tape exactly or says at which row it could not (ReplayError, 1207).

    `on_fill` receives every fill of the exchange, in order: give it `FillsWriter.write`. `time` (ms) is the exchange's
    clock for the burst that `next` gave: it follows the tape to within `clock_ms` and never goes back.
    """

    def __init__(
        self,
        tape: Tape,
        plan: ReplayPlan | None = None,
        on_fill: Callable[[Fill], None] | None = None,
        first_account: int = FIRST_USER,
        progress: Progress | None = None,
    ) -> None:
        """TapeError if the vault could not hold what the tape needs."""
        self.tape = tape
        self.plan = plan or ReplayPlan()
        self.on_fill = on_fill
        self.time, self.clock_ms = tape.first, self.plan.clock_step(tape)
        self.fills = self.liquidations = self.refused_liquidations = self.funding_ticks = 0
        self.slots = SlotAllocator()
        self.estimates = Estimates()
        self._sweeper = Sweeper(tape.markets)
        self._sweeps = self._sweeper.cut(tape.trades(progress), tape.first_row)
        self._ahead: Sweep | None = None
        self._expected: deque[_Expected] = deque()
        self._confirmed = {market.index: market.mark for market in tape.markets}
        self._rates = {market.index: market.terms.floor for market in tape.markets}
        self._kept = dict(self._rates)
        self._bands = {market.index: market.terms.band for market in tape.markets}
        self._marked_at = {market.index: tape.first for market in tape.markets}
        self._turn = 0
        self._enrol(choose_cast(tape, self.plan, first_account))

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

    @property
    def leveraged_words(self) -> str:
        """How many leveraged accounts there are and how many of them were entered."""
        return f"{len(self.crash.borrowers)}, {sum(borrower.used for borrower in self.crash.borrowers)} with a position"

    @property
    def liquidations_words(self) -> str:
        """How many liquidations there were, or why there were none."""
        if self.liquidations:
            return str(self.liquidations)
        entered = [borrower for borrower in self.crash.borrowers if borrower.used]
        if not entered:
            return "0: no trade of the opening was within what a leveraged account may take"
        moves = [(self.tape.moves[b.market].fall if b.side == BUY else self.tape.moves[b.market].rise) for b in entered]
        most = max(borrower.leverage for borrower in entered)
        return (
            f"0: from the first price the tape moved against the leveraged accounts by {max(moves) / 10_000:.2f} % at "
            f"most, and none of them (up to {most}x) came below its maintenance margin"
        )

    def next(self) -> list[Transaction]:
        """What is left to liquidate; if nothing is, the next sweeps' orders, marks and liquidations."""
        left = [tx for market in self.crash.markets for tx in self.crash.liquidations(market)]
        if left:
            return left
        burst: list[Transaction] = []
        while (sweep := self._ahead or next(self._sweeps, None)) is not None:
            self._ahead = sweep
            if sweep.time - self.time >= self.clock_ms and (burst or self._tick(sweep)):
                return burst or self._repeat_mark(sweep.market)
            self._ahead = None
            burst += self._refresh(sweep)
            burst += self._orders(sweep)
            burst += self._mark(sweep.market, sweep.worst)
            wanted = self.crash.liquidations(sweep.market)
            burst += wanted
            if wanted or len(burst) >= self.plan.burst:
                break
        return burst

    def _tick(self, sweep: Sweep) -> bool:
        """Move the clock towards a sweep; whether the exchange must be heard before its orders are chosen.

        It halts every minute and at every full hour, when funding is due; in a very long pause at every hundredth of
        what is left.
        While leveraged accounts are entered, the margin rates of the new time must be known first.
        """
        ahead = sweep.time - self.time
        hour = HOUR_MS - (self.time - self.tape.first) % HOUR_MS
        step = min(ahead, max(min(hour, _CALM_MS), ahead // 100))
        self.time += step
        return step < ahead or self._is_opening(sweep.market)

    def _repeat_mark(self, market: int) -> list[Transaction]:
        self._marked_at[market] = self.time
        return [oracle_price(market, self.estimates.marks[market])]

    def _refresh(self, sweep: Sweep) -> list[Transaction]:
        """Marks that a sweep's orders need: none too old, and so near that its prices are inside the band."""
        market, band = sweep.market, self._bands[sweep.market]
        lowest, highest = min(sweep.parts)[0], max(sweep.parts)[0]
        steps: list[Transaction] = []
        while highest * PPM > self.estimates.marks[market] * (PPM + band):
            steps += self._step_mark(market, highest)
        while lowest * PPM < self.estimates.marks[market] * (PPM - band):
            steps += self._step_mark(market, lowest)
        if not steps and self.time - self._marked_at[market] >= REPEAT_MARK_MS:
            return self._repeat_mark(market)
        return steps

    def feedback(self, sent: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
        """Check every order against the tape and pass its fills on; learn margin rates and liquidations."""
        for (step, args), (code, events, _) in zip(sent, outcomes, strict=True):
            self.estimates.apply(event for event in events if event[0] == "adjusted")
            if step == "place":
                self._settle(code, events)
            elif step == "liquidate":
                self._liquidated(args, code, events)
            elif step in ("cover", "deleverage"):
                self.estimates.apply(event for event in events if event[0] != "adjusted")
            elif step == "oracle_price":
                self._marked(args, code)
            else:
                self.funding_ticks += step == "funding_tick" and not code
                self._learn(events)

    def _learn(self, events: list[Event]) -> None:
        for name, fields in events:
            if name == "margin":
                self._rates[fields[0]], self._kept[fields[0]] = fields[1], fields[3]

    def _enrol(self, cast: Cast) -> None:
        self._traders, self.deposits, self._openings = cast.traders, cast.deposits, dict(cast.openings)
        slopes = {market.index: market.terms.slope for market in self.markets}
        self.crash = Crash(cast.borrowers, cast.liquidators, self.estimates, self._rates, self._kept, slopes)
        for account, amount in enumerate(self.deposits, cast.traders[0].start):
            self.estimates.deposit(account, amount)
        for market in self.markets:
            self.estimates.marks[market.index] = market.mark

    def _is_opening(self, market: int) -> bool:
        """Whether leveraged accounts may still be entered in a market."""
        return self._openings.get(market, 0) > 0

    def _orders(self, sweep: Sweep) -> list[Transaction]:
        """A maker order for each trade of the sweep, then the taker's; positions and slots are kept as if filled."""
        buys = sweep.side == BUY
        taker = self._borrower(sweep.market, sweep.side, sweep.size, sweep.worst)
        if taker is None:
            taker = self._choose(sweep.market, buys, None)
        orders, fills = [], []
        for offset, (price, size) in enumerate(sweep.parts):
            maker = self._borrower(sweep.market, SELL if buys else BUY, size, price)
            if maker is None or maker == taker:
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
        if self._is_opening(sweep.market):
            self._openings[sweep.market] -= len(sweep.parts)
        for step in orders:
            self.slots.free(step[1][0], step[1][1])
        return orders

    def _borrower(self, market: int, side: int, size: int, price: int) -> int | None:
        """A leveraged account that may be entered by this order."""
        return self.crash.choose(market, side, size, price) if self._is_opening(market) else None

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
        return self._step_mark(market, price)

    def _step_mark(self, market: int, price: int) -> list[Transaction]:
        mark = self.estimates.marks[market]
        reach = max(1, mark * self.plan.jump_ppm // PPM)
        self.estimates.marks[market] = max(mark - reach, min(mark + reach, price))
        return self._repeat_mark(market)

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
        if self.on_fill:
            for fill in fills:
                self.on_fill(fill)

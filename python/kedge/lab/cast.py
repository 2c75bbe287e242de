"""Who trades a tape: traders with ample funds, leveraged accounts where the tape moves most, and liquidators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median_low
from typing import Final

from kedge.lab.crash import Borrower
from kedge.lab.refusals import TAPE_TURNOVER, TapeError
from kedge.lab.tape import Move, Tape
from kedge.rules import MAX_POSITIONS
from kedge.units import PPM, QUOTE
from kedge.venue import BUY, SELL

LEVERAGES: Final = (3, 4, 5, 6, 8, 10, 12, 15, 18, 20)
CUSTODY: Final = 1 << 59
"""Quote that the vault never reaches, all accounts together."""
FEWEST_OPENING: Final = 32


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """How a tape is dressed up as accounts.

    `traders` are shared out between the markets, at least `fewest_per_market` each: an account with one position is
    the cheapest to assess. `leveraged` accounts enter within the first `opening_ppm` of the trades of the markets that
    move most, long where the price falls further than it rises, else short. The mark moves when the tape is
    `mark_step_ppm` away from it, at most `jump_ppm` at once. `burst` is the number of transactions after which a burst
    ends. The clock follows the tape to within `clock_ms`; None: a ten-thousandth of the tape, between 1 s and 10 s, up
    to 30 s where there are many markets to update.
    """

    traders: int = 24
    fewest_per_market: int = 6
    leveraged: int = 24
    liquidators: int = 2
    opening_ppm: int = 100_000
    mark_step_ppm: int = 1_000
    jump_ppm: int = 50_000
    burst: int = 256
    clock_ms: int | None = None

    def clock_step(self, tape: Tape) -> int:
        """How far the clock may lag behind the tape, in ms."""
        if self.clock_ms is not None:
            return self.clock_ms
        step = min(10_000, max(1_000, (tape.last - tape.first) // 10_000))
        return min(30_000, step * (1 + len(tape.markets) // 8))


@dataclass(frozen=True, slots=True)
class Cast:
    """The accounts of a replay, numbered in this order: `traders` by market, borrowers, `liquidators`.

    `deposits` is the quote of each; `openings` is the number of trades of a market during which leveraged accounts
    enter.
    """

    traders: tuple[range, ...]
    borrowers: tuple[Borrower, ...]
    liquidators: range
    deposits: tuple[int, ...]
    openings: dict[int, int]


def choose_cast(tape: Tape, plan: ReplayPlan, first: int) -> Cast:
    """The accounts that a tape needs, from account `first` on; TapeError if the vault could not hold their money."""
    markets = len(tape.markets)
    each = max(plan.fewest_per_market, plan.traders // markets)
    traders = tuple(range(first + each * index, first + each * (index + 1)) for index in range(markets))
    begin = first + each * markets
    stage = _stage(tape.moves, plan)
    borrowers = tuple(
        Borrower(begin + i, *stage[i % len(stage)], LEVERAGES[i % len(LEVERAGES)]) for i in range(plan.leveraged)
    )
    liquidators = range(begin + plan.leveraged, begin + plan.leveraged + plan.liquidators)
    openings = {market: _opening(tape.moves[market], side, plan) for market, side in stage} if borrowers else {}
    allowances = _allowances(tape, openings, borrowers)
    funds = int((tape.turnover * 2 / (each * markets) + tape.largest * 10) * QUOTE)
    lent = [allowances[borrower.market] for borrower in borrowers]
    stakes = [allowed // borrower.leverage + QUOTE for allowed, borrower in zip(lent, borrowers, strict=True)]
    deposits = (funds,) * (each * markets) + tuple(stakes) + (funds + 2 * sum(lent),) * plan.liquidators
    if sum(deposits) >= CUSTODY:
        coins, most = sum(deposits) // QUOTE, CUSTODY // QUOTE
        reason = f"its turnover needs accounts with {coins:,} coins, and the vault holds less than {most:,}"
        raise TapeError(TAPE_TURNOVER, tape.path, f"{reason}; replay a part (--trades)")
    return Cast(traders, borrowers, liquidators, deposits, openings)


def _stage(moves: Sequence[Move], plan: ReplayPlan) -> list[tuple[int, int]]:
    """The markets that move most, with the side that loses by it: no more than a liquidator can hold positions."""
    ranked = sorted(range(len(moves)), key=lambda market: -max(moves[market].fall, moves[market].rise))
    kept = ranked[: min(MAX_POSITIONS, max(1, plan.leveraged))]
    return [(market, BUY if moves[market].fall >= moves[market].rise else SELL) for market in kept]


def _opening(move: Move, side: int, plan: ReplayPlan) -> int:
    """Trades of the market during which the losing side is entered: early, well before the price is at its worst."""
    worst = move.lowest_at if side == BUY else move.highest_at
    early = min(move.trades, max(move.trades * plan.opening_ppm // PPM, FEWEST_OPENING))
    return max(1, min(early, worst // 2) if worst else early)


def _allowances(tape: Tape, openings: dict[int, int], borrowers: Sequence[Borrower]) -> dict[int, int]:
    """Quote that each leveraged account of a market may take on: its share of half of the opening, and two trades."""
    wanted, values = {tape.markets[market].name: market for market in openings}, {m: list[Decimal]() for m in openings}
    missing = sum(openings.values())
    for trade in tape.trades() if openings else ():
        market = wanted.get(trade.market)
        if market is None or len(values[market]) >= openings[market]:
            continue
        values[market].append(trade.price * trade.size)
        missing -= 1
        if not missing:
            break
    count = {market: sum(borrower.market == market for borrower in borrowers) for market in openings}
    return {
        market: int(max(sum(found, Decimal(0)) / (2 * max(1, count[market])), 2 * median_low(found)) * QUOTE)
        for market, found in values.items()
    }

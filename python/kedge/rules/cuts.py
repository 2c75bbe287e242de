"""What deleveraging leaves to do for each position: closing its share, when it is next touched.

A deleveraging closes lots against a whole side of a market at once, by the index in `Cut`. A position is current where
it has applied all of its market's; no step uses one that is not.
"""

from __future__ import annotations

from kedge.machine import Condition, Machine, View, Word, divide, split
from kedge.rules.codes import Code
from kedge.rules.margin import FUNDING_UNIT, funding_due, settle
from kedge.rules.records import ANNOUNCED, FULL, LARGEST_PART, Cut

PART_BITS = 16
HALF_LOT = LARGEST_PART + 1
HIGHEST, BIAS = 2**30 + 2**29, 2**30
"""Prices (below 2^29) less funding (2^30 either way) lie between; they are divided with the bias added."""


def is_current(position: View, market: View) -> Condition:
    """Whether the position has applied all deleveragings of its market."""
    return position.cuts == market.cuts


def start_current(m: Machine, position: View, market: View) -> None:
    """An empty position has nothing to close."""
    with m.when(position.size == 0):
        position.cuts = market.cuts


def whole_funding(m: Machine, market: View) -> Word:
    """The market's funding index in whole quote per lot, rounded down."""
    high, _ = split(m, market.funding + 2**46, FUNDING_UNIT)
    return high - 2**30


def keep(m: Machine, pool: View, market: View, delta: Word, flow: Word) -> None:
    """The fund's book takes `delta` lots for `flow` quote; funding is due as for any position, but from its cost."""
    due = funding_due(m, pool, market)
    pool.size = m.narrow(pool.size + delta, -(2**30), 2**30 - 1, Code.POSITION_TOO_LARGE)
    pool.cost = m.narrow(pool.cost + flow + due, -(2**60), 2**60 - 1, Code.POSITION_TOO_LARGE)
    pool.funding = market.funding


def _left(m: Machine, lots: Word, part: Word, whole: Word, survive: Word) -> tuple[Word, Word]:
    """What is left of lots and a part of one, scaled by survive / whole: whole lots, nearest, and the part of one.

    Parts stay strictly between -1/2 and 1/2 (one that would be -1/2 is moved by 2^-16), so at the same scale nothing
    changes, and never are more lots left than there were. Prover may choose: nothing.
    """
    quotient, rest = divide(m, lots * survive, whole, lots.hi)
    rounded = rest * 2**PART_BITS + part * survive + whole * HALF_LOT
    fraction, _ = divide(m, m.assume(rounded, 0, rounded.hi), whole, 2 ** (PART_BITS + 1) - 1)
    carry, low = split(m, fraction, PART_BITS)
    low = m.commit(m.assume(low + m.test(low == 0), 1, 2**PART_BITS - 1))
    return m.commit(m.assume(quotient + carry, 0, lots.hi)), low - HALF_LOT


def _price(m: Machine, short: Word, gone: Word, cash: Word, market: View) -> Word:
    """The average price of what was closed, with the funding that was paid on it since given back.

    Whole quote, rounded against the account; funding counts in whole quote too.
    """
    share = m.commit(gone + m.test(gone == 0))
    sum_ = cash + share * BIAS + m.commit(short * (share - 1))
    average, _ = divide(m, m.assume(sum_, 0, 2**62 - 1), share, HIGHEST + BIAS)
    return m.commit(average - BIAS + whole_funding(m, market))


def apply_cuts(m: Machine, account: View, position: View, market: View, pool: View, number: Word) -> tuple[Word, Word]:
    """Close what deleveragings of the market have left of a position, at their average price; settle its funding first.

    Moves on to the newest cut, or to the first of its side's next era where one has ended since; a position of which
    nothing is left needs no more. An era leaves less than 1/16 of what held its side from the start, so 10 of these are
    enough for any position. The fund's book gives up what the position closes. Returns the change in lots, and the
    price. Prover may choose: nothing.
    """
    then = m.read(Cut.at(position.cuts + 1, number), name="then")
    short = m.commit(m.test(position.size < 0))
    era = m.commit(m.select(short, then.short_era, then.long_era))
    same = m.commit(m.test(era == m.select(short, pool.short_era, pool.long_era)))
    last = m.commit(m.select(same, market.cuts, era * 2 + short))
    now = m.read(Cut.at(last + 1, number + (1 - same) * ANNOUNCED), name="now")
    before = m.commit(m.select(short, then.short_gone, then.long_gone))
    after = m.commit(m.select(short, now.short_gone, now.long_gone))
    cash = m.commit(m.select(short, now.short_cash - then.short_cash, now.long_cash - then.long_cash))
    price = _price(m, short, m.assume(after - before, 0, FULL), cash, market)

    lots = m.commit(m.assume(m.select(short, -position.size, position.size), 0, 2**30))
    part = m.commit(m.select(short, -position.part, position.part))
    left, fraction = _left(m, lots, part, m.assume(FULL - before, 1, FULL), FULL - after)
    closed = m.commit(m.assume(lots - left, 0, 2**30))
    notional = m.commit(closed * price)
    lots_moved = m.commit(m.select(short, closed, -closed))
    flow = m.commit(m.select(short, notional, -notional))
    settle(m, account, position, market, lots_moved, flow, m.word(0))
    keep(m, pool, market, -lots_moved, -flow)
    position.part = m.commit(m.select(short, -fraction, fraction))
    is_done = m.commit(same | m.test(left == 0))
    position.cuts = m.commit(m.select(is_done, market.cuts, now.following))
    return lots_moved, price

"""Margin, funding and settlement of one side: the arithmetic that several rules share.

Every division says who loses the dust: always the account.
"""

from __future__ import annotations

from kedge.machine import Condition, Machine, View, Word, magnitude, mul_div
from kedge.rules.codes import Code
from kedge.rules.records import MAX_POSITIONS

PPM = 1_000_000
FUNDING_UNIT = 16
"""The funding index counts 2^-16 quote per lot."""

STALE_MS = 60_000
"""Marks and margin rates older than this value nobody, so that nobody trades on a market or a window long past."""

MAINTENANCE, CLOSE_OUT, PROPORTION = 3, 2, 5
"""Maintenance margin is 3/5 of the margin that positions must keep, close-out margin 2/5."""


def margin_of(m: Machine, lots: Word, notional: Word, market: View, rate: Word) -> Word:
    """Margin in quote at one of the market's rates: notional x (rate + add-on), rounded up.

    The add-on is slope x lots / 2^20 ppm, rounded up: what a large position costs to unwind.
    """
    addon = mul_div(m, lots, market.slope, 2**20, up=True)
    return mul_div(m, notional, rate + addon, PPM, up=True)


def is_stale(m: Machine, market: View, now: Word) -> Condition:
    """Whether the market's mark or its margin rate is too old to value anybody by."""
    return (now - market.marked > STALE_MS) | (now - market.updated > STALE_MS)


def funding_due(m: Machine, position: View, market: View) -> Word:
    """Funding that a position owes since it last settled, in quote, rounded up: the account loses the dust.

    The index moved by d = high * 2^16 + low; size * high is whole quote, size * low is divided by 2^16 with a bias
    that makes the dividend positive. Prover may choose: nothing.
    """
    bias = 1 << 47
    moved = m.commit(market.funding - position.funding + bias)
    (high,) = m.advise("and", [moved], [2**32 - 1], params=[FUNDING_UNIT, 32])
    m.check_range(high)
    low = m.assume(m.unbounded((moved - high * 2**FUNDING_UNIT).ref), 0, 2**FUNDING_UNIT - 1)
    m.check_range(low)
    part = m.commit(position.size * low) + (2**46 + 2**FUNDING_UNIT - 1)
    (quotient,) = m.advise("and", [part], [2**32 - 1], params=[FUNDING_UNIT, 32])
    m.check_range(quotient)
    rest = m.assume(m.unbounded((part - quotient * 2**FUNDING_UNIT).ref), 0, 2**FUNDING_UNIT - 1)
    m.check_range(rest)
    whole = m.commit(position.size * (high - (bias >> FUNDING_UNIT)))
    return whole + quotient - 2**30


def settle(m: Machine, account: View, position: View, market: View, delta: Word, flow: Word, fee: Word) -> Word:
    """Apply one side of a trade: `delta` lots for `flow` quote (paid when positive), less the fee and funding due.

    A position that ends flat gives its result to the collateral, so that cost is zero whenever size is. Returns by how
    many lots the position grew, long or short.
    """
    due = funding_due(m, position, market)
    size = m.commit(m.narrow(position.size + delta, -(2**30), 2**30 - 1, Code.POSITION_TOO_LARGE))
    cost = m.commit(position.cost + flow)
    flat = m.test(size == 0)
    realised = m.commit(flat * cost)
    grown = magnitude(m, size) - magnitude(m, position.size)
    position.size = size
    position.cost = m.narrow(cost - realised, -(2**59), 2**59 - 1, Code.POSITION_TOO_LARGE)
    position.funding = market.funding
    left = account.collateral - due - fee - realised
    account.collateral = m.narrow(left, -(2**60), 2**60 - 1, Code.COLLATERAL_OVERFLOW)
    return grown


def close(m: Machine, account: View, position: View, market: View, flow: Word, credit: Word) -> None:
    """Settle all lots of a position for `flow` quote (paid when positive), with a credit to the account besides."""
    left = account.collateral - funding_due(m, position, market) - m.commit(position.cost + flow) + credit
    account.collateral = m.narrow(left, -(2**60), 2**60 - 1, Code.COLLATERAL_OVERFLOW)
    position.size, position.cost, position.funding = 0, 0, market.funding


def count_interest(m: Machine, book: View, grown: Word) -> None:
    """Count what two sides of a trade added to the open interest.

    At most 2^24 accounts hold 2^30 lots of a market each, so it fits 2^55, also below zero, where deleveraging has
    taken off more than the whole lots of positions.
    """
    book.interest = m.assume(book.interest + grown, -(2**55), 2**55 - 1)


def list_position(m: Machine, account: View, position: View, market: Word) -> None:
    """Put a position at the head of its account's list if it is not in it, so that every assessment will meet it."""
    with m.when(~position.listed):
        m.require(account.positions < MAX_POSITIONS, Code.TOO_MANY_POSITIONS)
        position.next, position.listed = account.head, 1
        account.head, account.positions = market + 1, m.assume(account.positions + 1, 0, MAX_POSITIONS)


def begin_assessment(m: Machine, subject: Word, equity: Word, head: Word, then: int, assessing: int) -> None:
    """Walk the subject's positions next; with none to walk, go straight to the phase `then`."""
    c = m.cursor
    c.subject, c.equity, c.next, c.required, c.then = subject, equity, head, 0, then
    c.aged, c.target, c.delta, c.flow = 0, 0, 0, 0
    c.phase = m.select(head == 0, then, assessing)

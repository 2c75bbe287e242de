"""Gadgets of integer arithmetic, written once for both readings."""

from __future__ import annotations

from kedge.machine.core import Machine
from kedge.machine.field import HALF, bits_for
from kedge.machine.word import IntervalError, Number, Word

SPLIT = 61
"""Products of two limbs plus a carry stay below 2**62, well inside the field."""


def magnitude(m: Machine, x: Word) -> Word:
    """|x|.

    Proves: the result is x or -x, and not negative. Prover may choose: nothing (for 0 both signs give 0).
    """
    if x.lo >= 0:
        return x
    sign = m.test(x < 0)
    return m.commit(m.assume(m.select(sign, -x, x), 0, max(-x.lo, x.hi)))


def mul_div(m: Machine, a: Number, b: Number, c: int, up: bool) -> Word:
    """a * b / c for a, b >= 0 and a constant c > 0, rounded down, or up where `up`; exact for products of any width.

    Assumes: the intervals of a and b. Proves: the quotient of the integer a*b (+ c-1 when rounding up) by c.
    Prover may choose: nothing; quotient and remainder are unique because the remainder is proven below c.
    """
    x, y = m.commit(m.word(a)), m.commit(m.word(b))
    if x.lo < 0 or y.lo < 0 or c <= 0:
        raise IntervalError(f"mul_div needs operands that are not negative: {x!r}, {y!r}, {c}")
    if x.hi < y.hi:
        x, y = y, x
    extra = c - 1 if up else 0
    top = (x.hi * y.hi + extra) // c
    round_top = (1 << bits_for(top)) - 1
    quotient, remainder = m.advise("muldiv", [x, y, m.word(c), m.word(extra)], [round_top, c - 1])
    m.check_range(remainder)
    if x.hi * y.hi + extra < 2**SPLIT:
        m.check_range(quotient)
        m.check_equal(x * y + extra, quotient * c + remainder)
    else:
        _check_wide(m, x, y, c, extra, quotient, remainder)
    return m.assume(quotient, 0, top)


def _check_wide(m: Machine, x: Word, y: Word, c: int, extra: int, quotient: Word, remainder: Word) -> None:
    """The same equation in two limbs: x = x1*2^s + x0, quotient = q1*2^s + q0, and a carry k between them.

    x0*y + extra - q0*c - remainder = k*2^s and x1*y + k = q1*c; every term stays far from the field's end, so both
    hold as integers.
    """
    s = SPLIT - max(bits_for(y.hi), bits_for(c)) - 1
    x1, x0 = split(m, x, s)
    q1, q0 = split(m, quotient, s)
    low = x0 * y + extra - q0 * c - remainder
    span = bits_for(max(low.hi, -low.lo)) - s + 1
    (biased,) = m.advise("and", [low + (1 << (s + span))], [(1 << (span + 1)) - 1], params=[s, span + 1])
    m.check_range(biased)
    carry = biased - (1 << span)
    m.check_equal(low, carry * (1 << s))
    m.check_equal(x1 * y + carry, q1 * c)


LIMB = 30


def divide(m: Machine, a: Word, c: Word, top: int) -> tuple[Word, Word]:
    """a // c and a % c for a >= 0 and c > 0, of which the caller knows that the quotient is at most `top`.

    Assumes: the intervals of a and c. Where c is 0 or the quotient above `top` nothing satisfies the constraints.
    Proves: a = quotient * c + rest with rest < c, as integers. Prover may choose: nothing.
    """
    x, y = m.commit(a), m.commit(c)
    if x.lo < 0 or y.lo < 0:
        raise IntervalError(f"divide needs operands that are not negative: {x!r}, {y!r}")
    bits = bits_for(y.hi)
    quotient, rest = m.advise("muldiv", [x, m.word(1), y, m.word(0)], [2 ** bits_for(top) - 1, 2**bits - 1])
    m.check_range(quotient)
    m.check_range(rest)
    m.check_range(m.assume(y - rest - 1, 0, 2**bits - 1))
    if quotient.hi * y.hi + rest.hi <= HALF:
        m.check_equal(quotient * y + rest, x)
    else:
        _check_long(m, x, y, quotient, rest)
    return m.assume(quotient, 0, top), m.assume(rest, 0, y.hi - 1)


def _check_long(m: Machine, x: Word, y: Word, quotient: Word, rest: Word) -> None:
    """The same equation in limbs of 30 bits, with a carry between them: every term stays far from the field's end."""
    (x1, x0), (y1, y0), (r1, r0) = (split(m, word, LIMB) for word in (x, y, rest))
    low = quotient * y0 + r0 - x0
    span = bits_for(max(low.hi, -low.lo)) - LIMB + 1
    (biased,) = m.advise("and", [low + (1 << (LIMB + span))], [(1 << (span + 1)) - 1], params=[LIMB, span + 1])
    m.check_range(biased)
    carry = biased - (1 << span)
    m.check_equal(low, carry * (1 << LIMB))
    m.check_equal(quotient * y1 + r1 + carry, x1)


def split(m: Machine, x: Word, bits: int) -> tuple[Word, Word]:
    """x >= 0 as (high, low) with x = high * 2**bits + low and low < 2**bits. Prover may choose: nothing."""
    top = x.hi >> bits
    (high,) = m.advise("and", [x], [top], params=[bits, max(1, bits_for(top))])
    m.check_range(high)
    low = m.commit(m.assume(m.unbounded((x - high * (1 << bits)).ref), 0, min(x.hi, (1 << bits) - 1)))
    m.check_range(low)
    return high, low


def isqrt(m: Machine, x: Word, up: bool = False) -> Word:
    """The integer square root of x in [0, 2^60), rounded down, or up where `up`.

    Proves: root^2 <= x <= root^2 + 2*root, which only the floor satisfies. Prover may choose: nothing.
    """
    if x.lo < 0 or x.hi >= 2**60:
        raise IntervalError(f"isqrt needs a word in [0, 2^60): {x!r}")
    x = m.commit(x)
    top = 1 << ((bits_for(x.hi) + 1) // 2)
    (root,) = m.advise("isqrt", [x], [top - 1])
    m.check_range(root)
    above = m.commit(m.assume(x - root * root, 0, 2 * top - 1))
    m.check_range(above)
    m.check_range(m.assume(root * 2 - above, 0, 2 * top - 1))
    return root if not up else root + m.test(above != 0)

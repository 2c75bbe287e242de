"""Every gadget against Python's integers, on both readings, and what its constraints leave to the prover: nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import isqrt as root

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedge.machine import Field, Machine, Word, divide, isqrt, magnitude, mul_div, signed, split, unsigned
from kedge.machine.word import IntervalError
from tests.unit.machine.bench import Bench, Code

WIDE, NARROW = unsigned(59), unsigned(22)


@cache
def division(a: int, b: int, c: int, up: bool) -> Bench:
    return Bench(lambda m, x, y: mul_div(m, x, y, c, up), unsigned(a), unsigned(b))


SHAPES = [(28, 20), (59, 22), (22, 59), (40, 26), (1, 1), (59, 1)]
DIVISORS = [1, 2, 3, 7, 2**20, 1_000_000, 5_000_000, 9_518_243_871]


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize(("a", "b", "c"), [(a, b, c) for a, b in SHAPES for c in DIVISORS if 2 ** (a + b) // c < 2**62])
def test_mul_div_is_the_exact_quotient(a: int, b: int, c: int, up: bool) -> None:
    bench = division(a, b, c, up)
    tops = [(0, 0), (0, 2**b - 1), (2**a - 1, 2**b - 1), (1, 1), (2 ** (a - 1), 2**b - 1), (c % 2**a, 1)]
    for x, y in tops:
        assert bench.run(x, y) == [-(-x * y // c) if up else x * y // c]
    assert bench.check() == []


@given(x=st.integers(0, 2**59 - 1), y=st.integers(0, 2**22 - 1), c=st.sampled_from(DIVISORS[4:]), up=st.booleans())
def test_mul_div_anywhere(x: int, y: int, c: int, up: bool) -> None:
    bench = division(59, 22, c, up)
    assert bench.run(x, y) == [-(-x * y // c) if up else x * y // c]
    assert bench.check() == []


@cache
def quotients(a: int, c: int, top: int) -> Bench:
    """Of words of `a` bits by words of `c` bits, where the quotient stays below 2^top."""
    return Bench(lambda m, x, y: divide(m, x, y, 2**top - 1), unsigned(a), Field(1, 2**c - 1), outputs=2)


@pytest.mark.parametrize(
    ("a", "c", "top"), [(60, 30, 30), (61, 55, 30), (61, 30, 31), (30, 30, 30), (16, 1, 16), (1, 60, 1)]
)
def test_divide_is_the_exact_quotient_and_rest(a: int, c: int, top: int) -> None:
    bench = quotients(a, c, top)
    divisors = [d for d in (1, 2, 3, 2**29, 2**30 - 1, 2**30, 2**30 + 1, 2**c // 3, 2**c - 1) if 0 < d < 2**c]
    for y in divisors:
        most = min(2**a - 1, y * 2**top - 1)
        for x in {0, 1, y - 1, y, y + 1, most, most - 1, most // y * y, most // y * y - 1, most // 7}:
            if 0 <= x <= most:
                assert bench.run(x, y) == list(divmod(x, y))
    assert bench.check() == []


@given(x=st.integers(0, 2**61 - 1), y=st.integers(2**31, 2**55 - 1))
def test_divide_anywhere(x: int, y: int) -> None:
    bench = quotients(61, 55, 30)
    assert bench.run(x, y) == list(divmod(x, y))
    assert bench.check() == []


@pytest.mark.parametrize(("x", "y"), [(Field(-1, 5), Field(1, 5)), (Field(0, 5), Field(-1, 5))])
def test_divide_takes_no_operands_below_zero(x: Field, y: Field) -> None:
    with pytest.raises(IntervalError, match="not negative"):
        Bench(lambda m, a, b: divide(m, a, b, 5), x, y, outputs=2)


@cache
def roots(up: bool) -> Bench:
    return Bench(lambda m, x: isqrt(m, x, up=up), unsigned(60))


SQUARES = [r * r + d for r in (1, 2, 3, 255, 256, 65_535, 65_536, 2**29, 2**30 - 1) for d in (-1, 0, 1, 2 * r)]


@pytest.mark.parametrize("up", [False, True])
def test_isqrt_around_squares(up: bool) -> None:
    for x in [0, 2**60 - 1, *(x for x in SQUARES if x < 2**60)]:
        floor = root(x)
        assert roots(up).run(x) == [floor + (up and floor * floor < x)]
    assert roots(up).check() == []


@given(x=st.integers(0, 2**60 - 1), up=st.booleans())
def test_isqrt_anywhere(x: int, up: bool) -> None:
    assert roots(up).run(x) == [root(x) if not up or root(x) ** 2 == x else root(x) + 1]


@pytest.mark.parametrize("bits", [1, 2, 3, 15, 16, 17, 31, 40])
def test_isqrt_of_narrow_words(bits: int) -> None:
    bench = Bench(isqrt, unsigned(bits))
    for x in {0, 1, 2**bits - 1, 2 ** (bits - 1)}:
        assert bench.run(x) == [root(x)]
    assert bench.check() == []


EDGES = [-(2**30), -(2**30) + 1, -65_537, -1, 0, 1, 65_535, 65_536, 2**30 - 1]


def test_magnitude() -> None:
    bench = Bench(magnitude, signed(30))
    for x in EDGES:
        assert bench.run(x) == [abs(x)]
    assert bench.check() == []


@pytest.mark.parametrize("bits", [1, 9, 16, 20, 30])
def test_split(bits: int) -> None:
    bench = Bench(lambda m, x: split(m, x, bits), unsigned(30), outputs=2)
    for x in [e for e in EDGES if e >= 0]:
        assert bench.run(x) == [x >> bits, x % 2**bits]
    assert bench.check() == []


def comparisons(m: Machine, a: Word, b: Word) -> list[Word]:
    tests = [m.test(a < b), m.test(a <= b), m.test(a > b), m.test(a >= b), m.test(a == b), m.test(a != b)]
    return [*tests, m.minimum(a, b), m.maximum(a, b)]


@pytest.mark.parametrize("bounds", [signed(30), unsigned(1), unsigned(16), Field(-3, 5), signed(60)])
def test_comparisons_at_the_bounds(bounds: Field) -> None:
    bench = Bench(comparisons, bounds, bounds, outputs=8)
    edges = {bounds.lo, bounds.lo + 1, 0, 1, bounds.hi - 1, bounds.hi}
    values = sorted(x for x in edges if bounds.lo <= x <= bounds.hi)
    for a in values:
        for b in values:
            assert bench.run(a, b) == [a < b, a <= b, a > b, a >= b, a == b, a != b, min(a, b), max(a, b)]
    assert bench.check() == []


def test_comparisons_that_the_intervals_decide() -> None:
    bench = Bench(lambda m, a, b: [m.test(a < b), m.test(b < a), m.test(a == b)], unsigned(3), Field(8, 9), outputs=3)
    assert bench.run(7, 8) == [1, 0, 0]
    assert bench.check() == []


@pytest.mark.parametrize(("lo", "hi"), [(0, 255), (-5, 5), (0, 0), (3, 2**20 - 1), (-(2**30), 2**30 - 1), (1, 65_536)])
def test_narrow_refuses_exactly_outside(lo: int, hi: int) -> None:
    bench = Bench(lambda m, x: m.narrow(x, lo, hi, Code.NO), signed(40))
    for x in {lo - 1, lo, lo + 1, hi - 1, hi, hi + 1, -(2**40), 2**40 - 1, 0, 2 * hi - lo + 1}:
        assert bench.run(x) == ([x] if lo <= x <= hi else Code.NO)
    assert bench.check() == []


def logic(m: Machine, a: Word, b: Word) -> list[Word]:
    return [a & b, a | b, ~a, a & (b == 1), (a == 0) | b, m.select(a, b, 7), m.select(a == 1, 5, b)]


def test_bits_and_select() -> None:
    bench = Bench(logic, unsigned(1), unsigned(1), outputs=7)
    for a in (0, 1):
        for b in (0, 1):
            assert bench.run(a, b) == [a & b, a | b, 1 - a, a & b, (1 - a) | b, b if a else 7, 5 if a else b]
    assert bench.check() == []


GADGETS: dict[str, Callable[[], Bench]] = {
    "mul_div narrow": lambda: Bench(lambda m, x, y: mul_div(m, x, y, 1_000_003, True), unsigned(20), unsigned(20)),
    "mul_div wide": lambda: Bench(lambda m, x, y: mul_div(m, x, y, 1_000_003, False), unsigned(59), unsigned(22)),
    "divide": lambda: Bench(lambda m, x, y: divide(m, x, y + 1, 2**20), unsigned(20), unsigned(20), outputs=2),
    "divide in limbs": lambda: Bench(
        lambda m, x, y: divide(m, x * 2**30, (y + 1) * 2**20, 2**30 - 1), unsigned(20), unsigned(30), outputs=2
    ),
    "isqrt": lambda: Bench(lambda m, x, y: isqrt(m, x + y), unsigned(50), unsigned(50)),
    "magnitude": lambda: Bench(lambda m, x, y: magnitude(m, x - y), unsigned(30), unsigned(30)),
    "split": lambda: Bench(lambda m, x, y: split(m, x + y, 20), unsigned(50), unsigned(50), outputs=2),
    "less": lambda: Bench(lambda m, x, y: m.test(x < y), unsigned(50), unsigned(50)),
    "minimum": lambda: Bench(lambda m, x, y: m.minimum(x, y), unsigned(50), unsigned(50)),
    "equal": lambda: Bench(lambda m, x, y: m.test(x == y), unsigned(50), unsigned(50)),
}


@pytest.mark.parametrize("name", GADGETS)
def test_the_prover_may_choose_nothing(name: str) -> None:
    bench = GADGETS[name]()
    for x, y in [(3, 5), (70_000, 1), (2**19, 2**19 + 1), (999_999, 77), (0, 1), (1, 0)]:
        bench.run(x, y)
    assert bench.free_cells() == set()


def test_only_the_inverse_of_zero_is_free() -> None:
    bench = Bench(lambda m, x: m.test(x == 5), unsigned(8))
    bench.run(5)
    assert bench.free_cells() == {"inverse((x0 - 5)).0"}

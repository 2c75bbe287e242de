"""Words, conditions, records and cursors: what they mean, and what is refused when a rule is defined."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kedge.machine import HALF, Field, IntervalError, Machine, Place, Record, Word, isqrt, mul_div, signed, unsigned
from tests.unit.machine.bench import Bench, Code, Shelf

BIG, BIT, SMALL = signed(61), unsigned(1), unsigned(10)

REFUSED_RULES: dict[str, tuple[Callable[..., object], tuple[Field, ...], str]] = {
    "a product that leaves the field": (lambda m, x: x * x, (BIG,), r"\(x0 \* x0\) could reach .* outside the field"),
    "a sum that leaves the field": (lambda m, x: x * 2 + x * 2, (BIG,), "outside the field"),
    "a difference that leaves the field": (lambda m, x: x * 2 - x * 2, (BIG,), "outside the field"),
    "a constant outside the field": (lambda m, x: m.word(HALF + 1), (BIT,), "outside the field"),
    "words too far apart to compare": (lambda m, x: m.test(x * 2 < 3 - x), (BIG,), "far apart|outside the field"),
    "logic on what is no bit": (lambda m, x: m.both(x, x), (SMALL,), "is not a bit"),
    "a claim that never holds": (lambda m, x: m.require(x < 0, Code.NO), (SMALL,), "never positive"),
    "the root of a negative word": (isqrt, (BIG,), "isqrt needs"),
    "the root of too wide a word": (isqrt, (unsigned(61),), "isqrt needs"),
    "division of a negative word": (lambda m, x: mul_div(m, x, 1, 3, up=False), (BIG,), "not negative"),
    "division by nothing": (lambda m, x: mul_div(m, x, 1, 0, up=False), (SMALL,), "not negative"),
    "a record beyond its bounds": (
        lambda m, x: put(m, left=x),
        (unsigned(21),),
        "Shelf.left could become .* narrow it",
    ),
    "a register beyond its bounds": (lambda m, x: setattr(m.cursor, "kept", x), (SMALL,), "register kept .* narrow it"),
    "an event with other fields": (lambda m, x: m.emit("out", z=x), (BIT,), "has the fields"),
}


def put(m: Machine, **fields: Word) -> None:
    shelf = m.change(Shelf.at(1))
    for name, value in fields.items():
        setattr(shelf, name, value)


@pytest.mark.parametrize("name", REFUSED_RULES)
def test_refused_when_the_rule_is_defined(name: str) -> None:
    rule, inputs, reason = REFUSED_RULES[name]

    def gadget(m: Machine, *words: Word) -> int:
        rule(m, *words)
        return 0

    with pytest.raises(IntervalError, match=reason):
        Bench(gadget, *inputs)


@pytest.mark.parametrize("wrong", [True, 1.5, "1", None])
def test_only_integers_become_words(wrong: object) -> None:
    with pytest.raises(TypeError, match="neither a word nor an integer"):
        Bench(lambda m, x: m.word(wrong), BIT)


def test_words_have_no_truth() -> None:
    for wrong in (lambda _, x: bool(x), lambda _, x: bool(x < 1), lambda _, x: not x):
        with pytest.raises(TypeError, match="no truth"):
            Bench(wrong, BIT)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (lambda m: m.cursor.nobody, "no register"),
        (lambda m: setattr(m.cursor, "time", 1), "time passes"),
        (lambda m: setattr(m.cursor, "nobody", 1), "no register"),
        (lambda m: m.read(Shelf.at(1)).middle, "no field"),
        (lambda m: setattr(m.read(Shelf.at(1)), "left", 1), "cannot change"),
        (lambda m: setattr(m.change(Shelf.at(1)), "middle", 1), "no field"),
    ],
)
def test_names_that_do_not_exist(wrong: Callable[[Machine], object], reason: str) -> None:
    def gadget(m: Machine, x: Word) -> Word:
        wrong(m)
        return x

    with pytest.raises(AttributeError, match=reason):
        Bench(gadget, BIT)


def test_a_record_holds_eight_fields() -> None:
    fields = {f"f{i}": unsigned(1) for i in range(9)}
    with pytest.raises(IntervalError, match="9 fields"):
        type("TooWide", (Record,), {"kind": 0, **fields})


def test_intervals_of_results() -> None:
    seen: list[tuple[int, int]] = []

    def gadget(m: Machine, a: Word, b: Word) -> int:
        for word in (a + b, a - b, a * b, -a, m.select(a < b, a, 9), m.minimum(a, b), m.maximum(a, b)):
            seen.append((word.lo, word.hi))
        return 0

    Bench(gadget, Field(-2, 5), Field(1, 3))
    assert seen == [(-1, 8), (-5, 4), (-6, 15), (-5, 2), (-2, 9), (-2, 3), (1, 5)]


def conditional(m: Machine, a: Word, b: Word, x: Word) -> list[Word]:
    """Nested conditions over a record, a refusal and an event."""
    shelf = m.change(Shelf.at(5))
    with m.when(a):
        shelf.left = x
        with m.when(b):
            shelf.left = x + 1
            m.require(x < 100, Code.NO)
        m.require(x != 50, Code.NEVER)
    return [shelf.left, shelf.right]


@pytest.mark.parametrize(("a", "b", "x", "left"), [(0, 0, 7, 0), (0, 1, 200, 0), (1, 0, 200, 200), (1, 1, 7, 8)])
def test_assignments_and_refusals_count_where_the_condition_holds(a: int, b: int, x: int, left: int) -> None:
    bench = Bench(conditional, BIT, BIT, unsigned(19), outputs=2)
    assert bench.run(a, b, x) == [left, 0]
    assert bench.engine.get(5 << 13)[0] == left
    assert bench.check() == []


@pytest.mark.parametrize(
    ("a", "b", "x", "code"), [(1, 1, 100, Code.NO), (1, 0, 50, Code.NEVER), (1, 1, 50, Code.NEVER)]
)
def test_refusals_under_a_condition(a: int, b: int, x: int, code: Code) -> None:
    bench = Bench(conditional, BIT, BIT, unsigned(19), outputs=2)
    assert bench.run(a, b, x) == code
    assert bench.engine.entries() == []


def peek(m: Machine, a: Word, x: Word) -> list[Word]:
    """Write a shelf, and read another only where asked."""
    shelf = m.change(Shelf.at(1))
    shelf.left = x
    other = m.change(Place(Shelf, a * 2 * 2**13), when=a)
    other.right = 3
    return [shelf.left, other.left, other.right]


def test_a_record_that_is_not_opened_is_zero_and_stays() -> None:
    bench = Bench(peek, BIT, SMALL, outputs=3)
    assert bench.run(0, 9) == [9, 0, 3]
    assert bench.engine.entries() == [(1 << 13, [9] + [0] * 7)]
    assert bench.run(1, 9) == [9, 0, 3]
    assert [address for address, _ in bench.engine.entries()] == [1 << 13, 2 << 13]
    assert bench.check() == []


def test_the_same_record_twice_is_refused() -> None:
    def twice(m: Machine, a: Word) -> Word:
        first, second = m.change(Shelf.at(1)), m.change(Shelf.at(a))
        return first.left + second.left

    bench = Bench(twice, SMALL)
    assert bench.run(1) == 2
    assert bench.run(2) == [0]


def test_arguments_are_bounded() -> None:
    bench = Bench(lambda m, x: x, Field(-3, 4))
    assert [bench.run(x) for x in (-4, -3, 4, 5)] == [1, [-3], [4], 1]
    assert bench.check() == []


def test_hash_is_the_engines() -> None:
    bench = Bench(lambda m, x: m.hash([x, *range(15)]), unsigned(40), outputs=4)
    assert isinstance(bench.run(12_345), list)
    assert bench.check() == []
    assert bench.free_cells() == set()


@pytest.mark.parametrize("value", [5, -5, 0])
def test_an_argument_with_one_value_is_that_value(value: int) -> None:
    bench = Bench(lambda m, x: x, Field(value, value))
    assert bench.run(value) == [value]
    assert bench.check() == []
    assert bench.run(value) == [value]
    assert bench.free_cells() == set()

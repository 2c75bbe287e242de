"""window_update and margin_update: margin follows the age of the last anchored state, along its ramp."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedge.rules import Clock, Market
from tests.unit.rules.venue import MARK, START, TERMS, Venue, of_kind

CAP = 1_000_000
DAY = 86_400_000


def target(age: int, floor: int, sigma: int, z: int, delay: int) -> int:
    """max(floor, z sigma sqrt(age + delay)) in ppm, rounded up, from exact square roots."""
    exposure = min(age + delay, 2**32 - 1)
    root = isqrt(exposure * 2**20 - 1) + 1 if exposure else 0
    wanted = Fraction(sigma * z * root, 9_518_243_871)
    return max(floor, min(CAP, -(-wanted.numerator // wanted.denominator)))


def margin(venue: Venue, market: int = 0) -> dict[str, int]:
    (event,) = of_kind(venue.ok("margin_update", market), "margin")
    return event


def test_the_constant_is_the_square_root_of_a_day() -> None:
    assert isqrt(DAY * 10**6 * 2**20) == 9_518_243_871


@given(
    age=st.integers(0, 2**33),
    floor=st.integers(1, CAP),
    sigma=st.integers(0, 2**24 - 1),
    z=st.integers(0, 2**16 - 1),
    delay=st.integers(0, 2**32 - 1),
)
def test_the_target_is_the_formula(age: int, floor: int, sigma: int, z: int, delay: int) -> None:
    venue = Venue()
    venue.ok("window_update", START * 100 + age, START * 100)
    venue.ok("open_market", 0, MARK, 1, 0, 0, 0, floor, sigma, z, delay, 5_000)
    wanted = target(age, floor, sigma, z, delay)
    assert margin(venue)["target"] == wanted
    exact = sigma * z / 1000 * (min(age + delay, 2**32 - 1) / DAY) ** 0.5
    assert wanted >= min(exact, CAP) * (1 - 1e-9)
    assert wanted <= max(floor, exact * 1.001 + 2)


def test_margin_rises_along_the_ramp_and_is_released_again() -> None:
    venue = Venue().open(anchored=START)
    assert venue.get(Market, 0).rate == TERMS[4] == 20_000
    paused = 12 * 3_600_000
    venue.ok("window_update", START + paused, START)
    wanted = target(paused, *TERMS[4:8])
    assert wanted > 100_000
    rates = [margin(venue)["rate"]]
    while rates[-1] < wanted:
        venue.ok("window_update", venue.get(Clock, 0).now + 2_000, START)
        rates.append(margin(venue)["rate"])
    assert all(b - a <= 10_000 for a, b in pairwise(rates))
    now = venue.get(Clock, 0).now
    venue.ok("window_update", now, now)
    assert margin(venue)["rate"] == rates[-1], "no time passed, nothing moves"
    venue.ok("window_update", now + 1_500, now)
    assert margin(venue)["rate"] == rates[-1] - 7_500
    venue.ok("window_update", now + 60_000, now + 59_000)
    assert margin(venue)["rate"] == 20_000


def test_rate_and_target_are_capped_at_the_whole_notional() -> None:
    venue = Venue().open()
    venue.ok("parameter_update", 0, *TERMS[:4], 20_000, 2**24 - 1, 2**16 - 1, 0, 2**20 - 1)
    venue.ok("window_update", START + DAY, START)
    assert (margin(venue)["rate"], margin(venue)["target"]) == (CAP, CAP)


def test_a_higher_floor_takes_hold_along_the_ramp() -> None:
    venue = Venue().open()
    venue.ok("parameter_update", 0, *TERMS[:4], 50_000, *TERMS[5:])
    assert venue.get(Market, 0).rate == 20_000
    venue.ok("window_update", START + 1_000, START)
    assert margin(venue)["rate"] == 25_000


@pytest.mark.parametrize(("now", "anchored"), [(START, START - 1_000), (START + 1, START), (2**42 - 1, 2**42 - 1)])
def test_the_window_as_reported(now: int, anchored: int) -> None:
    venue = Venue().open()
    assert venue.ok("window_update", now, anchored) == [("window", [now, anchored])]
    assert vars(venue.get(Clock, 0)) == {"now": now, "anchored": anchored}

"""window_update and margin_update: margin follows the age of the last anchored state, along its ramp."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedge.rules import Clock, Code, Market, Parameters
from tests.unit.rules.venue import BUY, HOUR, IOC, MARK, SELL, START, TERMS, Venue, of_kind, terms

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
    venue.ok("open_market", 0, MARK, *terms(floor=floor, sigma=sigma, z=z, delay=delay))
    wanted = target(age, floor, sigma, z, delay)
    assert margin(venue)["target"] == wanted
    exact = sigma * z / 1000 * (min(age + delay, 2**32 - 1) / DAY) ** 0.5
    assert wanted >= min(exact, CAP) * (1 - 1e-9)
    assert wanted <= max(floor, exact * 1.001 + 2)


def wait(venue: Venue, milliseconds: int, anchored: int) -> dict[str, int]:
    """Let time pass and update market 0's margin."""
    venue.ok("window_update", venue.get(Clock, 0).now + milliseconds, anchored)
    return margin(venue)


def test_margin_rises_along_the_ramp_and_is_released_again() -> None:
    venue = Venue().open(anchored=START)
    assert venue.get(Market, 0).rate == TERMS[8] == 20_000
    paused = 12 * HOUR
    venue.ok("window_update", START + paused, START)
    wanted = target(paused, *TERMS[8:12])
    assert wanted > 100_000
    rates = [margin(venue)["rate"]]
    assert rates == [20_000 + 10 * TERMS[12]], "an update counts ten seconds at most"
    while rates[-1] < wanted:
        rates.append(wait(venue, 2_000, START)["rate"])
    assert all(b - a <= 10_000 for a, b in pairwise(rates))
    now = venue.get(Clock, 0).now
    assert wait(venue, 0, now)["rate"] == rates[-1], "no time passed, nothing moves"
    assert wait(venue, 1_500, now)["rate"] == rates[-1] - 7_500
    for step in range(6):
        last = wait(venue, 10_000, now + 1_000 + 10_000 * step)["rate"]
    assert last == 20_000


def test_rate_and_target_are_capped_at_the_whole_notional() -> None:
    venue = Venue()
    venue.ok("window_update", START, START)
    venue.ok("open_market", 0, MARK, *terms(sigma=2**24 - 1, z=2**16 - 1, delay=0, ramp=2**20 - 1))
    assert (wait(venue, DAY, START)["rate"], margin(venue)["target"]) == (CAP, CAP)


def test_a_higher_floor_takes_hold_along_the_ramp() -> None:
    venue = Venue().open()
    venue.change_terms(0, floor=90_000)
    rate = venue.get(Market, 0).rate
    assert rate < 60_000
    assert wait(venue, 1_000, venue.get(Clock, 0).now)["rate"] == rate + 5_000


def test_what_positions_must_keep_follows_a_longer_window_after_its_notice_and_slowly() -> None:
    venue = Venue().open_with(0, terms(sigma=400_000, ramp=200), anchored=START)
    began, kept = 0, [20_000]
    while not began or venue.get(Parameters, 0).noticed:
        found = wait(venue, 10_000, START)
        now = venue.get(Clock, 0).now
        began = began or (now if found["rate"] > 20_000 else 0)
        assert 0 <= found["kept"] - kept[-1] <= 10 * 200 // 8
        assert found["kept"] <= found["rate"]
        assert found["kept"] == 20_000 or now >= began + 600_000
        assert found["kept"] > kept[-1] or now < began + 600_000
        kept.append(found["kept"])
    assert kept[-1] == venue.get(Market, 0).rate > 200_000, "the notice is over once it has caught up"


def test_a_window_that_closes_in_time_never_reaches_old_positions() -> None:
    """Anchors every five minutes: new risk posts for the age, what positions must keep is the least of the window."""
    venue = Venue().open_with(0, terms(sigma=400_000), anchored=START)
    highest, now = 0, START
    for _ in range(24):
        anchored = now
        for _ in range(30):
            now += 10_000
            found = wait(venue, 10_000, anchored)
            highest = max(highest, found["rate"])
            assert found["kept"] < 45_000
    assert highest > 100_000


@pytest.mark.parametrize(("silence", "graced"), [(120_000, False), (120_001, True), (2 * HOUR, True)])
def test_after_a_silence_nobody_is_taken_over_for_ten_minutes(silence: int, graced: bool) -> None:
    """What may be done at once: deposits, cancels, reductions, any order."""
    venue = Venue().open()
    venue.trade(2, 3, MARK, 700_000)
    venue.order(3, SELL, MARK + 9, 1, slot=3)
    venue.mark(590_000)
    now = venue.pass_time(silence)
    assert (venue.code("liquidate", 3, 0, 4, 1) == Code.GRACE) == graced
    if graced:
        venue.deposit(3, 1)
        venue.ok("cancel", 3, 3)
        venue.order(4, BUY, 600_000, 1)
        venue.order(3, SELL, 600_000, 1, IOC, reduce_only=1)
        assert venue.get(Clock, 0).grace == now + 600_000
        while (now := venue.pass_time(30_000)) < venue.get(Clock, 0).grace:
            assert venue.code("liquidate", 3, 0, 4, 1) == Code.GRACE
        venue.ok("liquidate", 3, 0, 4, 1)


def test_a_stop_of_two_hours_takes_nothing_from_a_healthy_account() -> None:
    """The rate that the window asks for is four times the floor; the account has half as much again as the floor."""
    venue = Venue().open(anchored=START)
    venue.trade(2, 3, MARK, 540_000)
    now = START + 2 * HOUR
    venue.ok("window_update", now, START)
    for _ in range(90):
        venue.ok("oracle_price", 0, MARK)
        assert margin(venue)["kept"] == 20_000
        assert venue.code("liquidate", 3, 0, 4, 1) in (Code.GRACE, Code.NOT_LIQUIDATABLE)
        now += 10_000
        venue.ok("window_update", now, now - 5_000)
    assert venue.code("liquidate", 3, 0, 4, 1) == Code.NOT_LIQUIDATABLE


@pytest.mark.parametrize(
    ("now", "anchored", "grace"),
    [(START, START - 1_000, 0), (START + 1, START, 0), (2**42 - 1, 2**42 - 1, 2**42 - 1)],
)
def test_the_window_as_reported(now: int, anchored: int, grace: int) -> None:
    venue = Venue().open()
    assert venue.ok("window_update", now, anchored) == [("window", [now, anchored])]
    assert vars(venue.get(Clock, 0)) == {"now": now, "anchored": anchored, "grace": grace}

"""A10: every table of section 4 of the risk memo, each against its source, and each method against a second one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import QuantLib

from kedge.risk import YEAR_SECONDS, RiskInputError, accumulator, asian, barriers, lookbacks, montecarlo, options
from kedge.risk.accumulator import Accumulator
from kedge.risk.barriers import Barrier
from kedge.risk.smile import Slice, find_butterfly, find_calendar
from kedge.risk.underlying import Jumps, Underlying
from kedge.risk.vanilla import black76, compute_average_variance, price_european, price_on_average

YEAR = YEAR_SECONDS
BGK_UP = Underlying(110, 0.3, 0.1)
BGK_DOWN = Underlying(100, 0.3, 0.1)
JUMPY = Underlying(100, 0.3, 0.1, jumps=Jumps(20.0, -0.02, 0.04))


@pytest.mark.parametrize(
    ("level", "continuous", "corrected", "true"),
    [
        (155, 12.775, 12.905, 12.894),
        (150, 12.240, 12.448, 12.431),
        (145, 11.395, 11.707, 11.684),
        (140, 10.144, 10.581, 10.551),
        (135, 8.433, 8.994, 8.959),
        (130, 6.314, 6.959, 6.922),
        (125, 4.012, 4.649, 4.616),
        (120, 1.938, 2.442, 2.418),
        (115, 0.545, 0.819, 0.807),
    ],
)
def test_broadie_glasserman_kou_1997_up_and_out_call(
    level: float, continuous: float, corrected: float, true: float
) -> None:
    option = Barrier(100, level, 0.2 * YEAR)
    assert barriers.price_continuous(BGK_UP, option) == pytest.approx(continuous, abs=6e-4)
    assert barriers.price_corrected(BGK_UP, option, 50) == pytest.approx(corrected, abs=6e-4)
    assert barriers.price_marked(BGK_UP, option, 50) == pytest.approx(true, abs=6e-4)


@pytest.mark.parametrize(
    ("level", "continuous", "corrected", "true"),
    [
        (85, 6.308, 6.322, 6.322),
        (91, 5.808, 5.977, 5.977),
        (95, 4.398, 4.907, 4.907),
        (97, 3.060, 3.836, 3.834),
        (99, 1.171, 2.271, 2.336),
    ],
)
def test_broadie_glasserman_kou_1997_down_and_out_call(
    level: float, continuous: float, corrected: float, true: float
) -> None:
    option = Barrier(100, level, 0.2 * YEAR, up=False)
    assert barriers.price_continuous(BGK_DOWN, option) == pytest.approx(continuous, abs=6e-4)
    assert barriers.price_corrected(BGK_DOWN, option, 50) == pytest.approx(corrected, abs=6e-4)
    assert barriers.price_marked(BGK_DOWN, option, 50) == pytest.approx(true, abs=6e-4)


@pytest.mark.parametrize(("strike", "down", "up"), [(90, 9.0246, 2.6789), (100, 6.7924, 2.3580), (110, 4.8759, 2.3453)])
def test_haug_1998_barriers_with_rebate(strike: float, down: float, up: float) -> None:
    asset = Underlying(100, 0.25, 0.08, 0.04)
    assert barriers.price_continuous(asset, Barrier(strike, 95, YEAR / 2, up=False, rebate=3)) == pytest.approx(
        down, abs=6e-5
    )
    assert barriers.price_continuous(asset, Barrier(strike, 105, YEAR / 2, rebate=3)) == pytest.approx(up, abs=6e-5)


@pytest.mark.parametrize(
    ("vol", "price"), [(0.1, 0.07187), (0.15, 0.60638), (0.2, 1.64005), (0.25, 2.98495), (0.3, 4.50952)]
)
def test_babsiri_noel_1998_down_and_in_call(vol: float, price: float) -> None:
    option = Barrier(100, 90, YEAR, up=False, kind="in")
    assert barriers.price_continuous(Underlying(100, vol, 0.05, 0.02), option) == pytest.approx(price, abs=6e-6)


def test_beaglehole_down_and_out_call() -> None:
    asset = Underlying(50, 0.5, math.log(1.1))
    assert barriers.price_continuous(asset, Barrier(50, 45, YEAR, up=False)) == pytest.approx(5.477, abs=6e-4)


def _quantlib_process(asset: Underlying) -> tuple[QuantLib.Date, QuantLib.BlackScholesMertonProcess]:
    today = QuantLib.Date(1, 1, 2024)
    QuantLib.Settings.instance().evaluationDate = today
    days, spot = QuantLib.Actual365Fixed(), QuantLib.QuoteHandle(QuantLib.SimpleQuote(asset.spot))
    flat = [
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, rate, days))
        for rate in (asset.dividend, asset.rate)
    ]
    vol = QuantLib.BlackVolTermStructureHandle(
        QuantLib.BlackConstantVol(today, QuantLib.NullCalendar(), asset.volatility, days)
    )
    return today, QuantLib.BlackScholesMertonProcess(spot, flat[0], flat[1], vol)


def _quantlib_barrier(asset: Underlying, option: Barrier) -> float:
    today, process = _quantlib_process(asset)
    kind = getattr(QuantLib.Barrier, ("Up" if option.up else "Down") + option.kind.title())
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call if option.call else QuantLib.Option.Put, option.strike)
    contract = QuantLib.BarrierOption(kind, option.level, option.rebate, payoff, QuantLib.EuropeanExercise(today + 365))
    contract.setPricingEngine(QuantLib.AnalyticBarrierEngine(process))
    return float(contract.NPV())


@pytest.mark.parametrize("call", [True, False])
@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("kind", ["out", "in"])
@pytest.mark.parametrize("strike", [85.0, 100.0, 118.0])
def test_every_continuous_barrier_is_quantlibs(call: bool, up: bool, kind: str, strike: float) -> None:
    asset = Underlying(100, 0.35, 0.04, 0.01)
    option = Barrier(strike, 112 if up else 92, YEAR, call, up, "out" if kind == "out" else "in", 2.5)
    assert barriers.price_continuous(asset, option) == pytest.approx(_quantlib_barrier(asset, option), abs=1e-9)


@pytest.mark.parametrize("asset", [BGK_UP, replace(JUMPY, spot=110)], ids=["diffusion", "jumps"])
@pytest.mark.parametrize("kind", ["out", "in"])
def test_marked_barrier_against_exact_simulation(asset: Underlying, kind: str) -> None:
    option, marks = Barrier(100, 120, 0.2 * YEAR, kind="out" if kind == "out" else "in", rebate=1.5), 10
    years, step = 0.2, 0.2 / marks

    def kernel(generator: np.random.Generator, size: int) -> np.ndarray:
        paths = asset.spot * np.exp(np.cumsum(asset.draw(generator, size, marks, option.expiry / marks), axis=1))
        seen = paths >= option.level
        hit, first = seen.any(axis=1), seen.argmax(axis=1) + 1
        pay = np.maximum(paths[:, -1] - option.strike, 0.0) * math.exp(-asset.rate * years)
        if kind == "out":
            return np.where(hit, option.rebate * np.exp(-asset.rate * step * first), pay)
        return np.where(hit, pay, option.rebate * math.exp(-asset.rate * years))

    found = montecarlo.compute_mean(np.concatenate(montecarlo.run_blocks(kernel, 260_000, 7, workers=2)))
    assert found.agrees(barriers.price_marked(asset, option, marks), 4.0)


@pytest.mark.parametrize("asset", [BGK_UP, replace(JUMPY, spot=110)], ids=["diffusion", "jumps"])
def test_in_and_out_add_up_and_one_mark_is_european(asset: Underlying) -> None:
    option = Barrier(100, 125, 0.2 * YEAR)
    plain = price_european(asset, 100, 0.2 * YEAR)
    both = barriers.price_marked(asset, option, 20) + barriers.price_marked(asset, replace(option, kind="in"), 20)
    assert both == pytest.approx(plain, abs=1e-9)
    spread = plain - price_european(asset, 125, 0.2 * YEAR)
    digital = _digital(asset, 125, 0.2 * YEAR)
    assert barriers.price_marked(asset, option, 1) == pytest.approx(spread - 25 * digital, abs=1e-8)


def _digital(asset: Underlying, strike: float, expiry: float) -> float:
    law = asset.law(expiry)
    return asset.discount(expiry) * (1.0 - float(law.below(np.array([math.log(strike / asset.spot)]))[0]))


@pytest.mark.parametrize(
    ("rate", "vol", "years", "spot", "price"),
    [
        (0.02, 0.1, 1, 2.0, 0.0559860415),
        (0.18, 0.3, 1, 2.0, 0.2183875466),
        (0.0125, 0.25, 2, 2.0, 0.1722687410),
        (0.05, 0.5, 1, 1.9, 0.1931737903),
        (0.05, 0.5, 1, 2.0, 0.2464156905),
        (0.05, 0.5, 1, 2.1, 0.3062203648),
        (0.05, 0.5, 2, 2.0, 0.3500952190),
    ],
)
def test_linetsky_2004_continuous_asian(rate: float, vol: float, years: int, spot: float, price: float) -> None:
    assert asian.price_continuous(Underlying(spot, vol, rate), 2.0, years * YEAR) == pytest.approx(price, abs=1e-9)


LEVY = Underlying(90, 0.13, 0.025, 0.06)


@pytest.mark.parametrize(("marks", "simulated"), [(2, 1.39428), (12, 1.69800), (1000, 1.75373)])
def test_levy_1997_discrete_asian_put(marks: int, simulated: float) -> None:
    """The source simulated: 5e-3; the exact values of the memo below."""
    found = asian.price_asian(LEVY, 87, 11 / 12 * YEAR, marks, call=False, with_start=True)
    assert found == pytest.approx(simulated, abs=5e-3)
    exact = {2: (1.393981, 1e-6), 12: (1.69934, 1e-4)}
    if marks in exact:
        assert found == pytest.approx(exact[marks][0], abs=exact[marks][1])


def test_two_marks_of_an_average_are_one_black_price() -> None:
    """Today's price is known: (S + S_T)/2 against K is half a European option struck at 2K - S."""
    half = price_european(LEVY, 2 * 87 - 90, 11 / 12 * YEAR, call=False) / 2
    assert asian.price_asian(LEVY, 87, 11 / 12 * YEAR, 2, call=False, with_start=True) == pytest.approx(half, abs=1e-9)


@pytest.mark.parametrize("asset", [LEVY, JUMPY], ids=["diffusion", "jumps"])
def test_average_against_exact_simulation(asset: Underlying) -> None:
    marks, expiry, strike = 6, 0.25 * YEAR, asset.spot

    def kernel(generator: np.random.Generator, size: int) -> np.ndarray:
        paths = asset.spot * np.exp(np.cumsum(asset.draw(generator, size, marks, expiry / marks), axis=1))
        return np.asarray(np.maximum(paths.mean(axis=1) - strike, 0.0) * asset.discount(expiry))

    found = montecarlo.compute_mean(np.concatenate(montecarlo.run_blocks(kernel, 260_000, 11, workers=2)))
    assert found.agrees(asian.price_asian(asset, strike, expiry, marks), 4.0)


def test_twap_settlement_variance() -> None:
    """s^2 (T - 2w/3): simulated, and the Black price on it against the exact recursion."""
    day, window = 86_400.0, 14_400.0
    assert compute_average_variance(0.6, day, window) == pytest.approx(0.36 * (day - 2 * window / 3) / YEAR)
    generator, steps = montecarlo.get_stream(5), 240
    before = generator.standard_normal(40_000) * math.sqrt((day - window) / YEAR)
    after = np.cumsum(generator.standard_normal((40_000, steps)), axis=1) * math.sqrt(window / steps / YEAR)
    found = montecarlo.compute_deviation(0.6 * (before + after.mean(axis=1)))
    assert abs(found.value - math.sqrt(compute_average_variance(0.6, day, window))) < 4 * found.error + 1e-4
    asset = Underlying(100, 0.6)
    for window in (600.0, 14_400.0):
        coarse, fine = (asian.price_twap(asset, 100, day, window, marks) for marks in (60, 120))
        assert price_on_average(asset, 100, day, window) == pytest.approx(2 * fine - coarse, rel=2e-5)


@pytest.mark.parametrize(("highest", "price"), [(100, 15.3526), (110, 16.8468), (120, 21.0645)])
def test_broadie_glasserman_kou_1999_continuous_lookback_put(highest: float, price: float) -> None:
    assert lookbacks.price_continuous(BGK_DOWN, YEAR / 2, highest) == pytest.approx(price, abs=6e-5)


@pytest.mark.parametrize("put", [True, False])
@pytest.mark.parametrize("away", [0.0, 12.0])
def test_every_continuous_lookback_is_quantlibs(put: bool, away: float) -> None:
    asset = Underlying(100, 0.35, 0.04, 0.01)
    extreme = 100 + away if put else 100 - away
    today, process = _quantlib_process(asset)
    payoff = QuantLib.FloatingTypePayoff(QuantLib.Option.Put if put else QuantLib.Option.Call)
    contract = QuantLib.ContinuousFloatingLookbackOption(extreme, payoff, QuantLib.EuropeanExercise(today + 365))
    contract.setPricingEngine(QuantLib.AnalyticContinuousFloatingLookbackEngine(process))
    # QuantLib's year has 365 days
    found = lookbacks.price_continuous(asset, YEAR, extreme, put)
    assert found == pytest.approx(float(contract.NPV()), abs=1e-9)


@pytest.mark.parametrize(
    ("marks", "exact", "corrected"),
    [
        (5, 10.0643, 9.6112),
        (10, 11.3978, 11.1624),
        (20, 12.4446, 12.3241),
        (40, 13.2394, 13.1782),
        (80, 13.8295, 13.7985),
        (160, 14.2610, 14.2455),
    ],
)
def test_spitzer_and_broadie_glasserman_kou_1999_lookback_on_marks(marks: int, exact: float, corrected: float) -> None:
    assert lookbacks.price_marked(BGK_DOWN, YEAR / 2, marks) == pytest.approx(exact, abs=6e-5)
    assert lookbacks.price_corrected(BGK_DOWN, YEAR / 2, marks) == pytest.approx(corrected, abs=6e-5)
    assert lookbacks.reflect_marks(BGK_DOWN, YEAR / 2, marks, 100) == pytest.approx(exact, abs=6e-5)


def test_160_marks_still_lose_seven_percent() -> None:
    lost = 1 - lookbacks.price_marked(BGK_DOWN, YEAR / 2, 160) / lookbacks.price_continuous(BGK_DOWN, YEAR / 2)
    assert lost == pytest.approx(0.07, abs=0.005)


@pytest.mark.parametrize("put", [True, False])
@pytest.mark.parametrize("asset", [BGK_DOWN, JUMPY], ids=["diffusion", "jumps"])
def test_spitzer_and_reflection_agree(asset: Underlying, put: bool) -> None:
    spitzer = lookbacks.price_marked(asset, YEAR / 4, 12, put=put)
    assert lookbacks.reflect_marks(asset, YEAR / 4, 12, 100, put) == pytest.approx(spitzer, abs=1e-8)


@pytest.mark.parametrize("put", [True, False])
@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_many_marks_approach_the_continuous_lookback(put: bool, rate: float) -> None:
    asset, extreme = Underlying(100, 0.3, rate), 104.0 if put else 96.0
    continuous = lookbacks.price_continuous(asset, YEAR / 4, extreme, put)
    marked = lookbacks.price_marked(asset, YEAR / 4, 320, extreme, put)
    assert marked < continuous
    corrected = lookbacks.price_corrected(asset, YEAR / 4, 320, extreme, put)
    assert corrected == pytest.approx(marked, rel=2e-3)


def test_fixed_strike_lookback_against_simulation() -> None:
    marks, expiry, strike = 8, YEAR / 4, 105.0

    def kernel(generator: np.random.Generator, size: int) -> np.ndarray:
        paths = 100 * np.exp(np.cumsum(BGK_DOWN.draw(generator, size, marks, expiry / marks), axis=1))
        return np.asarray(np.maximum(paths.max(axis=1) - strike, 0.0) * BGK_DOWN.discount(expiry))

    found = montecarlo.compute_mean(np.concatenate(montecarlo.run_blocks(kernel, 260_000, 3, workers=2)))
    assert found.agrees(lookbacks.price_fixed_strike(BGK_DOWN, strike, expiry, marks), 4.0)


def test_accumulator_is_its_strip_of_legs_and_each_leg_keeps_parity() -> None:
    contract, marks = Accumulator(95, 112, YEAR / 4, 6, gear=2.0), 24
    legs = accumulator.price_legs_marked(BGK_DOWN, contract, marks)
    assert accumulator.price_marked(BGK_DOWN, contract, marks) == pytest.approx(sum(out for out, _ in legs), abs=1e-8)
    for number, (out, into) in enumerate(legs, 1):
        expiry = contract.expiry * number / contract.fixings
        calls, puts = (price_european(BGK_DOWN, 95, expiry, call) for call in (True, False))
        assert out + into == pytest.approx(calls - 2 * puts, abs=1e-9)
    continuous = accumulator.price_continuous(BGK_DOWN, contract)
    costs = [accumulator.price_marked(BGK_DOWN, contract, n) - continuous for n in (24, 96, 384)]
    assert costs[0] / costs[1] == pytest.approx(2, abs=0.25)
    assert costs[1] / costs[2] == pytest.approx(2, abs=0.15), "the cost goes with the root of the interval"


def test_merton_1976_with_haugs_table() -> None:
    """s .25 in all, half of it from jumps (gamma .5), lambda 5, T .25, r .08."""
    total, share, rate = 0.25, 0.5, 5.0
    deviation = math.sqrt(share * total**2 / rate)
    asset = Underlying(100, math.sqrt((1 - share) * total**2), 0.08, jumps=Jumps(rate, -(deviation**2) / 2, deviation))
    for strike, price in zip((80, 90, 100, 110, 120), (21.73, 12.76, 5.87, 2.11, 0.66), strict=True):
        assert price_european(asset, strike, YEAR / 4) == pytest.approx(price, abs=0.01)


def test_quantlib_svi_slice() -> None:
    found = Slice(-0.0666, 0.229, 0.439, 0.193, 0.337)
    assert float(found.variance(0.193)) == pytest.approx(0.010573, abs=1e-12)
    k = np.linspace(-2, 2, 401)
    step = 1e-4
    slope = (found.variance(k + step) - found.variance(k - step)) / (2 * step)
    bend = (found.variance(k + step) - 2 * found.variance(k) + found.variance(k - step)) / step**2
    w = found.variance(k)
    wanted = (1 - k * slope / (2 * w)) ** 2 - slope**2 / 4 * (1 / w + 0.25) + bend / 2
    assert found.density_factor(k) == pytest.approx(wanted, abs=1e-5)


def test_butterfly_and_calendar_arbitrage_are_found() -> None:
    """Axel Vogt's slice (Gatheral and Jacquier 2014) has a negative density; a milder one has none."""
    vogt = Slice(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
    k = np.linspace(-1.5, 1.5, 301)
    assert find_butterfly(vogt, k).size
    mild = Slice(0.01, 0.05, -0.3, 0.0, 0.2)
    assert not find_butterfly(mild, k).size
    later = replace(mild, a=0.02)
    assert find_calendar([mild, later], k) == []
    assert {slice_ for slice_, _ in find_calendar([later, mild], k)} == {1}


def test_black76_keeps_parity_and_its_limits() -> None:
    strikes = np.array([50.0, 100.0, 200.0])
    assert black76(100, strikes, 0.4) - black76(100, strikes, 0.4, call=False) == pytest.approx(100 - strikes)
    assert black76(100, strikes, 0.0) == pytest.approx([50, 0, 0])


def test_options_front_agrees_with_the_modules() -> None:
    asset = Underlying(100, 0.6)
    for name in options.CONTRACTS:
        level = 95.0 if name.startswith("down") else 110.0
        terms = options.Terms(name, 86_400.0, 100.0, level, 14_400.0, 6, 2.0)
        coarse, fine = options.price_grid(asset, terms, [14_400.0, 3_600.0])
        assert coarse.cost is not None
        assert fine.cost is not None
        assert abs(fine.cost) < abs(coarse.cost), name
    terms = options.Terms("up-and-out-call", 86_400.0, 100.0, 110.0)
    jumpy = options.price(replace(asset, jumps=Jumps(50, 0, 0.03)), terms, 3_600.0)
    assert (jumpy.corrected, jumpy.continuous, jumpy.cost) == (None, None, None)


@pytest.mark.parametrize(
    ("attempt", "name"),
    [
        (lambda: Underlying(100, -0.2), "NEGATIVE_VOLATILITY"),
        (lambda: Underlying(math.nan, 0.2), "NOT_A_NUMBER"),
        (lambda: barriers.price_marked(BGK_UP, Barrier(100, 105, YEAR), 4), "OUT_OF_DOMAIN"),
        (lambda: barriers.price_marked(BGK_UP, Barrier(100, 120, YEAR), 0), "OUT_OF_DOMAIN"),
        (lambda: barriers.price_corrected(JUMPY, Barrier(100, 120, YEAR), 4), "OUT_OF_DOMAIN"),
        (lambda: lookbacks.price_marked(BGK_DOWN, YEAR, 4, 90), "OUT_OF_DOMAIN"),
        (lambda: asian.price_average(LEVY, 90, [2.0, 1.0], [0.5, 0.5]), "UNSORTED_TIMES"),
        (lambda: asian.price_average(LEVY, 90, [1.0, 2.0], [1.0]), "DIFFERENT_LENGTHS"),
        (lambda: asian.price_average(LEVY, 90, [], []), "EMPTY_SERIES"),
        (lambda: options.Terms("sideways", YEAR), "UNKNOWN_NAME"),
        (lambda: options.price(BGK_UP, options.Terms("asian-call", YEAR), YEAR / 4), "MISSING_CALIBRATION"),
        (lambda: options.count_marks(3_600.0, 7_200.0), "WINDOW_TOO_LONG"),
        (lambda: options.count_marks(3_600.0, 1_000.0), "OUT_OF_DOMAIN"),
        (lambda: accumulator.price_marked(BGK_DOWN, Accumulator(95, 120, YEAR, 6), 8), "OUT_OF_DOMAIN"),
        (lambda: Slice(-1.0, 0.1, 0.0, 0.0, 0.1), "OUT_OF_DOMAIN"),
        (lambda: compute_average_variance(0.6, 60.0, 120.0), "OUT_OF_DOMAIN"),
        (lambda: black76(100, -1, 0.2), "NOT_POSITIVE"),
    ],
)
def test_options_refuse_what_they_cannot_price(attempt: Callable[[], object], name: str) -> None:
    with pytest.raises(RiskInputError) as refused:
        attempt()
    assert refused.value.name == name

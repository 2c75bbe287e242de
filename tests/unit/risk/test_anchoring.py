"""Optimal anchoring (A7): laws, triggers, gas and bargaining against the memo and independent methods."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from kedge.risk import anchoring, gas
from kedge.risk.constants import YEAR_DAYS
from kedge.risk.errors import RiskInputError
from kedge.risk.montecarlo import compute_mean, run_blocks

Z_SIGMA = 0.6


@pytest.mark.parametrize(
    ("power", "share", "half", "double"),
    [(1.0, 1 / 2, 1.25, 1.25), (0.5, 1 / 3, 1.138, 1.110), (1 / 3, 1 / 4, 1.095, 1.070)],
)
def test_laws_gas_share_and_flatness(power: float, share: float, half: float, double: float) -> None:
    delay = anchoring.DelayCost(7e6, power)
    best = anchoring.compute_optimum(10.0, delay)
    found = minimize_scalar(
        lambda x: anchoring.compute_cost(10.0, delay, math.exp(x)),
        bounds=(0.0, 20.0),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert math.exp(found.x) == pytest.approx(best.interval, rel=1e-4)
    assert best.gas_share == pytest.approx(share)
    assert 1 - delay.compute_rate(best.interval) / best.cost == pytest.approx(share)
    for factor, ratio in ((0.5, half), (2.0, double)):
        cost = anchoring.compute_cost(10.0, delay, factor * best.interval)
        assert cost / best.cost == pytest.approx(ratio, abs=6e-4)
        assert cost / best.cost == pytest.approx(anchoring.compute_regret(power, factor))


@pytest.mark.parametrize(
    ("interest", "rate", "cost", "minutes", "daily"),
    [(1e8, 0.05, 10.0, 97.2, 446), (1e8, 0.2, 1.0, 8.3, 521), (1e9, 0.2, 1.0, 1.8, 2420)],
)
def test_capital_on_margin(interest: float, rate: float, cost: float, minutes: float, daily: float) -> None:
    best = anchoring.compute_optimum(cost, anchoring.compute_capital_cost(interest, rate, Z_SIGMA))
    assert best.interval / 60 == pytest.approx(minutes, rel=0.01)
    assert best.cost / YEAR_DAYS == pytest.approx(daily, rel=1e-3)
    if interest == 1e9:
        assert best.cost * best.gas_share / YEAR_DAYS == pytest.approx(807, abs=0.5)


def test_overshoot_channel() -> None:
    best = anchoring.compute_optimum(10.0, anchoring.compute_overshoot_cost(5e6 * YEAR_DAYS, Z_SIGMA))
    assert best.interval / 60 == pytest.approx(5.2, abs=0.05)
    assert best.cost / YEAR_DAYS == pytest.approx(8300, rel=0.01)


def test_fixed_latency_lengthens_the_interval() -> None:
    delay = anchoring.compute_capital_cost(1e9, 0.2, Z_SIGMA)
    assert anchoring.compute_optimum(10.0, delay).interval / 60 == pytest.approx(8.3, abs=0.05)
    best = anchoring.compute_optimum_with_latency(10.0, delay, 900.0)
    assert best.interval / 60 == pytest.approx(11.0, abs=0.05)
    for factor in (0.99, 1.01):
        assert anchoring.compute_cost(10.0, delay, best.interval * factor, 900.0) > best.cost
    far = anchoring.compute_optimum_with_latency(10.0, delay, 1e8).interval
    years = math.sqrt(2 * 10.0 * math.sqrt(1e8 / 31_557_600) / delay.scale)
    assert far == pytest.approx(years * 31_557_600, rel=1e-3)


def test_trigger_averages_by_greens_function_and_simulation() -> None:
    """Astrom and Bernhardsson's ratio 3: occupation density (B - |x|) of the exit time, then a fine walk."""
    x = np.linspace(-1.0, 1.0, 20_001)
    density = 1.0 - np.abs(x)
    found = anchoring.compute_trigger(1.0)
    assert np.trapezoid(density, x) == pytest.approx(found.interval, rel=1e-6)
    assert np.trapezoid(density * x**2, x) == pytest.approx(found.mean_square, rel=1e-6)
    assert np.trapezoid(density * np.abs(x), x) == pytest.approx(found.mean_size, rel=1e-6)
    assert anchoring.compute_clock(1.0).mean_square / found.mean_square == pytest.approx(3.0)


def test_trigger_simulated() -> None:
    step = 0.02

    def walk(generator: np.random.Generator, size: int) -> np.ndarray:
        z, squares, sizes = np.zeros(size), np.zeros(size), np.zeros(size)
        for at in range(3000):
            z += generator.standard_normal(size) * step
            z[np.abs(z) >= 1.0] = 0.0
            if at >= 1000:
                squares += z**2
                sizes += np.abs(z)
        return np.stack([squares, sizes]) / 2000

    squares, sizes = np.concatenate(run_blocks(walk, 1000, seed=4, block=500), axis=1)
    # the walk is caught 0.5826 steps beyond its bound
    wide = anchoring.compute_trigger(1.0 + 0.5826 * step)
    for samples, exact in ((squares, wide.mean_square), (sizes, wide.mean_size)):
        found = compute_mean(samples)
        assert abs(found.value - exact) < 3 * found.error + 2e-3


@pytest.mark.parametrize(("power", "ratio"), [(1.0, 0.577), (0.5, 0.732)])
def test_trigger_cost_ratios(power: float, ratio: float) -> None:
    assert anchoring.compute_trigger_ratio(power) == pytest.approx(ratio, abs=5e-4)


def test_count_trigger_costs_its_jitter() -> None:
    delay = anchoring.DelayCost(1.0, 0.5)

    def cost(trades: int, mean: float) -> float:
        times = np.linspace(1e-9, 1.0, 200_001) * mean * (1 + 12 / math.sqrt(trades)) * 2
        shape = (trades - 1) * np.log(times) - times * trades / mean
        law = np.exp(shape - shape.max())
        law /= np.trapezoid(law, times)
        return float((1.0 + np.trapezoid(law * times**1.5, times) * delay.scale) / mean)

    clock = minimize_scalar(lambda d: 1.0 / d + d**0.5, bounds=(0.1, 10.0), method="bounded").fun
    for trades in (1, 4, 50):
        best = minimize_scalar(lambda mean, n=trades: cost(n, mean), bounds=(0.1, 10.0), method="bounded").fun
        assert best / clock == pytest.approx(anchoring.compute_count_ratio(0.5, trades), rel=1e-3)


def test_nash_bargain_of_crapis_felten_mamageishvili() -> None:
    found = anchoring.compute_bargain(4.0)
    assert found.larger_share == pytest.approx(0.724, abs=5e-4)
    assert found.larger_share < 0.8
    assert (found.larger_saving, found.smaller_saving) == pytest.approx((0.191, 0.382), abs=5e-4)
    grid = np.linspace(0.0, 3.0 - math.sqrt(5.0), 100_001)
    gain = grid[np.argmax(grid * (3.0 - math.sqrt(5.0) - grid))]  # the product that Nash maximises
    assert (2.0 - gain) / math.sqrt(5.0) == pytest.approx(found.larger_share, abs=1e-4)
    assert anchoring.compute_bargain(1.0).larger_share == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("used", "fork", "factor"),
    [(21, "bpo2", 1.0817), (0, "bpo2", 0.8547), (9, "prague", 1.082), (0, "prague", 0.855), (6, "cancun", 1.125)],
)
def test_blob_fee_multipliers(used: int, fork: str, factor: float) -> None:
    assert gas.compute_blob_multiplier(used, fork) == pytest.approx(factor, abs=5e-4 if fork == "prague" else 5e-5)


def test_blob_multiplier_is_the_exponential_of_eip_4844() -> None:
    """The protocol's integer `fake_exponential` on both sides of one block."""

    def fake_exponential(numerator: int, denominator: int) -> int:
        total, term, i = 0, denominator * 10**12, 1
        while term > 0:
            total += term
            term = term * numerator // (denominator * i)
            i += 1
        return total // denominator

    schedule = gas.SCHEDULES["bpo2"]
    excess = 50 * schedule.fraction // 10
    after = excess + (schedule.limit - schedule.target) * gas.BLOB_GAS
    ratio = fake_exponential(after, schedule.fraction) / fake_exponential(excess, schedule.fraction)
    assert ratio == pytest.approx(gas.compute_blob_multiplier(schedule.limit), rel=1e-9)


def test_call_data_against_blobs() -> None:
    assert gas.compute_break_even_bytes(0.0, 1e9) == pytest.approx(204.8)
    assert gas.compute_break_even_bytes(0.0, 1e9, gas.CALLDATA_STANDARD) == pytest.approx(512.0)
    assert gas.compute_break_even_bytes(1e9, 1e9) == pytest.approx(131_072 / 40)
    assert gas.compute_break_even_bytes(1e9 / 16, 1e9) == pytest.approx(204.8)


def test_verifier_gas_and_recursion() -> None:
    assert gas.compute_groth16_gas(0) == 181_000
    assert gas.compute_groth16_gas(2) == 193_300
    assert gas.compute_recursion_latency(30.0, 10) == 120.0
    assert gas.compute_recursion_latency(30.0, 1) == 0.0
    delay = anchoring.compute_capital_cost(1e9, 0.2, Z_SIGMA)
    one, ten = anchoring.compute_optimum(10.0, delay), anchoring.compute_optimum(1.0, delay)
    assert ten.interval / one.interval == pytest.approx(0.215, abs=5e-4)
    assert ten.cost / one.cost == pytest.approx(0.464, abs=5e-4)
    assert gas.compute_shared_gas(800_000, 60_000, 10) == 140_000
    assert gas.compute_anchor_cost(800_000, 1, 5e9, 1e7, 3000.0) == pytest.approx(808_192 * 5e-9 * 3000)


def test_bad_inputs_are_named() -> None:
    refusals: dict[int, Callable[[], object]] = {
        1402: lambda: anchoring.compute_capital_cost(1e8, 0.2, -0.6),
        1412: lambda: anchoring.compute_optimum(0.0, anchoring.DelayCost(1.0, 0.5)),
        1401: lambda: anchoring.DelayCost(math.nan, 0.5),
        1408: lambda: anchoring.compute_bargain(0.5),
        1413: lambda: gas.compute_blob_multiplier(3, "osaka"),
    }
    for code, call in refusals.items():
        with pytest.raises(RiskInputError) as refused:
            call()
        assert refused.value.code == code

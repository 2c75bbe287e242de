"""Toxic flow (A6): LVR, the 25 cells of P_trade, Nezlobin and Tassy's 1.7164, stale quotes, and the measured band."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from kedge.risk import toxic
from kedge.risk.constants import BGK, YEAR_DAYS, YEAR_SECONDS
from kedge.risk.errors import RiskInputError
from kedge.risk.montecarlo import compute_mean, get_stream, run_blocks

FIVE_PERCENT_A_DAY = 0.05 * math.sqrt(YEAR_DAYS)
FEES = (1e-4, 5e-4, 10e-4, 30e-4, 100e-4)
TABLE = {
    600.0: (96.7, 85.5, 74.7, 49.5, 22.8),
    120.0: (92.9, 72.5, 56.9, 30.5, 11.6),
    12.0: (80.6, 45.5, 29.4, 12.2, 4.0),
    2.0: (63.0, 25.4, 14.5, 5.4, 1.7),
    0.05: (21.2, 5.1, 2.6, 0.9, 0.3),
}


def _bp_a_day(yearly: float) -> float:
    return yearly * 1e4 / YEAR_DAYS


def _steps(fee: float, interval: float) -> float:
    return fee / (FIVE_PERCENT_A_DAY * math.sqrt(interval / YEAR_SECONDS))


def test_lvr_of_five_percent_a_day_is_3_125_bp() -> None:
    assert _bp_a_day(toxic.compute_lvr(FIVE_PERCENT_A_DAY)) == pytest.approx(3.125, rel=1e-9)


@pytest.mark.parametrize("interval", TABLE)
def test_milionis_table_of_trade_probabilities(interval: float) -> None:
    row = [100 * toxic.compute_share(fee, FIVE_PERCENT_A_DAY, interval, "poisson") for fee in FEES]
    assert row == pytest.approx(TABLE[interval], abs=0.0501)


@pytest.mark.parametrize(("fee", "chance", "loss"), [(5e-4, 0.4545, 1.4205), (30e-4, 0.1220, 0.3811)])
def test_milionis_arbitrage_loss_at_12_s(fee: float, chance: float, loss: float) -> None:
    assert toxic.compute_share(fee, FIVE_PERCENT_A_DAY, 12.0, "poisson") == pytest.approx(chance, abs=6e-5)
    found = toxic.compute_arbitrage_loss(fee, FIVE_PERCENT_A_DAY, 12.0, "poisson")
    assert _bp_a_day(found) == pytest.approx(loss, abs=6e-5)


def test_poisson_law_against_simulation() -> None:
    """An independent method: the mispricing walked through exponential intervals."""
    gap = _steps(5e-4, 12.0)

    def walk(generator: np.random.Generator, size: int) -> np.ndarray:
        z, trades, losses = np.zeros(size), np.zeros(size), np.zeros(size)
        for step in range(340):
            z += generator.standard_normal(size) * np.sqrt(generator.standard_exponential(size))
            over = np.maximum(np.abs(z) - gap, 0.0)
            if step >= 40:
                trades += over > 0
                losses += over**2
            z = np.clip(z, -gap, gap)
        return np.stack([trades, losses]) / 300

    trades, losses = np.concatenate(run_blocks(walk, 4000, seed=11, block=1000), axis=1)
    share = toxic.compute_share(5e-4, FIVE_PERCENT_A_DAY, 12.0, "poisson")
    assert compute_mean(trades).agrees(share)
    assert compute_mean(losses).agrees(share)


def test_nezlobin_tassy_1_7164() -> None:
    """From the solved walk: its loss is 1 / (1 + 1.7164 g), with no constant put in."""
    for gap in (1.0, 2.0, 5.0):
        slope = (1.0 / toxic.solve_pool(gap).loss - 1.0) / gap
        assert slope == pytest.approx(1.7164, rel=1e-3)
    assert pytest.approx(1.7164, rel=1e-4) == 1.0 / BGK


@pytest.mark.parametrize(("interval", "fee", "loss"), [(12, 5e-4, 0.4068), (12, 30e-4, 0.1030), (600, 30e-4, 0.4477)])
def test_fixed_intervals_against_the_memo_simulation(interval: float, fee: float, loss: float) -> None:
    exact = toxic.solve_pool(_steps(fee, interval)).loss
    assert exact == pytest.approx(loss, abs=1e-3)
    assert toxic.compute_share(fee, FIVE_PERCENT_A_DAY, interval) == pytest.approx(exact, abs=1e-3)


def test_fixed_share_stays_within_its_stated_error() -> None:
    for gap in (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.5, 3.0):
        assert abs(BGK / (BGK + gap) - toxic.solve_pool(gap).loss) < 0.006


def test_solved_walk_against_simulation() -> None:
    generator, gap, z = get_stream(2), 0.7, np.zeros(20_000)
    trades, losses = [], []
    for step in range(120):
        z += generator.standard_normal(z.size)
        over = np.maximum(np.abs(z) - gap, 0.0)
        z = np.clip(z, -gap, gap)
        if step >= 20:
            trades.append((over > 0).mean())
            losses.append((over**2).mean())
    found = toxic.solve_pool(gap)
    assert np.mean(trades) == pytest.approx(found.trades, abs=0.002)
    assert np.mean(losses) == pytest.approx(found.loss, abs=0.004)
    assert toxic.solve_pool(0.0) == (1.0, 1.0)


def test_fixed_spacing_is_the_better_law() -> None:
    for interval in TABLE:
        fixed = toxic.compute_share(5e-4, FIVE_PERCENT_A_DAY, interval)
        assert fixed < toxic.compute_share(5e-4, FIVE_PERCENT_A_DAY, interval, "poisson")


@pytest.mark.parametrize(("latency", "loss"), [(1.0, 6e-7), (12.0, 0.302), (60.0, 2.77), (3600.0, 46.3)])
def test_stale_quote(latency: float, loss: float) -> None:
    found = toxic.compute_stale_loss(5e-4, 0.6, latency)
    assert found * 1e4 == pytest.approx(loss, rel=2e-3)
    deviation = 0.6 * math.sqrt(latency / YEAR_SECONDS)
    exact, _ = quad(lambda x: 2 * (x - 5e-4) * norm.pdf(x, scale=deviation), 5e-4, 5e-4 + 12 * deviation, epsabs=0)
    assert found == pytest.approx(exact, rel=1e-6)


def test_break_even_fee_breaks_even() -> None:
    for latency in (1.0, 60.0, 3600.0):
        fee = toxic.compute_break_even_fee(0.6, latency, 3650.0)
        earned = fee * 3650.0 * latency / YEAR_SECONDS
        assert toxic.compute_stale_loss(fee, 0.6, latency) == pytest.approx(earned, rel=1e-6)


def test_fritsch_canidio_band_flags_theory() -> None:
    cut = toxic.compute_cut(5e-4, FIVE_PERCENT_A_DAY, *toxic.MEASURED_INTERVALS)
    assert cut == pytest.approx(0.85, abs=0.01)
    assert not toxic.is_cut_measured(cut)
    assert toxic.is_cut_measured(0.2)
    assert toxic.is_cut_measured(0.7)
    assert not toxic.is_cut_measured(0.19)


def test_bad_inputs_are_named() -> None:
    refusals: dict[int, Callable[[], object]] = {
        1402: lambda: toxic.compute_lvr(-0.5),
        1401: lambda: toxic.compute_share(math.nan, 0.6, 12.0),
        1412: lambda: toxic.compute_share(-1e-4, 0.6, 12.0),
        1413: lambda: toxic.compute_share(1e-4, 0.6, 12.0, "erlang"),
        1408: lambda: toxic.compute_arbitrage_loss(1e-4, 3.0, YEAR_SECONDS, "poisson"),
    }
    for code, call in refusals.items():
        with pytest.raises(RiskInputError) as refused:
            call()
        assert refused.value.code == code

"""Backtests (A9): the numbers of MathWorks and of the Basel Committee, and procyclicality on series solved by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest

from kedge.risk import backtest
from kedge.risk.errors import RiskInputError
from kedge.risk.montecarlo import get_stream


def test_mathworks_kupiec() -> None:
    found = backtest.compute_kupiec(57, 1043, 0.05)
    assert found.ratio == pytest.approx(0.46147, abs=5e-6)
    assert found.p_value == pytest.approx(0.49694, abs=5e-6)


def test_mathworks_christoffersen_and_joint() -> None:
    pairs = backtest.compute_independence(backtest.Transitions(932, 53, 53, 4))
    assert (pairs.ratio, pairs.p_value) == pytest.approx((0.25866, 0.61104), abs=5e-6)
    joint = backtest.compute_conditional(backtest.compute_kupiec(57, 1043, 0.05), pairs)
    assert (joint.ratio, joint.p_value, joint.freedom) == pytest.approx((0.72013, 0.69763, 2), abs=5e-6)


@pytest.mark.parametrize(
    ("breaches", "cumulative", "colour"),
    [(4, 0.8922, "green"), (5, 0.9588, "yellow"), (9, 0.9997, "yellow"), (10, 0.9999, "red")],
)
def test_basel_zones_of_250_days(breaches: int, cumulative: float, colour: str) -> None:
    zone = backtest.compute_zone(breaches)
    assert zone.colour == colour
    assert zone.cumulative == pytest.approx(cumulative, abs=6e-5)
    exact = sum(math.comb(250, k) * 0.01**k * 0.99 ** (250 - k) for k in range(breaches + 1))
    assert zone.cumulative == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    ("observations", "rate", "region"), [(510, 0.01, (2, 10)), (1000, 0.01, (5, 16)), (1000, 0.005, (2, 9))]
)
def test_kupiec_table_of_non_rejection(observations: int, rate: float, region: tuple[int, int]) -> None:
    assert backtest.compute_acceptance(observations, rate) == region


def test_kupiec_agrees_with_the_exact_binomial_test_in_its_verdict() -> None:
    for breaches in (0, 2, 10, 22, 40):
        exact = binomtest(breaches, 1000, 0.01).pvalue
        assert (backtest.compute_kupiec(breaches, 1000, 0.01).p_value < 0.05) == (exact < 0.05)


def test_christoffersen_finds_breaches_that_come_together() -> None:
    hits = np.zeros(1000)
    hits[::100] = 1
    alone = backtest.compute_independence(backtest.count_transitions(hits))
    hits[:] = 0
    hits[500:510] = 1
    together = backtest.compute_independence(backtest.count_transitions(hits))
    assert alone.p_value > 0.5
    assert together.p_value < 1e-6


def test_thinning_restores_the_size_of_kupiec_under_overlap() -> None:
    """Overlapping sums of 10: the test at 5 % rejects far too often; thinned to every tenth, about as promised."""
    rejected = np.zeros(2)
    quantile = 1.6448536269514722 * math.sqrt(10)
    for block in range(200):
        steps = get_stream(3, block).standard_normal(3009)
        sums = np.convolve(steps, np.ones(10), mode="valid")
        hits = (sums > quantile).astype(float)
        for at, kept in enumerate((hits, backtest.thin(hits, 10))):
            rejected[at] += backtest.compute_kupiec(int(kept.sum()), kept.size, 0.05).p_value < 0.05
    assert rejected[0] / 200 > 0.25
    assert rejected[1] / 200 < 0.11


def test_bootstrap_knows_of_the_overlap() -> None:
    steps = get_stream(5).standard_normal(20_009)
    hits = (np.convolve(steps, np.ones(10), mode="valid") > 1.6448536269514722 * math.sqrt(10)).astype(float)
    found = backtest.bootstrap_rate(hits, 50, seed=1)
    naive = math.sqrt(found.value * (1 - found.value) / hits.size)
    assert found.agrees(0.05)
    assert 1.7 * naive < found.error < 4.0 * naive
    assert backtest.bootstrap_rate(hits, 50, seed=1) == found


def test_eurex_figures_on_a_series_solved_by_hand() -> None:
    margins = np.array([1.0, 1.2, 1.1, 2.0, 1.5, 1.6, 0.8, 1.0, 1.0, 1.0, 1.0, 1.2])
    losses = np.array([0.5, 1.5, 0.0, -1.0, 0.2, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0])
    found = backtest.compute_procyclicality(margins, losses, 1.0)
    assert found.coverage == pytest.approx(10 / 12)
    assert found.loss_to_margin == pytest.approx(1.25)
    assert found.increase_1d == pytest.approx(2.0 / 1.1 - 1)
    assert found.increase_5d == pytest.approx(0.6)
    assert found.increase_10d == pytest.approx(0.0)
    assert found.peak_to_trough == pytest.approx(1.5)
    assert math.isnan(backtest.compute_procyclicality(margins[:8], losses[:8], 1.0).increase_10d)


def test_worst_run() -> None:
    hits = [0, 1, 1, 0, 0, 0, 1, 1, 1, 0]
    assert backtest.find_worst_run(hits, 4) == 3
    assert backtest.find_worst_run(hits, 10) == 5


def test_bad_inputs_are_named() -> None:
    cases: dict[int, Callable[[], object]] = {
        1408: lambda: backtest.compute_kupiec(11, 10, 0.01),
        1411: lambda: backtest.count_transitions([0.0, 0.5]),
        1407: lambda: backtest.thin(np.zeros(5), 6),
        1403: lambda: backtest.bootstrap_rate([], 3, 1),
        1401: lambda: backtest.compute_procyclicality([1.0, math.nan], [0.0, 0.0], 1.0),
        1410: lambda: backtest.compute_procyclicality([1.0, 1.0], [0.0, 0.0, 0.0], 1.0),
        1412: lambda: backtest.compute_procyclicality([1.0, 0.0], [0.0, 0.0], 1.0),
    }
    for code, call in cases.items():
        with pytest.raises(RiskInputError) as refused:
            call()
        assert refused.value.code == code

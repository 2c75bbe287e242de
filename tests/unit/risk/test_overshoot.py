"""A5, liquidation overshoot: the exact law by transform inversion, a linear solve and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from kedge.risk import BGK, RiskInputError, laws, overshoot
from kedge.risk.constants import POISSON_OVERSHOOT, YEAR_SECONDS
from kedge.risk.montecarlo import compute_deviation, compute_mean, compute_quantile


def test_zeta_of_one_half_by_mpmath() -> None:
    from mpmath import mp, zeta

    mp.dps = 30
    assert pytest.approx(float(-zeta(0.5) / (2 * mp.pi) ** 0.5), abs=1e-15) == BGK


@pytest.mark.parametrize(("level", "value"), [(0.5, 0.451), (0.95, 1.580), (0.99, 2.183), (0.999, 2.902)])
def test_risk_memo_overshoot_quantiles(level: float, value: float) -> None:
    assert overshoot.clock_quantile(level) == pytest.approx(value, abs=6e-4)


def test_risk_memo_overshoot_shortfall_and_moments() -> None:
    """Mean .5826, sd exactly .5, ES99 2.499 (memo; 2.5004 here, 0.06 % above)."""
    points, tail = overshoot.clock_law()
    mean = integrate.simpson(tail, x=points)
    assert mean == pytest.approx(0.5826, abs=5e-5)
    assert mean == pytest.approx(overshoot.MEAN, abs=1e-6)
    assert math.sqrt(integrate.simpson(2 * points * tail, x=points) - mean**2) == pytest.approx(0.5, abs=1e-6)
    assert overshoot.clock_shortfall(0.99) == pytest.approx(2.499, rel=1e-3)


def test_overshoot_law_by_a_linear_solve() -> None:
    """g(y) = P(overshoot > x from y below) solves g = Q(y + x) + K g on a long half-line: another method."""
    size, end = 1280, 32.0
    step = end / size
    y = (np.arange(size) + 0.5) * step
    kernel = stats.norm.pdf(y[:, None] - y) * step
    system = np.eye(size) - kernel
    reach = np.linalg.solve(system, stats.norm.sf(y))
    far = np.abs(y - 12.0) < 3.0
    for x, tail in ((0.451, 0.5), (1.580, 0.05), (2.183, 0.01)):
        beyond = np.linalg.solve(system, stats.norm.sf(y + x))
        assert np.mean(beyond[far] / reach[far]) == pytest.approx(tail, rel=2e-3)


def test_siegmund_1979_overshoot_by_simulation() -> None:
    """Mean .5826, sd .500, q99 2.18, each within 1 %."""
    found = overshoot.simulate(laws.Fixed(3600.0), 0.6, 60_000, 1)
    values = found.values / found.unit
    assert found.unit == pytest.approx(0.6 * math.sqrt(3600 / YEAR_SECONDS))
    assert compute_mean(values).agrees(0.5826)
    assert compute_deviation(values).agrees(0.5)
    assert compute_quantile(values, 0.99).agrees(2.183)
    assert values.mean() == pytest.approx(0.5826, rel=0.01)
    assert values.std() == pytest.approx(0.5, rel=0.01)
    assert np.quantile(values, 0.99) == pytest.approx(2.183, rel=0.02)


def test_poisson_anchors_overshoot_exponentially() -> None:
    """Exp with mean .7071, q99 3.256: the law, and simulated."""
    assert pytest.approx(0.7071, abs=5e-5) == POISSON_OVERSHOOT
    assert overshoot.poisson_quantile(0.99) == pytest.approx(3.256, abs=5e-4)
    found = overshoot.simulate(laws.Gamma(60.0), 0.6, 20_000, 2, most=500)
    values = found.values / found.unit
    assert compute_mean(values).agrees(POISSON_OVERSHOOT)
    assert stats.kstest(values, "expon", args=(0, POISSON_OVERSHOOT)).pvalue > 1e-3


def test_maintenance_covers_overshoot_execution_and_fee() -> None:
    bare = overshoot.required_maintenance(0.6, 3600.0, 0.0, 0.0)
    assert bare == pytest.approx(2.183 * 0.6 / math.sqrt(8766), rel=3e-4)
    full = overshoot.required_maintenance(0.6, 3600.0, 120.0, 0.005)
    assert full - bare == pytest.approx(0.005 + 2.3263 * 0.6 * math.sqrt(120 / YEAR_SECONDS), rel=1e-4)
    poisson = overshoot.required_maintenance(0.6, 3600.0, 0.0, 0.0, poisson=True)
    assert poisson / bare == pytest.approx(3.256 / 2.183, rel=1e-3)


def test_reproducible_and_bounded() -> None:
    one, two = (overshoot.simulate(laws.Fixed(60.0), 0.6, 3000, 5).values for _ in range(2))
    assert np.array_equal(one, two)
    with pytest.raises(RiskInputError, match=r"1408.*never got"):
        overshoot.simulate(laws.Fixed(60.0), 0.6, 2000, 5, distance=50.0, most=10)
    with pytest.raises(RiskInputError, match="1402"):
        overshoot.required_maintenance(-0.6, 60.0, 0.0, 0.0)
    with pytest.raises(RiskInputError, match="1408"):
        overshoot.clock_quantile(0.9999999)

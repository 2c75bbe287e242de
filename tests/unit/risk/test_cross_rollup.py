"""A13: unified margin across rollups less the buffers for collateral in transit."""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from kedge.risk import YEAR_SECONDS, RiskInputError, montecarlo
from kedge.risk.cross_rollup import (
    compute_break_even,
    compute_excursion,
    compute_excursion_quantile,
    compute_netting,
)

LEGS, VOLS, MATRIX = [10e6, -8e6], [0.6, 0.7], [[1.0, 0.85], [0.85, 1.0]]
HOUR = 3_600.0


def test_two_sided_excursion_quantile_is_2_8070() -> None:
    found = compute_excursion_quantile(0.99)
    assert found == pytest.approx(2.8070, abs=5e-5)

    def series(x: mpmath.mpf) -> mpmath.mpf:
        """The other expansion of the same law, by reflection: sum of (-1)^k P((2k-1)x < B < (2k+1)x)."""
        parts = ((-1) ** k * (mpmath.ncdf((2 * k + 1) * x) - mpmath.ncdf((2 * k - 1) * x)) for k in range(-20, 21))
        return mpmath.fsum(parts)

    assert float(series(mpmath.mpf(found))) == pytest.approx(0.99, abs=1e-12)
    for x in (0.5, 1.0, 3.0):
        assert compute_excursion(x) == pytest.approx(float(series(mpmath.mpf(x))), abs=1e-12)


def test_one_sided_excursion_quantile_is_2_5758() -> None:
    assert compute_excursion_quantile(0.99, two_sided=False) == pytest.approx(2.5758, abs=5e-5)


def test_excursion_against_simulation() -> None:
    """The largest |B| on a fine grid falls short of the supremum by about 0.5826 sqrt(dt)."""
    steps = 512
    walk = np.cumsum(montecarlo.get_stream(2).standard_normal((30_000, steps)), axis=1) / math.sqrt(steps)
    found = montecarlo.compute_quantile(np.abs(walk).max(axis=1) + 0.5826 / math.sqrt(steps), 0.99)
    assert abs(found.value - 2.8070) < 4 * found.error


def test_netted_margin_is_the_quadratic_form() -> None:
    found = compute_netting(LEGS, VOLS, MATRIX, HOUR, [0.0, 0.0])
    z, root = 2.326347874, math.sqrt(HOUR / YEAR_SECONDS)
    assert found.isolated == pytest.approx(z * root * (6e6 + 5.6e6))
    assert found.netted == pytest.approx(z * root * math.sqrt(6e6**2 + 5.6e6**2 - 2 * 0.85 * 6e6 * 5.6e6))
    assert found.buffers == (0.0, 0.0)
    assert found.benefit == found.gross


def test_the_benefit_falls_to_nothing_as_messages_slow() -> None:
    saved = [compute_netting(LEGS, VOLS, MATRIX, HOUR, [t, t]).benefit for t in (0, 12, 60, 300, 900, 3_600, 14_400)]
    assert saved == sorted(saved, reverse=True)
    assert saved[0] > 0
    assert saved[-2:] == [0.0, 0.0]
    even = compute_break_even(LEGS, VOLS, MATRIX, HOUR)
    assert compute_netting(LEGS, VOLS, MATRIX, HOUR, [even, even]).net == pytest.approx(0.0, abs=1e-3)
    assert compute_break_even(LEGS, VOLS, MATRIX, 4 * HOUR) == pytest.approx(4 * even), "it grows with the window"


def test_legs_without_anything_to_net_gain_nothing() -> None:
    same = compute_netting([1e6, 1e6], [0.6, 0.6], np.ones((2, 2)), HOUR, [0, 0])
    assert same.gross == pytest.approx(0.0, abs=1e-6)
    one = compute_netting([1e6], [0.6], [[1.0]], HOUR, [60])
    assert one.benefit == 0.0
    opposite = compute_netting([1e6, -1e6], [0.6, 0.6], np.ones((2, 2)), HOUR, [0, 0])
    assert opposite.netted == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(
    ("attempt", "name"),
    [
        (lambda: compute_netting(LEGS, VOLS, [[1, 2], [2, 1]], HOUR, [0, 0]), "BAD_SHAPE"),
        (lambda: compute_netting(LEGS, [0.6], MATRIX, HOUR, [0, 0]), "DIFFERENT_LENGTHS"),
        (lambda: compute_netting(LEGS, [0.6, -0.1], MATRIX, HOUR, [0, 0]), "NEGATIVE_VOLATILITY"),
        (lambda: compute_netting(LEGS, VOLS, MATRIX, HOUR, [0, -1]), "NOT_POSITIVE"),
        (lambda: compute_netting([], [], np.zeros((0, 0)), HOUR, []), "EMPTY_SERIES"),
        (lambda: compute_netting(LEGS, VOLS, MATRIX, HOUR, [0, math.inf]), "NOT_A_NUMBER"),
        (lambda: compute_break_even([0.0, 0.0], VOLS, MATRIX, HOUR), "NOT_POSITIVE"),
        (lambda: compute_excursion_quantile(1.0), "NOT_A_PROBABILITY"),
    ],
)
def test_cross_rollup_refuses(attempt: Callable[[], object], name: str) -> None:
    with pytest.raises(RiskInputError) as refused:
        attempt()
    assert refused.value.name == name

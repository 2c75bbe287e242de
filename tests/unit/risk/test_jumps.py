"""Diffusion and jumps from a record: known parameters come back, and nothing is lost of the variance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kedge.risk import RiskInputError
from kedge.risk.jumps import fit_jumps
from kedge.risk.montecarlo import get_stream

HOURS = 8766.0


def test_parameters_of_a_simulated_market_come_back() -> None:
    size, generator = 40_000, get_stream(5)
    returns = generator.standard_normal(size) * 0.5 / math.sqrt(HOURS)
    counts = generator.poisson(50.0 / HOURS, size)
    returns += np.sqrt(counts) * 0.05 * generator.standard_normal(size)
    found = fit_jumps(returns, HOURS)
    assert found.volatility == pytest.approx(0.5, rel=0.02)
    # jumps within what the diffusion does in an hour cannot be seen: those that can are fewer and larger
    assert 0.5 * 50 < found.rate < 50
    assert 0.05 < found.deviation < 0.07
    total = math.sqrt(float((returns**2).sum()) * HOURS / size)
    assert math.sqrt(found.volatility**2 + found.rate * found.deviation**2) == pytest.approx(total)


def test_a_diffusion_has_no_jumps() -> None:
    found = fit_jumps(get_stream(6).standard_normal(20_000) * 0.01, 252.0)
    assert found.jumps <= 5  # of 20,000
    assert found.volatility == pytest.approx(0.01 * math.sqrt(252), rel=0.02)


def test_series_without_an_answer_are_refused() -> None:
    for returns, code in ((np.zeros(500), 1408), (np.full(50, 0.01), 1403), (np.full(500, math.nan), 1401)):
        with pytest.raises(RiskInputError) as refused:
            fit_jumps(returns, 252.0)
        assert refused.value.code == code

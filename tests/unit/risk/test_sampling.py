"""Data-availability sampling (A12): the tables of EIP-7594 and of Al-Bassam, Sonnino and Buterin, and coverage."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from kedge.risk import sampling
from kedge.risk.errors import RiskInputError
from kedge.risk.montecarlo import compute_mean, get_stream


@pytest.mark.parametrize(("samples", "chance"), [(4, 0.0558), (8, 0.002709), (16, 3.93e-6), (32, 6.2e-13)])
def test_fulu_false_accept_of_one_node(samples: int, chance: float) -> None:
    assert sampling.compute_false_accept(samples) == pytest.approx(chance, rel=2e-3)


def test_false_accept_equals_exact_fractions() -> None:
    for samples in (1, 8, 40, 63):
        exact = mpmath.binomial(63, samples) / mpmath.binomial(128, samples)
        assert sampling.compute_false_accept(samples) == pytest.approx(float(exact), rel=1e-9)
    assert sampling.compute_false_accept(64) == 0.0
    assert 1 / sampling.compute_false_accept(8) == pytest.approx(369, abs=0.5)
    assert 1 / sampling.compute_false_accept(16) == pytest.approx(255_000, rel=1e-3)


@pytest.mark.parametrize(
    ("fraction", "exponent"), [(0.01, 0.0), (0.02, -20.04), (0.03, -101.55), (0.04, -198.24), (0.05, -306.34)]
)
def test_eip_7594_exponents(fraction: float, exponent: float) -> None:
    assert sampling.compute_fooled_exponent(fraction, 10_000, 8) == pytest.approx(exponent, abs=0.01)


@pytest.mark.parametrize(("fraction", "exponent"), [(0.02, -51.84), (0.03, -149.24)])
def test_exponents_tightened_by_sampling_without_replacement(fraction: float, exponent: float) -> None:
    found = sampling.compute_fooled_exponent(fraction, 10_000, 8, tight=True)
    assert found == pytest.approx(exponent, abs=0.01)
    fooled = round(fraction * 10_000)
    with mpmath.workdps(40):
        one = mpmath.binomial(63, 8) / mpmath.binomial(128, 8)
        exact = mpmath.log10(mpmath.binomial(10_000, fooled) * mpmath.binomial(128, 63)) + fooled * mpmath.log10(one)
    assert found == pytest.approx(float(exact), abs=1e-6)


@pytest.mark.parametrize(("samples", "chance"), [(3, 0.581), (15, 0.987)])
def test_al_bassam_detection_on_a_square_of_side_256(samples: int, chance: float) -> None:
    assert sampling.compute_square_detection(samples, 256) == pytest.approx(chance, abs=6e-4)


@pytest.mark.parametrize(("samples", "clients"), [(2, 692), (5, 277), (10, 138), (20, 69), (50, 28)])
def test_al_bassam_clients_that_recover_at_99_percent(samples: int, clients: int) -> None:
    assert sampling.compute_clients_needed(samples, 16, 0.99) == pytest.approx(clients, rel=0.01)


@pytest.mark.parametrize(
    ("custody", "nodes", "chance"),
    [(8, 10, 0.1832), (8, 12, 0.96), (8, 14, 1.0), (4, 22, 0.61), (4, 25, 0.98), (4, 30, 1.0)],
)
def test_coverage_by_honest_nodes(custody: int, nodes: int, chance: float) -> None:
    """The memo's simulated .20 (8, 10) and .62 (4, 22) are .183 and .609 exactly; the simulation below agrees."""
    exact = sampling.compute_coverage(nodes, custody)
    assert exact == pytest.approx(chance, abs=0.006)
    stream = get_stream(7)
    draws = stream.random((1500, nodes, 128)).argpartition(custody, axis=2)[:, :, :custody]
    covered = np.zeros((1500, 128), dtype=bool)
    np.put_along_axis(covered, draws.reshape(1500, -1), True, axis=1)
    found = compute_mean((covered.sum(axis=1) >= 64).astype(float))
    assert abs(found.value - exact) <= 3 * max(found.error, 1e-3)


def test_bad_inputs_are_named() -> None:
    for call in (
        lambda: sampling.compute_false_accept(129),
        lambda: sampling.compute_false_accept(4, 127),
        lambda: sampling.compute_fooled_exponent(0.00001, 100, 8),
        lambda: sampling.compute_clients_needed(2, 65, 0.99),
    ):
        with pytest.raises(RiskInputError) as refused:
            call()
        assert refused.value.code == 1408
    with pytest.raises(RiskInputError, match=r"1411 .*confidence = 1\.0"):
        sampling.compute_clients_needed(2, 16, 1.0)

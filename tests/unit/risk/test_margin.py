"""A2, window-aware margin: budgets per year, the jump floor, and tails from data."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from kedge.risk import RiskInputError, filters, laws, margin, models, tails
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.laws import Law
from kedge.risk.models import Gauss, Kou, Merton, fixed_window
from kedge.risk.montecarlo import get_stream

ILLUSTRATION = Merton(0.5, 50.0, 0.03)
DATA = Path(__file__).parent / "data" / "dem_gbp_daily_1984_1991.csv"

# window (s); ES99 of GBM and Merton, 1 breach a year of GBM and Merton (%); bad debt per window at 2.5 % (bp)
TABLE = [
    (12.0, 0.089, 0.084, 0.166, 6.16, 0.0, 6.5e-4),
    (60.0, 0.200, 0.194, 0.346, 6.16, 0.0, 3.2e-3),
    (900.0, 0.773, 0.842, 1.17, 6.19, 1e-17, 0.049),
    (3600.0, 1.55, 1.81, 2.14, 6.26, 1e-4, 0.20),
    (43_200.0, 5.36, 6.04, 6.02, 7.32, 10.3, 10.4),
]


@pytest.mark.parametrize("row", TABLE, ids=[f"{row[0]:g}s" for row in TABLE])
def test_risk_memo_table_why_budgets_must_be_annual(row: tuple[float, ...]) -> None:
    seconds, gauss_es, merton_es, gauss_year, merton_year, gauss_debt, merton_debt = row
    gauss, window = Gauss(ILLUSTRATION.total_volatility), fixed_window(seconds)
    cases = ((gauss, gauss_es, gauss_year, gauss_debt), (ILLUSTRATION, merton_es, merton_year, merton_debt))
    for model, es, year, debt in cases:
        losses = model.over(window)
        assert 100 * models.compute_es(losses, 0.99) == pytest.approx(es, rel=0.006)
        assert 100 * margin.compute_margin(model, window, 1.0) == pytest.approx(year, rel=0.004)
        assert 1e4 * losses.excess(0.025) == pytest.approx(debt, rel=0.15 if debt < 1e-10 else 0.02, abs=1e-30)


def test_risk_memo_total_volatility_and_floor() -> None:
    """54.3 % a year in all; floor 6.16 % = root of lam P(J > m) = budget."""
    assert ILLUSTRATION.total_volatility == pytest.approx(0.543, abs=5e-4)
    floor = models.jump_floor(ILLUSTRATION, 1.0)
    assert floor == pytest.approx(0.0616, abs=5e-5)
    assert 50 * stats.norm.sf(floor / 0.03) == pytest.approx(1.0, abs=1e-9)
    kou = Kou(0.5, 50.0, 0.5, 0.02, 0.03)
    assert models.jump_floor(kou, 1.0) == pytest.approx(0.02 * math.log(25.0))
    assert models.jump_floor(kou, 30.0) == 0.0
    for seconds in (12.0, 60.0):
        assert margin.compute_margin(ILLUSTRATION, fixed_window(seconds), 1.0) > floor * (1 - 1e-3)


def test_fixed_confidence_per_minute_is_5260_breaches_a_year() -> None:
    assert margin.breaches_per_year(60.0, 0.99) == pytest.approx(5260, abs=1)


def test_mcneil_danish_fire_tail() -> None:
    tail = tails.ParetoTail(10.0, 0.497, 6.975, 109, 2167)
    assert tail.var(0.99) == pytest.approx(27.29, abs=0.005)
    assert tail.es(0.99) == pytest.approx(58.24, abs=0.005)
    mean = integrate.quad(tail.var, 0.99, 1.0, limit=400)[0] / 0.01
    assert tail.es(0.99) == pytest.approx(mean, rel=1e-3)


def test_pareto_fit_recovers_its_parameters_like_scipy() -> None:
    losses = stats.genpareto.rvs(0.3, scale=2.0, size=20_000, random_state=get_stream(1)) + 5.0
    found = tails.fit_pareto(losses, 0.9)
    excess = losses[losses > found.threshold] - found.threshold
    shape, _, scale = stats.genpareto.fit(excess, floc=0.0)
    assert found.shape == pytest.approx(shape, abs=1e-3)
    assert found.scale == pytest.approx(scale, rel=1e-3)
    assert found.var(0.999) == pytest.approx(float(stats.genpareto.ppf(0.999, 0.3, scale=2.0)) + 5.0, rel=0.1)


def test_bollerslev_ghysels_garch_benchmark() -> None:
    """DEM/GBP, n = 1974: mu to 2 digits, omega, alpha, beta to 3 (and in fact to 5)."""
    returns = np.loadtxt(DATA, skiprows=1)
    found = filters.fit_garch(returns)
    assert returns.size == 1974
    assert found.mu == pytest.approx(-0.00619041, rel=5e-3)
    assert found.omega == pytest.approx(0.0107613, rel=5e-4)
    assert found.alpha == pytest.approx(0.153134, rel=5e-4)
    assert found.beta == pytest.approx(0.805974, rel=5e-4)


def test_arch_package_agrees_once_its_backcast_is_set() -> None:
    from arch import arch_model

    returns = np.loadtxt(DATA, skiprows=1)
    found = filters.fit_garch(returns)
    squares = float(np.mean((returns - found.mu) ** 2))
    model = arch_model(returns, mean="Constant", vol="GARCH", p=1, q=1, rescale=False)
    other = model.fit(disp="off", backcast=squares, tol=1e-12, options={"maxiter": 500})
    mine = [found.mu, found.omega, found.alpha, found.beta]
    assert mine == pytest.approx(list(other.params), rel=5e-3)
    default = model.fit(disp="off")
    assert default.params["alpha[1]"] < 0.148, "the default backcast is the trap that the memo describes"


def test_riskmetrics_ewma_by_recursion() -> None:
    returns = get_stream(2).standard_normal(50)
    variance = float((returns**2).mean())
    for step, value in enumerate(filters.ewma_variances(returns)):
        assert value == pytest.approx(variance)
        if step < returns.size:
            variance = 0.94 * variance + 0.06 * returns[step] ** 2


def test_kou_tail_by_simulation() -> None:
    model, seconds, size = Kou(0.6, 200.0, 0.4, 0.02, 0.03), 12 * 3600.0, 1_000_000
    generator, years = get_stream(6), 12 * 3600.0 / YEAR_SECONDS
    counts = generator.poisson(model.rate * years, size)
    losses = model.vol * math.sqrt(years) * generator.standard_normal(size)
    for n in range(counts.max()):
        some = np.flatnonzero(counts > n)
        adverse = generator.random(some.size) < model.adverse
        losses[some] += np.where(adverse, model.up, -model.down) * generator.standard_exponential(some.size)
    law = model.over(fixed_window(seconds))
    for m in (0.01, 0.03, 0.06):
        share, excess = (losses > m).astype(float), np.maximum(losses - m, 0.0)
        assert abs(law.tail(m) - share.mean()) < 3.5 * share.std() / math.sqrt(size)
        assert abs(law.excess(m) - excess.mean()) < 3.5 * excess.std() / math.sqrt(size)


def test_merton_tail_by_fourier_inversion() -> None:
    model, years = Merton(0.5, 50.0, 0.03, 0.01), 3600.0 / YEAR_SECONDS
    law = model.over(fixed_window(3600.0))

    def integrand(u: float, m: float) -> float:
        jump = np.exp(1j * u * model.mean - 0.5 * (u * model.deviation) ** 2) - 1
        value = np.exp(-1j * u * m - 0.5 * model.vol**2 * u * u * years + model.rate * years * jump) / (1j * u)
        return float(np.real(value))

    for m in (0.005, 0.02, 0.06):
        found = 0.5 + integrate.quad(integrand, 1e-12, 1500.0, args=(m,), limit=2000)[0] / math.pi
        assert law.tail(m) == pytest.approx(found, abs=1e-8)


def test_tail_and_excess_are_consistent() -> None:
    for model in (Gauss(0.6), ILLUSTRATION, Kou(0.5, 50.0, 0.5, 0.02, 0.03)):
        law = model.over(fixed_window(3600.0))
        exact = integrate.quad(law.tail, 0.01, 0.4, limit=400, epsabs=1e-13)[0]
        assert law.excess(0.01) == pytest.approx(exact, rel=1e-5)


def test_implied_mpor_of_todays_venues() -> None:
    """Memo 1.3 at 60 %: 0.4 % 4.3 min, 1 % 27 min, 1.2 % 39 min, 1.25 % 42 min, 3 % 4.05 h."""
    minutes = [margin.implied_mpor(m, 0.6) / 60 for m in (0.004, 0.01, 0.012, 0.0125, 0.03)]
    assert minutes == pytest.approx([4.3, 27.0, 39.0, 42.2, 4.05 * 60], rel=0.01)


def test_power_law_margin_grows_with_the_cube_root() -> None:
    one, eight = (margin.power_law_margin(100.0, 1e-5, 3.0, d, 0.9999) for d in (3600.0, 8 * 3600.0))
    assert eight / one == pytest.approx(2.0)
    with pytest.raises(RiskInputError, match="1408"):
        margin.power_law_margin(1.0, 1e-5, 3.0, 60.0, 0.99)


def test_impact_and_rollback_add_to_the_window() -> None:
    one, four = (margin.impact_addon(0.8, 0.6, quantity, 100.0) for quantity in (1.0, 4.0))
    assert one == pytest.approx(0.8 * 0.6 / math.sqrt(365.25) * 0.1)
    assert four == pytest.approx(2 * one)
    with pytest.raises(RiskInputError, match="1408"):
        margin.impact_addon(0.8, 0.6, 200.0, 100.0)
    found = margin.engine_margin(Gauss(0.6), fixed_window(122.0), 9 * 3600.0, 0.99)
    assert found == pytest.approx(2.3263 * 0.0192, rel=2e-3), "the rollback, not the execution, sets it"
    assert margin.engine_margin(Gauss(0.6), fixed_window(122.0), 60.0, 0.99) < 0.1 * found


def test_three_margins_are_ordered() -> None:
    stages: dict[str, Law] = {"anchor": laws.clock(3600.0), "proof": laws.Fixed(300.0), "execution": laws.Fixed(120.0)}
    found = margin.compute_margins(ILLUSTRATION, stages, 1.0, 3600.0)
    assert found.initial > found.maintenance > found.close_out > models.jump_floor(ILLUSTRATION, 1.0)


def test_filtered_simulation_of_normal_returns_is_gaussian() -> None:
    returns = 0.01 * get_stream(9).standard_normal(3000)
    fitted = filters.fit_garch(returns)
    losses = filters.simulate_filtered(fitted, 4, 200_000, 1)
    assert losses.std() == pytest.approx(0.02, rel=0.05)
    assert np.array_equal(losses, filters.simulate_filtered(fitted, 4, 200_000, 1, workers=1))


def test_data_that_cannot_answer_is_refused() -> None:
    returns = 0.01 * get_stream(9).standard_normal(500)
    with pytest.raises(RiskInputError, match=r"1408.*shorter than one step"):
        margin.pareto_margin(returns, 3600.0, 60.0, 1.0)
    with pytest.raises(RiskInputError, match="1407"):
        margin.window_losses(returns, 1000)
    with pytest.raises(RiskInputError, match="1403"):
        filters.fit_garch(returns[:50])
    with pytest.raises(RiskInputError, match=r"1408.*residuals"):
        margin.filtered_margin(returns, 3600.0, 3600.0, 1.0, 10_000, 1)
    with pytest.raises(RiskInputError, match=r"1408.*no margin is needed"):
        margin.breach_probability(YEAR_SECONDS, 1.0)
    with pytest.raises(RiskInputError, match=r"1401.*nan"):
        margin.log_returns([1.0, math.nan])
    with pytest.raises(RiskInputError, match=r"1412.*-1"):
        margin.log_returns([1.0, -1.0])
    assert margin.window_losses([0.1, 0.2, 0.3, 0.4, 0.5], 2).tolist() == pytest.approx([-0.3, -0.7])
    assert margin.window_losses([0.1, 0.2, 0.3], 2, overlapping=True).tolist() == pytest.approx([-0.3, -0.5])

"""A4, insolvency between anchors: closed forms against simulation, recursion, series and published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from kedge.risk import RiskInputError, hitting, insolvency, passage, puts
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.insolvency import Book
from kedge.risk.models import Gauss, Kou, Merton, fixed_window
from kedge.risk.montecarlo import get_stream
from kedge.risk.units import amount

DAY, HOUR = 86_400.0, 3600.0
MEMO = Kou(0.6, 200.0, 0.5, 0.02, 0.02)


def test_kou_wang_2003_first_passage_in_a_fixed_window() -> None:
    """mu .1, s .2, lam 3, p .5, 1/e1 .02, 1/e2 .03, b .3, t 1: 0.25584 +- 1e-4."""
    model = Kou(0.2, 3.0, 0.5, 0.02, 0.03)
    found = passage.fixed(model, 0.3, YEAR_SECONDS, drift=0.1)
    assert found == pytest.approx(0.25584, abs=1e-4)
    assert found == pytest.approx(_stehfest(model, 0.3, 0.1), abs=1e-4)


def _stehfest(model: Kou, level: float, drift: float, terms: int = 12) -> float:
    """Gaver-Stehfest over real q: the method of Kou and Wang, another one than the library's."""
    half, total = terms // 2, 0.0
    for k in range(1, terms + 1):
        weight = sum(
            j**half * math.factorial(2 * j)
            / (math.factorial(half - j) * math.factorial(j) * math.factorial(j - 1) * math.factorial(k - j)
               * math.factorial(2 * j - k))
            for j in range((k + 1) // 2, min(k, half) + 1)
        )  # fmt: skip
        q = k * math.log(2.0)
        total += (-1) ** (k + half) * weight * passage.exponential(model, level, YEAR_SECONDS / q, drift) / q
    return total * math.log(2.0)


@pytest.mark.parametrize(("hours", "chance", "debt"), [(1.0, 0.008110, 0.3003), (12.0, 0.22463, 2.503)])
def test_risk_memo_kou_with_poisson_anchors(hours: float, chance: float, debt: float) -> None:
    """Closed form equals the memo to its digits, and the exact bridge simulation within 3 standard errors."""
    window = hours * HOUR
    assert passage.exponential(MEMO, 0.025, window) == pytest.approx(chance, abs=5e-6)
    account = passage.Account(0.025, 0.04)
    assert 1e4 * passage.bad_debt(MEMO, account, window) == pytest.approx(debt, abs=6e-4)
    found = insolvency.simulate_passage(MEMO, account, window, 1_000_000, 3)
    assert found.crossed.agrees(passage.exponential(MEMO, 0.025, window))
    assert found.by_jump.agrees(passage.crossing_by_jump(MEMO, 0.025, window))
    assert found.debt.agrees(passage.bad_debt(MEMO, account, window))


def test_short_accounts_by_simulation() -> None:
    """The mirrored law with the short's own excess, e^B / (e1 - 1): within 3 standard errors."""
    model, short = Kou(0.6, 200.0, 0.3, 0.01, 0.03).mirrored(), passage.Account.from_margins(0.05, 0.02, short=True)
    assert short.trigger == pytest.approx(math.log(1.05 / 1.02))
    found = insolvency.simulate_passage(model, short, 12 * HOUR, 500_000, 4)
    assert found.debt.agrees(passage.bad_debt(model, short, 12 * HOUR))
    assert short.debt(np.array([0.0, math.log(1.07)])).tolist() == pytest.approx([0.0, 0.02])


def test_continuous_liquidation_leaves_jumps_only() -> None:
    """Mode engine: far less bad debt than between four-hourly anchors, of the same order at any interval."""
    hour, minute = (insolvency.engine_debts(_book(), MEMO, 0.015, interval) for interval in (HOUR, 60.0))
    waiting = insolvency.compute_outcome(_book(), MEMO, fixed_window(4 * HOUR))
    assert hour.sum() < 0.5 * waiting.debt_per_year
    assert 0.5 < minute.sum() / hour.sum() < 2.0
    with pytest.raises(RiskInputError, match=r"1408.*maintenance"):
        insolvency.engine_debts(_book(), MEMO, 0.025, HOUR)


def test_kou_roots_by_high_precision() -> None:
    from mpmath import findroot, mp, mpf

    mp.dps = 40
    q = 8766.0
    e1, e2 = mpf(50), mpf(50)

    def gap(x: object) -> object:
        return mpf("0.18") * x**2 + 200 * (mpf("0.5") * e1 / (e1 - x) + mpf("0.5") * e2 / (e2 + x) - 1) - q  # type: ignore[operator]

    exact = [float(findroot(gap, guess)) for guess in (49.4, 223.0)]
    assert [root.real for root in passage.compute_roots(MEMO, q)] == pytest.approx(exact, rel=1e-10)


def test_erlang_windows_lie_between_exponential_and_fixed() -> None:
    values = [passage.erlang(MEMO, 0.025, HOUR, phases) for phases in (1, 2, 4, 8, 12)]
    assert values[0] == pytest.approx(passage.exponential(MEMO, 0.025, HOUR), rel=1e-9)
    assert values == sorted(values, reverse=True)
    assert values[-1] > passage.fixed(MEMO, 0.025, HOUR)
    mixed = integrate.quad(
        lambda t: passage.fixed(MEMO, 0.025, t * HOUR) * stats.gamma.pdf(t, 4, scale=0.25), 0.01, 12.0, limit=60
    )[0]
    assert values[2] == pytest.approx(mixed, rel=1e-4)


@pytest.mark.parametrize(
    ("strike", "price"), [(80.0, 21.73), (90.0, 12.76), (100.0, 5.87), (110.0, 2.11), (120.0, 0.66)]
)
def test_haug_1998_merton_table(strike: float, price: float) -> None:
    """s .25, r .08, T .25, lam 5, jump share .5: +-.01, and the Fourier integral to 1e-6."""
    found = puts.merton_call(100.0, strike, 0.25, 0.08, 0.25, 5.0, 0.5)
    assert found == pytest.approx(price, abs=0.01)
    assert found == pytest.approx(_fourier(strike), abs=1e-6)


def _fourier(strike: float) -> float:
    """Merton call by the Lewis integral on the characteristic function of the log price; jumps of mean size one."""
    calm, jump, lam, years, rate = 0.5 * 0.0625, 0.5 * 0.0625 / 5.0, 5.0, 0.25, 0.08

    def psi(u: complex) -> complex:
        jumps = lam * (np.exp(-0.5 * jump * (1j * u + u * u)) - 1.0)
        return complex(np.exp(years * (-0.5 * calm * (u * u + 1j * u) + jumps)))

    k = math.log(100.0 / strike) + rate * years
    inside = integrate.quad(
        lambda u: float(np.real(np.exp(1j * u * k) * psi(u - 0.5j))) / (u * u + 0.25), 0.0, 400.0, limit=800
    )[0]
    return 100.0 - math.sqrt(100.0 * strike * math.exp(-rate * years)) / math.pi * float(inside)


@pytest.mark.parametrize(("margin", "hours"), [(0.0125, 9.0), (0.05, 24.0), (0.02, 1.0)])
def test_settlement_put_by_quantlib_and_quadrature(margin: float, hours: float) -> None:
    import QuantLib as Ql

    deviation = 0.6 * math.sqrt(hours * HOUR / YEAR_SECONDS)
    black = Ql.blackFormula(Ql.Option.Put, 1.0 - margin, 1.0, deviation)
    assert puts.black_scholes(0.6, margin, hours * HOUR) == pytest.approx(black, abs=1e-14)
    normal = Ql.bachelierBlackFormula(Ql.Option.Put, 1.0 - margin, 1.0, deviation)
    assert puts.bachelier(0.6, margin, hours * HOUR) == pytest.approx(normal, abs=1e-14)
    exact = integrate.quad(
        lambda x: (x - margin) * stats.norm.pdf(x, scale=deviation), margin, margin + 12 * deviation, epsabs=1e-16
    )[0]
    assert puts.bachelier(0.6, margin, hours * HOUR) == pytest.approx(exact, rel=1e-7)


def test_risk_memo_nine_hour_rollback() -> None:
    """s 60 %, age + R = 9 h: sd 1.92 %; at maintenance 1.25 % insolvent w.p. 25.8 %, mean shortfall .299 %."""
    assert 0.6 * math.sqrt(9 / 8766) == pytest.approx(0.0192, abs=5e-5)
    assert puts.shortfall_probability(0.6, 0.0125, 9 * HOUR) == pytest.approx(0.258, abs=5e-4)
    assert puts.bachelier(0.6, 0.0125, 9 * HOUR) == pytest.approx(0.00299, abs=5e-6)
    book = Book.of([amount("$10M")], [amount("$125k")])
    assert insolvency.rollback_debt(book, 0.6, 0.5, HOUR, 8 * HOUR) == pytest.approx(0.5 * 1e7 * 0.00299, rel=2e-3)


def test_broadie_glasserman_kou_shift_against_recursion_and_simulation() -> None:
    """s 60 %, B 5 %, 24 h: D = 1 h continuous .1112, shifted .0870; D = 1 min .1078; 4 h: the shift fails."""
    assert hitting.continuous(0.6, 0.05, DAY) == pytest.approx(0.1112, abs=5e-5)
    assert hitting.shifted(0.6, 0.05, DAY, HOUR) == pytest.approx(0.0870, abs=5e-5)
    assert hitting.shifted(0.6, 0.05, DAY, 60.0) == pytest.approx(0.1078, abs=5e-5)
    hourly = hitting.watched(0.6, 0.05, HOUR, 24)
    assert abs(hourly - 0.0882) < 3 * 0.0004, "the memo's own simulation"
    assert hitting.shifted(0.6, 0.05, DAY, 300.0) == pytest.approx(hitting.watched(0.6, 0.05, 300.0, 288), rel=2e-3)
    for interval, dates in ((HOUR, 24), (4 * HOUR, 6)):
        moves = get_stream(21).standard_normal((300_000, dates)) * 0.6 * math.sqrt(interval / YEAR_SECONDS)
        seen = (moves.cumsum(axis=1).min(axis=1) <= -0.05).mean()
        error = math.sqrt(seen * (1 - seen) / 300_000)
        assert abs(hitting.watched(0.6, 0.05, interval, dates) - seen) < 3 * error
    with pytest.raises(RiskInputError, match=r"1408.*6 anchors"):
        hitting.shifted(0.6, 0.05, DAY, 4 * HOUR)


def test_diffusion_over_an_exponential_window_by_quadrature() -> None:
    exact = integrate.quad(
        lambda t: hitting.continuous(0.6, 0.02, t * HOUR, -0.5) * math.exp(-t), 1e-6, 50.0, limit=300
    )[0]
    assert hitting.exponential(0.6, 0.02, HOUR, -0.5) == pytest.approx(exact, rel=1e-6)


def _book() -> Book:
    return Book.of([amount("$10M"), amount("$-6M"), amount("$5M")], [amount("$300k"), amount("$120k"), amount("$100k")])


def test_book_by_simulation() -> None:
    """Bad debt per year within 3 standard errors, and the the fund within the error of sample quantiles."""
    book, model, interval, years = _book(), Merton(0.6, 50.0, 0.03), 4 * HOUR, 2000
    number, generator = round(YEAR_SECONDS / interval), get_stream(31)
    totals = np.zeros(years)
    for year in range(years):
        jumps = generator.poisson(model.rate * interval / YEAR_SECONDS, number)
        deviation = np.sqrt(model.vol**2 * interval / YEAR_SECONDS + jumps * model.deviation**2)
        moves = deviation * generator.standard_normal(number)
        totals[year] = book.debt(moves[np.abs(moves) > 0.019]).sum()
    outcome = insolvency.compute_outcome(book, model, fixed_window(interval))
    assert abs(outcome.debt_per_year - totals.mean()) < 3 * totals.std() / math.sqrt(years)
    for level in (0.5, 0.99):
        spread = 3 * math.sqrt(level * (1 - level) / years)
        low, high = np.quantile(totals, [level - spread, level + spread])
        assert low <= insolvency.compute_fund(book, model, fixed_window(interval), level) <= high


def test_outcome_uses_the_right_side() -> None:
    falls = Kou(0.3, 100.0, 0.9, 0.03, 0.005)
    outcome = insolvency.compute_outcome(_book(), falls, fixed_window(HOUR))
    assert outcome.probabilities[0] > 5 * outcome.probabilities[1]
    assert outcome.insolvencies_per_year == pytest.approx(outcome.probabilities.sum() * 8766)


def test_faster_anchoring_does_not_remove_jumps() -> None:
    hour, minute = (insolvency.debt_map(Merton(0.5, 50.0, 0.03), [0.05], [interval])[0, 0] for interval in (HOUR, 60.0))
    assert minute == pytest.approx(hour, rel=0.2)
    calm = insolvency.debt_map(Gauss(0.54), [0.02], [HOUR, 60.0])[0]
    assert calm[1] < 1e-6 * calm[0]


def test_accounts_without_sense_are_refused() -> None:
    for sizes, worth, code in (
        (["$1M", "1 BTC"], ["$1k", "$1k"], 1406), ([], [], 1403), (["$1M"], ["$-1"], 1412), (["$0"], ["$1"], 1412),
        (["$1M"], ["$1", "$1"], 1410),
    ):  # fmt: skip
        with pytest.raises(RiskInputError) as caught:
            Book.of([amount(text) for text in sizes], [amount(text) for text in worth])
        assert caught.value.code == code
    with pytest.raises(RiskInputError, match=r"1408.*bankruptcy"):
        passage.Account(0.04, 0.025)
    assert passage.Account.from_margins(0.05, 0.02).bankruptcy == pytest.approx(-math.log(0.95))
    with pytest.raises(RiskInputError, match="1408"):
        passage.Account.from_margins(0.01, 0.02)

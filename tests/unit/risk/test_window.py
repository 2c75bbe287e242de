"""A1, the settlement window, against the constants and the telling case of the risk memo, section 1.4."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from kedge.risk import RiskInputError, laws, normal, window
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.law_text import parse_law
from kedge.risk.laws import Law
from kedge.risk.montecarlo import get_stream


def _stages(interval: float, proof: float = 300.0) -> dict[str, Law]:
    return {
        "detect": laws.Fixed(2.0),
        "anchor": laws.clock(interval),
        "proof": laws.Fixed(proof),
        "inclusion": laws.Slots(),
        "finality": laws.WholeSlots(),
        "execution": laws.Fixed(120.0),
    }


def _quadrature(density: object, end: float, level: float = 0.99) -> tuple[float, float]:
    """VaR and ES of B_W by bisection on an adaptive quadrature over W: nothing of the library."""

    def tail(u: float) -> float:
        return float(integrate.quad(lambda w: density(w) * stats.norm.sf(u / math.sqrt(w)), 0, end, limit=200)[0])  # type: ignore[operator]

    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > 1 - level else (low, middle)
    beyond = integrate.quad(
        lambda w: density(w) * math.sqrt(w) * stats.norm.pdf(low / math.sqrt(w)),  # type: ignore[operator]
        0, end, limit=200,
    )[0]  # fmt: skip
    return low, float(beyond) / (1 - level)


CONSTANTS = [
    ("fixed", {"anchor": laws.Fixed(YEAR_SECONDS)}, 2.3263, 2.6652),
    ("uniform", {"anchor": laws.clock(YEAR_SECONDS)}, 1.8083, 2.1376),
    ("exponential", {"anchor": laws.Gamma(YEAR_SECONDS)}, 2.7662, 3.4733),
    ("offset", {"detect": laws.Fixed(YEAR_SECONDS / 4), "anchor": laws.clock(YEAR_SECONDS)}, 2.1100, 2.4712),
]


@pytest.mark.parametrize(("name", "stages", "var", "es"), CONSTANTS, ids=[case[0] for case in CONSTANTS])
def test_risk_memo_constants_of_the_window(name: str, stages: dict[str, Law], var: float, es: float) -> None:
    mixture = window.compute_mixture(stages)
    assert window.compute_var(mixture, 1.0, 0.99) == pytest.approx(var, abs=1e-4)
    assert window.compute_es(mixture, 1.0, 0.99) == pytest.approx(es, abs=1e-4)


def test_closed_forms_by_quadrature() -> None:
    assert normal.fixed_var_es(0.99) == pytest.approx((2.3263479, 2.6652142), abs=1e-6)
    assert normal.uniform_var_es(0.99) == pytest.approx(_quadrature(lambda w: 1.0, 1.0), abs=1e-7)
    assert normal.exponential_var_es(0.99) == pytest.approx(_quadrature(lambda w: math.exp(-w), 60.0), abs=1e-6)
    offset = window.compute_mixture(CONSTANTS[3][1])  # type: ignore[arg-type]
    exact = _quadrature(lambda w: 1.0 if 0.25 <= w <= 1.25 else 0.0, 1.25)
    assert window.compute_var(offset, 1.0, 0.99) == pytest.approx(exact[0], abs=1e-4)


def test_cornish_fisher_errors_are_those_of_the_memo() -> None:
    """0.1 % for a clock, 0.3 % at L = D/4, 9 % for Poisson anchors; the root of the mean alone is 9 % low."""
    clock, poisson = normal.uniform_var_es(0.99)[0] / math.sqrt(0.5), normal.exponential_var_es(0.99)[0]
    assert abs(normal.cornish_var(0.99, math.sqrt(1 / 3)) / clock - 1) < 0.0015
    offset = normal.cornish_var(0.99, math.sqrt(1 / 12) / 0.75) * math.sqrt(0.75)
    assert abs(offset / 2.1100 - 1) < 0.0035
    assert abs(normal.cornish_var(0.99, 1.0) / poisson - 1) == pytest.approx(0.09, abs=0.01)
    assert normal.quantile(0.99) / clock == pytest.approx(0.91, abs=0.005)


@pytest.mark.parametrize(
    ("tier", "proof", "ratio"), [("final", 300.0, 1.55), ("proved", 300.0, 2.33), ("proved", 0.0, 3.66)]
)
def test_risk_memo_hour_against_minute(tier: str, proof: float, ratio: float) -> None:
    hour, minute = (
        window.compute_var(
            window.compute_mixture(window.choose(_stages(d, proof), window.active_stages(tier))), 0.6, 0.99
        )
        for d in (3600.0, 60.0)
    )
    assert hour / minute == pytest.approx(ratio, abs=0.005)
    if tier == "final":
        assert hour == pytest.approx(0.0145, abs=5e-5)
        assert minute == pytest.approx(0.0094, abs=5e-5)


def test_risk_memo_elasticity() -> None:
    assert window.compute_elasticity(_stages(3600.0)) == pytest.approx(0.28, abs=0.005)
    assert window.compute_elasticity(_stages(60.0)) == pytest.approx(0.01, abs=0.001)


@pytest.mark.parametrize("cv", [0.3, 1.0, 2.0])
def test_renewal_theory_mean_wait(cv: float) -> None:
    """Mean wait for the next anchor (Dbar / 2)(1 + cv^2): exactly, and simulated from a timeline of anchors."""
    age = laws.Age(laws.Gamma(600.0, cv))
    assert age.mean == pytest.approx(300.0 * (1 + cv**2))
    drawn = age.sample(get_stream(3), 200_000)
    assert abs(drawn.mean() - age.mean) < 3 * drawn.std() / math.sqrt(drawn.size)
    generator = get_stream(4)
    anchors = np.cumsum(generator.standard_gamma(cv**-2, 400_000) * 600.0 * cv**2)
    instants = np.sort(generator.random(20_000)) * anchors[-1]
    waits = anchors[np.searchsorted(anchors, instants)] - instants
    assert abs(waits.mean() - age.mean) < 4 * waits.std() / math.sqrt(waits.size)


ANY = [
    laws.Uniform(5.0, 9.0), laws.Gamma(100.0, 0.4), laws.Slots(0.7), laws.Slots(), laws.WholeSlots(),
    laws.Samples([1.0, 2.0, 8.0]), laws.Age(laws.Fixed(60.0)), laws.Age(laws.Samples([10.0, 50.0])),
    laws.Age(laws.Uniform(10.0, 50.0)),
]  # fmt: skip


@pytest.mark.parametrize("law", ANY, ids=[f"{n}-{type(law).__name__}" for n, law in enumerate(ANY)])
def test_laws_agree_with_their_samples(law: Law) -> None:
    drawn = law.sample(get_stream(5), 100_000)
    assert abs(drawn.mean() - law.mean) < 4 * math.sqrt(law.variance / drawn.size)
    assert drawn.var() == pytest.approx(law.variance, rel=0.03)
    assert drawn.max() <= law.end * (1 + 1e-9)
    points = np.quantile(drawn, [0.1, 0.5, 0.9]) + 1e-9
    shares = np.searchsorted(np.sort(drawn), points, side="right") / drawn.size
    assert np.abs(law.cdf(points) - shares).max() < 0.007


def test_inclusion_and_finality_take_what_ethereum_takes() -> None:
    assert laws.Slots().mean == 18.0
    assert laws.WholeSlots().mean / 60 == pytest.approx(15.9)


def test_simulator_agrees_with_the_mixture() -> None:
    stages = _stages(3600.0)
    mixture = window.compute_mixture(stages)
    found = window.simulate(stages, 0.6, 0.99, 200_000, 2)
    assert found.mean.agrees(mixture.mean)
    assert found.var.agrees(window.compute_var(mixture, 0.6, 0.99))
    assert found.es.agrees(window.compute_es(mixture, 0.6, 0.99))
    assert sum(share.value for share in found.shares.values()) == pytest.approx(1.0)
    assert mixture.variance == pytest.approx(sum(law.variance for law in stages.values()))
    assert mixture.mean == pytest.approx(sum(law.mean for law in stages.values()))


def test_million_paths_within_five_seconds_and_the_same_on_any_number_of_cores() -> None:
    start = time.perf_counter()
    both = window.simulate(_stages(3600.0), 0.6, 0.99, 1_000_000, 1, workers=2)
    assert time.perf_counter() - start < 5.0
    alone = window.simulate(_stages(3600.0), 0.6, 0.99, 1_000_000, 1, workers=1)
    assert alone.var == both.var
    assert np.array_equal(alone.windows, both.windows)


def test_stages_follow_tier_and_mode() -> None:
    assert window.active_stages("final") == ("detect", "anchor", "proof", "inclusion", "finality", "execution")
    assert window.active_stages("final", "engine") == ("detect", "execution")
    assert window.rollback_stages("published") == ("anchor", "inclusion")
    assert window.required_provers(300.0, 60.0) == 5


def test_text_becomes_a_law(tmp_path: Path) -> None:
    assert parse_law("5min", "proof") == laws.Fixed(300.0)
    assert parse_law("uniform(1min, 3min)", "proof") == laws.Uniform(60.0, 180.0)
    assert parse_law("gamma(5min, 30%)", "proof") == laws.Gamma(300.0, 0.3)
    assert parse_law("slots(80%)", "inclusion") == laws.Slots(0.8)
    file = tmp_path / "seconds.csv"
    file.write_text("seconds\n1\n3\n")
    assert parse_law(f"file:{file}", "proof").mean == 2.0
    for text, code in (("weibull(1s)", 1413), ("5", 1405), ("file:nowhere.csv", 1414), ("uniform(3s, 1s)", 1408)):
        with pytest.raises(RiskInputError) as caught:
            parse_law(text, "proof")
        assert caught.value.code == code


def test_bad_windows_are_refused() -> None:
    with pytest.raises(RiskInputError, match=r"1409.*proof"):
        window.choose({"detect": laws.Fixed(1.0), "execution": laws.Fixed(1.0), "anchor": laws.clock(1.0)},
                      window.active_stages("proved"))  # fmt: skip
    with pytest.raises(RiskInputError, match=r"1413.*galaxy"):
        window.active_stages("galaxy")
    with pytest.raises(RiskInputError, match="1402"):
        window.compute_var(window.compute_mixture({"anchor": laws.clock(60.0)}), -0.6, 0.99)
    with pytest.raises(RiskInputError, match=r"1408.*level"):
        window.compute_var(window.compute_mixture({"anchor": laws.clock(60.0)}), 0.6, 0.3)
    with pytest.raises(RiskInputError, match="1408"):
        window.compute_mixture({"anchor": laws.Fixed(0.0)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.5s\n2\n", "line 1: '1.5s'"),
        ("1,5\n2\n", "line 1: '1,5'"),
        ("seconds\n\n2\n[/x]\n", r"line 4: '\[/x\]'"),
        ("2\nnan\n", "line 2: 'nan'"),
        ("2\n٣\n", "line 2: '٣'"),
        ("2\n" + "9" * (2 << 20), "line 2: it is longer"),
    ],
)
def test_a_file_of_delays_is_read_or_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "delays.csv"
    file.write_text(text)
    with pytest.raises(RiskInputError, match=said) as refused:
        parse_law(f"file:{file}", "proof")
    assert refused.value.code == 1414

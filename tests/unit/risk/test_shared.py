"""What every analysis shares: refusals by number, units, validators, and random numbers by counter."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kedge.risk import RISK_REFUSALS, TIME, Cell, Column, RiskInputError, checks, errors, montecarlo, units
from kedge.units.errors import Rejected


def _refused(number: int, value: str, call: object, *args: object) -> None:
    with pytest.raises(RiskInputError) as caught:
        call(*args)  # type: ignore[operator]
    assert caught.value.code == number
    assert value in caught.value.text


def test_refusals_are_numbered_once_and_documented() -> None:
    codes = [refusal.code for refusal in RISK_REFUSALS]
    assert codes == list(range(1401, 1401 + len(codes)))
    assert all(f"| {refusal.code} | {refusal.name} |" in (errors.__doc__ or "") for refusal in RISK_REFUSALS)
    assert issubclass(RiskInputError, Rejected)


def test_every_refusal_names_the_offending_value() -> None:
    _refused(1401, "nan", checks.finite, math.nan, "x")
    _refused(1401, "prices[1] = nan", checks.series, [1.0, math.nan], "prices")
    _refused(1402, "-0.6", checks.volatility, -0.6)
    _refused(1403, "returns has 0 values", checks.series, [], "returns")
    _refused(1404, "times[2] = 1.0 follows 2.0", checks.times, [0.0, 2.0, 1.0])
    _refused(1405, "'furlong'", units.time, "3 furlong")
    _refused(1405, "no unit", units.time, "3")
    _refused(1406, "5 BTC where USD", units.Amount(5.0, "BTC").to, "USD")
    _refused(1407, "window = 9 steps, the series has 5", checks.covers, 5, 9)
    _refused(1408, "2.0", checks.inside, 2.0, 0.0, 1.0, "x")
    _refused(1409, "jump rate", checks.calibrated, None, "jump rate")
    _refused(1411, "1.0", checks.probability, 1.0, "p")
    _refused(1412, "-1.0", checks.positive, -1.0, "x")
    _refused(1413, "'mars'", checks.one_of, "mars", ("earth",), "planet")
    _refused(1415, "smallest eigenvalue", checks.correlation, [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    with pytest.raises(RiskInputError, match=r"a has 1, b has 2"):
        checks.same_length(a=np.ones(1), b=np.ones(2))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12s", 12.0), ("250 ms", 0.25), ("1h", 3600.0), ("15min", 900.0), ("3 slots", 36.0), ("2d", 172_800.0)],
)
def test_times(text: str, seconds: float) -> None:
    assert units.time(text) == pytest.approx(seconds)


def test_fractions_rates_volatilities_amounts() -> None:
    assert units.fraction("5bp") == pytest.approx(5e-4)
    assert units.fraction("1.25%") == pytest.approx(0.0125)
    assert units.rate("3/h") == pytest.approx(3 * 8766)
    assert units.volatility("60%/yr") == pytest.approx(0.6)
    assert units.volatility("5%/day") == pytest.approx(0.05 * math.sqrt(365.25))
    assert units.amount("$-6.5M") == units.Amount(-6.5e6, "USD")
    assert units.amount("13.125 BTC") == units.Amount(13.125, "BTC")
    assert units.amount("250k USDC") == units.Amount(250e3, "USDC")
    assert str(units.amount("1bn USD") + units.amount("$1")) == "1,000,000,001 USD"
    assert units.amount("€64000") == units.amount("64000 €") == units.Amount(64_000.0, "EUR")
    assert units.amount("-£5M") == units.Amount(-5e6, "GBP")
    assert units.amount("$5 USD") == units.Amount(5.0, "USD")
    for sign in ("¥100", "100 ₿", "₽-5M", "$€5", "$$5"):
        _refused(1416, repr(sign), units.amount, sign)
    _refused(1405, "$5 EUR", units.amount, "$5 EUR")
    _refused(1401, "5$5", units.amount, "5$5")
    _refused(1405, "'100'", units.amount, "100")
    _refused(1405, "'60%'", units.volatility, "60%")
    _refused(1402, "-5%/yr", units.volatility, "-5%/yr")
    _refused(1401, "nan", units.fraction, "nan")
    _refused(1412, "-5s", units.time, "-5s")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1, "100 ms"), (12.0, "12 s"), (900.0, "15 min"), (86_400.0, "24 h"), (604_800.0, "7 d")]
)
def test_times_are_shown_as_people_say_them(seconds: float, text: str) -> None:
    assert units.show_time(seconds) == text
    assert units.time(text) == pytest.approx(seconds)


def test_random_numbers_do_not_depend_on_the_number_of_workers() -> None:
    def draw(workers: int) -> list[float]:
        blocks = montecarlo.run_blocks(lambda g, n: g.standard_normal(n), 300_000, 7, workers=workers)
        return [float(x) for x in np.concatenate(blocks)[::997]]

    assert draw(1) == draw(2) == draw(5)


def test_streams_and_seeds_are_different_and_stable() -> None:
    first = montecarlo.get_stream(1).random(4).tolist()
    assert first == montecarlo.get_stream(1).random(4).tolist()
    for other in (montecarlo.get_stream(2), montecarlo.get_stream(1, block=1), montecarlo.get_stream(1, stream=1)):
        assert other.random(4).tolist() != first


def test_standard_errors_cover_the_truth() -> None:
    """Over 300 samples of 2,000 normals each, 95 % intervals hold between 91 and 99 % of the time."""
    exact = {"mean": 0.0, "deviation": 1.0, "quantile": 1.6448536, "shortfall": 2.0627128}
    hits = dict.fromkeys(exact, 0)
    for number in range(300):
        values = montecarlo.get_stream(11, number).standard_normal(2000)
        found = {
            "mean": montecarlo.compute_mean(values),
            "deviation": montecarlo.compute_deviation(values),
            "quantile": montecarlo.compute_quantile(values, 0.95),
            "shortfall": montecarlo.compute_shortfall(values, 0.95),
        }
        for name, estimate in found.items():
            hits[name] += estimate.agrees(exact[name], 1.96)
    assert all(0.91 * 300 <= count <= 0.99 * 300 for count in hits.values()), hits


def test_long_times_are_never_powers_of_ten() -> None:
    assert units.show_time(140_137.4 * 86_400) == "140,137 d"
    assert units.show_time(9_999.4 * 86_400) == "9,999 d"


@pytest.mark.parametrize(
    ("form", "cell", "shown"),
    [
        (".4g", None, "-"),
        (".4g", True, "yes"),
        (".4g", False, "no"),
        (".4g", 1_234_567, "1,234,567"),
        (".4g", "[/x]", "[/x]"),
        (".4g", 0.000012344, "1.234e-05"),
        (".4g", 41_900.4, "41,900"),
        ("+,.4g", 41_900.4, "+41,900"),
        (",.6g", -7.614e9, "-7,614,000,000"),
        (".4g", math.inf, "inf"),
        (TIME, 90.0, "1.5 min"),
        (".2f", montecarlo.Estimate(1.0, 0.25, 9), "1.00 ± 0.25"),
    ],
)
def test_a_cell_is_written_by_its_column(form: str, cell: Cell, shown: str) -> None:
    assert Column("x", "", form).write(cell) == shown

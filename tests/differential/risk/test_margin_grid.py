"""The rules' integer margin against the float formulas of kedge.risk: never less, above by the stated rounding only.

The rate is rounded up to a ppm, its square root to 2^-10 ms^(1/2), the root of a day down; the add-on up to a ppm, the
margin up to a unit of the collateral coin. Every rounding is against the account.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest
from scipy.special import ndtr

from kedge.machine import Machine, OracleEngine, RuleSet, address_of, unsigned
from kedge.risk.constants import YEAR_DAYS
from kedge.risk.models import fixed_window
from kedge.risk.window import compute_var
from kedge.rules import EXCHANGE, Code, Market, rules
from kedge.rules.margin import margin_of
from kedge.venue import Market as Listed
from kedge.venue import MarketTerms

START = 10_000_000_000
SQRT_DAY = 9_518_243_871
AGES = (0, 1, 7, 40, 1_000, 12_000, 12_001, 59_999, 60_000, 900_000, 3_600_000, 14_400_001, 86_400_000, 10**9, 2**31)
TERMS = tuple(product((1, 20_000, 300_000), (4_000, 31_400, 60_000, 2**24 - 1), (2_326, 5_000), (0, 2_000, 138_017)))
"""floor (ppm), sigma (ppm per root of a day), z (thousandths), delay (ms)"""


def integer_target(age: int, floor: int, sigma: int, z: int, delay: int) -> int:
    """The target rate (ppm) that the rules compute for an age in ms."""
    engine = OracleEngine(rules, lambda words: [0, 0, 0, 0])
    for step, args in (
        ("window_update", [START, START - age]),
        Listed(0, "A", 0, 1_000, MarketTerms(floor=floor, sigma=sigma, z=z, delay=delay, ramp=0)).opening(),
        ("margin_update", [0]),
    ):
        code, events, _ = engine.submit(step, args)
        assert code == 0
    ((_, (_, _, target, _)),) = events
    return target


def float_target(age: int, floor: int, sigma: int, z: int, delay: int) -> float:
    """max(floor, z s sqrt(W)) in ppm by the window's Gaussian margin, at most 100 %."""
    window = min(age + delay, 2**32 - 1) / 1000.0
    if window == 0.0:
        return float(floor)
    vol = sigma * 1e-6 * math.sqrt(YEAR_DAYS)
    margin = compute_var(fixed_window(window), vol, float(ndtr(z / 1000.0)))
    return max(float(floor), min(1e6, margin * 1e6))


def test_rate_is_the_gaussian_margin_rounded_up(record_property: Callable[[str, object], None]) -> None:
    largest = 0.0
    for age, (floor, sigma, z, delay) in product(AGES, TERMS):
        exact = float_target(age, floor, sigma, z, delay)
        above = integer_target(age, floor, sigma, z, delay) - exact
        # 1 ppm for the last rounding, sigma z / sqrt(day) for that of the root, and what a double can tell
        noise = 2e-9 * exact
        assert -noise <= above <= 1.0 + sigma * z / SQRT_DAY + noise, (age, floor, sigma, z, delay)
        if sigma < 2**20:
            largest = max(largest, above)
    record_property("largest difference of the rate (ppm)", largest)
    assert largest < 1.04, "markets of at most 100 % a day"
    assert largest > 0.9, "the bound is met, not merely held"


probe_rules = RuleSet("probe", 1, {}, {"idle": []}, [Market], {"margin": ("value",)}, Code, [])


@probe_rules.step(phases=["idle"], lots=unsigned(30), mark=unsigned(28))
def probe(m: Machine) -> None:
    """One transaction that says what `margin_of` asks for some lots."""
    lots = m.input("lots")
    market = m.read(Market.at(EXCHANGE, 0))
    m.emit("margin", value=margin_of(m, lots, lots * m.input("mark"), market, market.rate))


def integer_margin(lots: int, mark: int, rate: int, slope: int) -> int:
    """Initial margin by the rules' `margin_of`, in plain integers."""
    engine = OracleEngine(probe_rules, lambda words: [0, 0, 0, 0])
    words = {"mark": mark, "rate": rate, "slope": slope}
    content = [words.get(name, 0) for name in Market.fields]
    engine.world.records[address_of(Market, EXCHANGE, 0)] = content + [0] * (8 - len(content))
    code, events, _ = engine.submit("probe", [lots, mark])
    assert code == 0
    ((_, (value,)),) = events
    return value


GRID = tuple(
    product(
        (0, 1, 3, 1_000, 2**20 - 1, 2**20, 2**29 + 1),
        (1, 37, 30_000, 600_001, 2**28 - 1),
        (0, 1, 25_000, 1_000_000),
        (0, 1, 100, 1_023),
    )
)
"""lots, mark (ticks), rate (ppm), slope (ppm per 2^20 lots)"""


def test_margin_is_the_formula_rounded_up(record_property: Callable[[str, object], None]) -> None:
    largest = 0.0
    for lots, mark, rate, slope in GRID:
        notional = lots * mark
        exact = notional * (rate + slope * lots / 2**20) * 1e-6
        above = integer_margin(lots, mark, rate, slope) - exact
        noise = 1e-15 * exact
        assert -noise <= above <= 1.0 + notional * 1e-6 + noise, (lots, mark, rate, slope)
        if notional:
            largest = max(largest, (above - 1.0) / notional * 1e6)
    record_property("largest difference of the margin beyond one unit (ppm of notional)", largest)
    assert largest < 1.0


@pytest.mark.parametrize("margin", [0.025, 0.05])
def test_rounding_is_nothing_beside_the_margin(margin: float) -> None:
    """One ppm of the rate is a 25,000th of the lowest margin: the price of integers is below a basis point of it."""
    assert 1.04e-6 / margin < 1e-4

"""A3, venue presets: every number of the risk memo's table 1.3, and the SPAN array that McMillan prints."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import numpy as np
import pytest

from kedge.risk import RiskInputError, span, venues
from kedge.risk.venues import Tiered


@pytest.mark.parametrize(("coins", "fraction", "in_btc"), [(350.0, 0.0375, 13.125), (25.0, 0.02125, 0.53125)])
def test_deribit_linear_initial_margin(coins: float, fraction: float, in_btc: float) -> None:
    rule = venues.get_venue("deribit").rule
    assert rule.initial(coins, 1.0) == pytest.approx(in_btc)
    assert in_btc / coins == pytest.approx(fraction)
    assert rule.maintenance(coins, 1.0) == pytest.approx((fraction - 0.01) * coins)


def test_deribit_short_options_by_hand() -> None:
    """S 60,000: call 66,000 is 10 % out: max(.15 - .1, .1) + .02; put 57,000 is 5 % out: max(.15 - .05, .1) + .03."""
    assert venues.deribit_option("call", 60e3, 66e3, 0.02) == pytest.approx((0.12, 0.095))
    assert venues.deribit_option("put", 60e3, 57e3, 0.03) == pytest.approx((0.13, 0.105))
    assert venues.deribit_option("call", 60e3, 50e3, 0.18) == pytest.approx((0.33, 0.255))
    assert venues.deribit_option("put", 60e3, 120e3, 1.5) == pytest.approx((1.65, 1.6125))


def test_hyperliquid_btc_deduction_and_continuity() -> None:
    rule = cast(Tiered, venues.get_venue("hyperliquid").rule)
    assert rule.deductions[1] == pytest.approx(1.875e6)
    assert rule.initial(1.0, 100e6) == pytest.approx(2.5e6)
    assert rule.initial(1.0, 200e6) == pytest.approx(10e6)
    assert rule.maintenance(1.0, 200e6) == pytest.approx(200e6 * 0.025 - 1.875e6)
    assert rule.close_out(1.0, 100e6) == pytest.approx(1.25e6 * 2 / 3)
    assert cast(Tiered, venues.get_venue("hyperliquid-eth").rule).tiers[1].rate == pytest.approx(0.5 / 15)


@pytest.mark.parametrize("name", ["binance", "hyperliquid", "hyperliquid-eth"])
def test_tiered_maintenance_is_continuous_at_every_bound(name: str) -> None:
    rule = cast(Tiered, venues.get_venue(name).rule)
    for tier, _ in pairwise(rule.tiers):
        at, above = rule.maintenance(1.0, tier.bound), rule.maintenance(1.0, tier.bound * (1 + 1e-12))
        assert above == pytest.approx(at, rel=1e-9)


def test_binance_btcusdt_of_18_march_2021() -> None:
    rule = cast(Tiered, venues.get_venue("binance").rule)
    assert [tier.rate for tier in rule.tiers] == [0.004, 0.005, 0.01, 0.025, 0.05, 0.1, 0.125, 0.15, 0.25, 0.5]
    assert rule.deductions[:4] == pytest.approx((0.0, 50.0, 1300.0, 16_300.0))
    with pytest.raises(RiskInputError, match=r"1408.*600,000,000"):
        rule.maintenance(1.0, 600e6)


def test_dydx_v4_initial_margin_grows_with_open_interest() -> None:
    assert venues.dydx_initial_fraction(0.2, 37.5e6, 25e6, 50e6) == pytest.approx(0.6)
    assert venues.dydx_initial_fraction(0.2, 10e6, 25e6, 50e6) == 0.2
    assert venues.dydx_initial_fraction(0.2, 90e6, 25e6, 50e6) == 1.0
    rule = venues.get_venue("dydx").rule
    assert (rule.initial(1.0, 1.0), rule.maintenance(1.0, 1.0)) == (0.05, 0.03)
    assert rule.maintenance(1.0, 1.0) == pytest.approx(0.6 * 0.05)


def test_lighter_fractions_and_zero_price() -> None:
    sol = venues.get_venue("lighter-sol").rule
    assert sol.maintenance(1.0, 1.0) == pytest.approx(0.6 * 0.0666, abs=1e-4)
    assert sol.close_out(1.0, 1.0) == pytest.approx(0.4 * 0.0666, abs=1e-4)
    btc = venues.get_venue("lighter").rule
    assert [btc.initial(1.0, 1.0), btc.maintenance(1.0, 1.0), btc.close_out(1.0, 1.0)] == [0.02, 0.012, 0.008]


@pytest.mark.parametrize("size", [3.0, -3.0])
def test_lighter_zero_price_keeps_health(size: float) -> None:
    """A partial fill at the zero price leaves AV / MMR as it was: the invariance that the documents promise."""
    mark, rate, account, other = 50e3, 0.012, 1500.0, 700.0
    requirement = rate * abs(size) * mark + other
    price = venues.zero_price(mark, size, rate, account, requirement)
    closed = 0.4 * size
    after = account + closed * (price - mark)
    assert after / (requirement - rate * abs(closed) * mark) == pytest.approx(account / requirement)


def test_paradex_linear_position_needs_sixteen_percent() -> None:
    from kedge.risk.portfolio import PARADEX

    extended = [abs(row.move) * row.weight for row in PARADEX.scenarios[-8:]]
    assert extended == pytest.approx([0.16] * 8, abs=0.002), "16.0 % within the rounding of the printed weights"
    assert venues.get_venue("paradex-pm").rule.initial(1.0, 1.0) == 0.16
    assert venues.get_venue("paradex-pm").rule.maintenance(1.0, 1.0) == pytest.approx(0.5 * 0.16)


def test_mcmillan_span_covered_write() -> None:
    """Long the future, short the December 410 call: worst -6,620; up one third with volatility up, +690."""
    future = span.future_array(10_000.0)
    assert future[[2, 4, 6, 8, 10, 12, 14, 15]].tolist() == [3330, -3330, 6670, -6670, 10_000, -10_000, 7000, -7000]
    arrays = np.array([future, span.MCMILLAN_CALL])
    assert span.scan_risk(arrays, [1.0, -1.0]) == (6620.0, 12)
    assert (np.array([1.0, -1.0]) @ arrays)[2] == 690.0
    assert span.scan_risk(arrays, [0.0, 1.0]) == (3990.0, 13)
    with pytest.raises(RiskInputError, match="1415"):
        span.scan_risk(arrays[:, :5], [1.0, -1.0])


@pytest.mark.parametrize("name", sorted(venues.VENUES))
@pytest.mark.parametrize("size", [2.0, -2.0])
def test_liquidation_price_meets_the_requirement(name: str, size: float) -> None:
    rule = venues.get_venue(name).rule
    price = venues.liquidation_price(rule, size, 100e3, 40e3)
    assert price is not None
    assert 40e3 + size * (price - 100e3) == pytest.approx(rule.maintenance(2.0, price), rel=1e-6)
    ladder = venues.compute_ladder(rule, size, 100e3, 40e3)
    assert ladder.bankruptcy == pytest.approx(100e3 - 40e3 / size)
    steps = [p for p in (ladder.initial, ladder.maintenance, ladder.close_out, ladder.bankruptcy) if p is not None]
    assert steps == sorted(steps, reverse=size > 0)


def test_presets_say_where_they_are_from() -> None:
    assert all(preset.source and preset.date for preset in venues.VENUES.values())
    with pytest.raises(RiskInputError, match=r"1413.*'mtgox'"):
        venues.get_venue("mtgox")
    rule = venues.get_venue("dydx").rule
    assert venues.liquidation_price(rule, 1.0, 100.0, 200.0) is None, "more equity than the coin can lose"
    with pytest.raises(RiskInputError, match=r"1408.*below the requirement"):
        venues.liquidation_price(rule, 1.0, 100.0, 1.0)

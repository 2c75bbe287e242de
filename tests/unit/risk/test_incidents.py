"""Incident replay (A8): the figures of record as scenario inputs, the nine-hour case, and who pays."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from kedge.risk import incidents
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.errors import RiskInputError
from kedge.risk.montecarlo import compute_mean, get_stream
from kedge.risk.recorded import read_prices
from kedge.risk.trailing import compute_losses

HOUR = 3600.0


def test_starknet_rolled_back_60_and_20_then_18_minutes() -> None:
    first = incidents.get_incident("starknet-2025-09")
    assert (first.get_fact("first rollback"), first.get_fact("second rollback")) == (60, 20)
    assert first.rolled_back == 80 * 60
    assert first.downtime == 11 * HOUR
    assert incidents.get_incident("starknet-2026-01").rolled_back == 18 * 60


def test_paradex_was_away_for_8_hours() -> None:
    paradex = incidents.get_incident("paradex-2026-01")
    assert paradex.downtime == 8 * HOUR
    assert paradex.get_fact("restored block") == 1_604_710
    assert paradex.get_fact("refunded") == 650_000
    assert incidents.get_window("paradex-2026-01") == 8 * HOUR


def test_black_thursday_left_5_67_million_dai() -> None:
    thursday = incidents.get_incident("black-thursday")
    assert thursday.get_fact("uncovered debt") == 5.67e6
    assert thursday.get_fact("collateral sold for 0") == 8.32e6
    assert thursday.get_fact("share of liquidations") == 0.36
    assert thursday.move == 0.43
    paid = incidents.compute_waterfall(5.67e6, 0.0, 0.0)
    assert paid == (0.0, 0.0, 5.67e6)  # no fund, no winners to charge: all of it uncovered


def test_tenth_of_october_in_714_seconds() -> None:
    october = incidents.get_incident("october-2025")
    assert october.get_fact("liquidated on Hyperliquid") == 7.614e9
    assert incidents.get_window("october-2025") == october.get_fact("duration") == 714
    excess = [october.get_fact(f"excess, {who}") for who in ("replay authors, low", "replay authors, high", "Chitra")]
    assert excess == [45e6, 52e6, 650e6]  # both definitions stand


def test_recorded_auto_deleveraging_agrees_with_the_figures_of_record(recorded: Callable[[str], Path]) -> None:
    with recorded("liquidations/hyperliquid_adl_by_coin_2025-10-10.csv").open() as file:
        rows = list(csv.DictReader(file))
    october = incidents.get_incident("october-2025")
    events = next(name for name in rows[0] if "event" in name)
    assert len(rows) == october.get_fact("tickers")
    assert sum(int(float(row[events])) for row in rows) == october.get_fact("auto-deleveraging fills")


def test_recorded_mark_price_agrees_with_the_move_of_october(recorded: Callable[[str], Path]) -> None:
    prices = read_prices(recorded("prices/binance_coinm_btcusd_perp_mark_1m_2025-10-09_10.csv.gz"))
    october = incidents.get_incident("october-2025")
    assert np.nanmax(compute_losses(prices, 714.0)) == pytest.approx(october.move, abs=5e-4)


def test_nine_hours_at_maintenance_margin() -> None:
    found = incidents.compute_shortfall(0.0125, 0.6, 9 * HOUR)
    assert found.deviation == pytest.approx(0.0192, abs=5e-5)
    assert found.insolvency == pytest.approx(0.258, abs=5e-4)
    assert found.mean == pytest.approx(0.00299, abs=5e-6)
    exact, _ = quad(lambda x: (x - 0.0125) * norm.pdf(x, scale=found.deviation), 0.0125, 0.3)
    assert found.mean == pytest.approx(exact, rel=1e-8)
    moves = get_stream(1).standard_normal(400_000) * found.deviation
    assert compute_mean(np.maximum(moves - 0.0125, 0.0)).agrees(found.mean)


def test_rollback_averages_over_the_age() -> None:
    def loss(age: float) -> float:
        return incidents.compute_shortfall(0.0125, 0.6, age + 600.0).mean

    exact, _ = quad(loss, 0.0, 4 * HOUR)
    assert incidents.compute_rollback_loss(0.0125, 0.6, 4 * HOUR, 600.0) == pytest.approx(exact / (4 * HOUR), rel=1e-7)


def test_recovery_not_the_interval_sets_the_loss() -> None:
    hour, minute = (incidents.compute_rollback_loss(0.0125, 0.6, d, 8 * HOUR) for d in (HOUR, 60.0))
    assert 1.0 < hour / minute < 1.1
    hour, minute = (incidents.compute_rollback_loss(0.0125, 0.6, d, 60.0) for d in (HOUR, 60.0))
    assert hour > 1000 * minute


def test_yearly_loss_adds_accounts() -> None:
    each = [incidents.compute_rollback_loss(m, 0.6, HOUR, 8 * HOUR) for m in (0.0125, 0.03)]
    found = incidents.compute_yearly_loss([1e6, 2e6, 3e6], [0.0125, 0.03, 0.0125], 0.6, HOUR, 8 * HOUR, 0.5)
    assert found == pytest.approx(0.5 * (4e6 * each[0] + 2e6 * each[1]))


def test_margin_that_would_have_held() -> None:
    held = incidents.compute_margin_held(0.6, 9 * HOUR, 0.99)
    assert held == pytest.approx(2.3263 * 0.6 * math.sqrt(9 * HOUR / YEAR_SECONDS), rel=1e-4)
    assert incidents.compute_shortfall(held, 0.6, 9 * HOUR).insolvency == pytest.approx(0.01)


def test_waterfall_pays_in_order_and_in_full() -> None:
    assert incidents.compute_waterfall(100.0, 30.0, 50.0) == (30.0, 50.0, 20.0)
    assert incidents.compute_waterfall(100.0, 30.0, 1000.0, haircut_limit=0.05) == (30.0, 50.0, 20.0)
    assert incidents.compute_waterfall(10.0, 30.0, 50.0) == (10.0, 0.0, 0.0)


def test_bad_inputs_are_named() -> None:
    refusals: dict[int, Callable[[], object]] = {
        1413: lambda: incidents.get_incident("mt-gox"),
        1402: lambda: incidents.compute_shortfall(0.01, -0.6, HOUR),
        1412: lambda: incidents.compute_shortfall(0.01, 0.6, 0.0),
        1410: lambda: incidents.compute_yearly_loss([1.0], [0.01, 0.02], 0.6, HOUR, HOUR, 1.0),
        1401: lambda: incidents.compute_waterfall(math.nan, 0.0, 0.0),
    }
    for code, call in refusals.items():
        with pytest.raises(RiskInputError) as refused:
            call()
        assert refused.value.code == code

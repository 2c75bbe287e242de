"""Anchoring on base fees (A7): replayed policies, the decision process and hindsight, and the recorded series."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from kedge.risk import policies, posting
from kedge.risk.anchoring import compute_capital_cost
from kedge.risk.errors import RiskInputError
from kedge.risk.montecarlo import get_stream
from kedge.risk.recorded import BaseFees, read_base_fees, read_windows


def _fees(size: int, seed: int = 1, spread: float = 0.3) -> np.ndarray:
    """Mean-reverting log fees around 20 gwei."""
    noise, level, out = get_stream(seed).standard_normal(size), 0.0, np.empty(size)
    for at in range(size):
        level = 0.9 * level + spread * noise[at]
        out[at] = level
    return 20e9 * np.exp(out)


def test_clock_pays_the_law() -> None:
    job = posting.Job(5.0, 0.0, 2.0, 0.5, 100)
    found = posting.run_policy(job, np.full(1001, 3.0), posting.clock(10))
    assert found.gas == pytest.approx(5.0 * 3.0 / 10)
    assert found.delay == pytest.approx(2.0 * 10**0.5)
    assert found.mean_delay == pytest.approx(5.0)
    assert set(found.ages) == {10}


def test_data_gas_is_paid_once_per_step_of_data() -> None:
    job = posting.Job(0.0, 7.0, 1e-9, 1.0, 50)
    for interval in (1, 4, 20):
        assert posting.run_policy(job, np.full(401, 2.0), posting.clock(interval)).gas == pytest.approx(14.0)


def test_hindsight_is_the_best_of_all_subsets() -> None:
    job, fees = posting.Job(3.0, 0.5, 1.3, 0.5, 6), _fees(11, spread=0.8) / 20e9
    best = math.inf
    for size in range(1, 10):
        for chosen in combinations(range(1, 10), size):
            anchors = np.array([0, *chosen, 10])
            if np.diff(anchors).max() <= 6:
                best = min(best, posting._add_up(job, fees, anchors).total)
    assert posting.solve_hindsight(job, fees).total == pytest.approx(best)


def test_decision_process_equals_the_best_threshold_of_constant_fees() -> None:
    """One state, nothing to wait for: the clock of the square-root law."""
    job = posting.Job(50.0, 0.0, 0.5, 1.0, 60)
    chain = posting.Chain(np.array([]), np.array([1.0]), np.array([[1.0]]))
    assert posting.solve_chain(job, chain, 1.0) == pytest.approx([10.0])  # sqrt(G / (p c)) = sqrt(50 / 0.5)


def test_decision_process_beats_every_fixed_threshold_of_its_own_chain() -> None:
    moves = np.array([[0.7, 0.3], [0.2, 0.8]])
    chain = posting.Chain(np.array([2.0]), np.array([1.0, 3.0]), moves)
    job = posting.Job(10.0, 0.0, 0.4, 0.5, 40)
    uniform, state, fees = get_stream(9).random(40_000), 0, np.empty(40_000)
    for at, draw in enumerate(uniform):
        state = int(draw >= moves[state, 0])
        fees[at] = chain.values[state]
    least = posting.solve_chain(job, chain, 1.0)
    assert least[0] < least[1]

    def cost(cheap: float, dear: float) -> float:
        return posting.run_policy(job, fees, lambda series: np.where(series < 2.0, cheap, dear)).total

    best = cost(*least)
    for cheap in range(int(least[0]) - 2, int(least[0]) + 3):
        for dear in range(int(least[1]) - 2, int(least[1]) + 3):
            assert best <= cost(max(cheap, 1), max(dear, 1)) * 1.005


def test_rules_look_at_the_past_only() -> None:
    fees = _fees(600)
    changed = fees.copy()
    changed[400:] *= 10
    job = posting.Job(1e-9, 0.0, 0.2, 0.5, 100)
    rules = [
        posting.clock(10),
        posting.fee_threshold(10, 20e9, 1.5),
        posting.relative_threshold(10, 20e9, 2.0, 50, 0.5),
        posting.decision_process(job, _fees(600, seed=2), 50),
    ]
    for rule in rules:
        assert (rule(fees)[:400] == rule(changed)[:400]).all()


def test_comparison_orders_hindsight_below_every_policy() -> None:
    record = BaseFees("walk", np.arange(6000.0), _fees(6000))
    found = policies.compare(record, 800_000, 3000.0, compute_capital_cost(2e10, 0.2, 0.6))
    totals = {judged.name: judged.outcome.total for judged in found.judged}
    assert min(totals, key=lambda name: totals[name]) == "hindsight (bound)"
    assert found.judged[0].saving == 0.0
    assert totals["decision process"] < totals["clock"]
    queues = policies.compare_queues(record, 3600.0)
    assert [q.mean_delay for q in queues] == sorted(q.mean_delay for q in queues)
    assert queues[-1].saving > queues[0].saving


def test_bad_inputs_are_named() -> None:
    short = BaseFees("short", np.arange(100.0), np.full(100, 20e9))
    refusals: dict[int, Callable[[], object]] = {
        1407: lambda: policies.compare(short, 800_000, 3000.0, compute_capital_cost(1e8, 0.2, 0.6)),
        1403: lambda: policies.compare_queues(short, 3600.0),
        1408: lambda: posting.Job(0.0, 0.0, 1.0, 0.5, 10),
        1412: lambda: posting.run_policy(
            posting.Job(1.0, 0.0, 1.0, 0.5, 10), np.array([1.0, -1.0, 1.0]), posting.clock(1)
        ),
    }
    for code, call in refusals.items():
        with pytest.raises(RiskInputError) as refused:
            call()
        assert refused.value.code == code


YEAR = "l1/eth_base_fee_every15blocks_2021-08_12.csv.gz"
WINDOWS = "l1/eth_base_fee_per_block_windows.csv.gz"


def test_recorded_fees_of_2021_save_in_the_order_of_mamageishvili_and_felten(recorded: Callable[[str], Path]) -> None:
    """Published: 8 % with a tight queue, 29 % with a moderate one. Ours, like for like and out of sample."""
    queues = policies.compare_queues(read_base_fees(recorded(YEAR)), 3600.0)
    savings = [queue.saving for queue in queues]
    low, high = posting.PUBLISHED_SAVING
    assert min(savings) < low
    assert any(low <= saving <= high for saving in savings)
    assert 0.2 < max(savings) < 0.4
    tight = next(queue for queue in queues if queue.saving >= low)
    assert tight.mean_delay < 600


def test_recorded_fees_of_2021_against_the_clock(recorded: Callable[[str], Path]) -> None:
    found = policies.compare(read_base_fees(recorded(YEAR)), 800_000, 3000.0, compute_capital_cost(1e9, 0.2, 0.6))
    savings = {judged.name: judged.saving for judged in found.judged}
    assert all(0.05 < saving < 0.15 for name, saving in savings.items() if name != "clock")
    assert max(savings, key=lambda name: savings[name]) == "hindsight (bound)"


def test_recorded_windows_are_five(recorded: Callable[[str], Path]) -> None:
    names = read_windows(recorded(WINDOWS))
    assert len(names) == len(set(names)) == 5
    fees = read_base_fees(recorded(WINDOWS), "2025-11-26")
    assert fees.fees.min() == pytest.approx(0.045e9, rel=0.05)
    assert read_base_fees(recorded(WINDOWS)).fees.size == 14_651

"""The demo's order flow: repeatable, varied, and true to what the exchange tells it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from kedge.lab.crash import CLOSE_OUT_PPM, MAINTENANCE_PPM
from kedge.lab.estimates import Estimates
from kedge.lab.flow import Flow, FlowPlan
from kedge.lab.prices import Fall
from kedge.lab.source import drive
from kedge.rules import FIRST_USER
from kedge.rules.margin import CLOSE_OUT, MAINTENANCE, PROPORTION
from kedge.units.quantities import PPM
from kedge.venue.orders import FOK, GTC, IOC, POST_ONLY

if TYPE_CHECKING:
    from .conftest import FakeExchange


def test_the_shipped_flow_is_what_the_demo_needs(exchange: FakeExchange) -> None:
    flow = Flow()
    drive(flow, exchange)
    assert len(flow.markets) >= 2
    assert len(flow.deposits) >= 50
    steps = Counter(step for step, _ in exchange.sent)
    assert steps["place"] >= 2_000
    assert min(steps["cancel"], steps["oracle_price"]) > 100
    assert steps["withdraw"] == flow.plan.withdrawals
    terms = Counter(args[6] for step, args in exchange.sent if step == "place")
    assert set(terms) == {GTC, IOC, FOK, POST_ONLY}
    events = Counter(name for name, _ in exchange.events)
    assert events["fill"] > 500
    assert events["liquidated"] > 5
    assert flow.progress == 1
    assert flow.next() == []


def test_the_same_seed_gives_the_same_transactions_and_another_does_not(exchange: FakeExchange) -> None:
    kind = type(exchange)
    same, other = kind(), kind()
    for seed, target in ((5, exchange), (5, same), (6, other)):
        drive(Flow(FlowPlan(seed=seed, orders=600)), target)
    assert exchange.sent == same.sent
    assert exchange.sent != other.sent


def test_live_orders_are_those_on_the_book(exchange: FakeExchange) -> None:
    flow = Flow(FlowPlan(orders=900))
    drive(flow, exchange)
    accounts = range(FIRST_USER, FIRST_USER + len(flow.deposits))
    assert exchange.slots() == {(a, order.slot) for a in accounts for order in flow.desk.live(a)}
    assert all(flow.desk.slots.count(a) == len(flow.desk.live(a)) for a in accounts)


def test_phases_follow_one_another_and_anchoring_pauses_once(exchange: FakeExchange) -> None:
    flow = Flow(FlowPlan(orders=900))
    phases: list[str] = []
    while burst := flow.next():
        flow.feedback(burst, exchange.submit_many(burst))
        if phases[-1:] != [flow.phase]:
            phases.append(flow.phase)
    assert phases == [
        "trading",
        "trading while anchoring pauses",
        "trading",
        "the price falls",
        "trading after the fall",
        "withdrawing",
    ]


def test_the_flow_survives_an_exchange_that_refuses_everything(exchange: FakeExchange) -> None:
    exchange.refuses = dict.fromkeys(("place", "cancel", "oracle_price", "liquidate", "withdraw"), 99)
    flow = Flow(FlowPlan(orders=300))
    drive(flow, exchange)
    assert flow.desk.fills == 0
    assert all(not flow.desk.live(a) for a in range(FIRST_USER, FIRST_USER + len(flow.deposits)))


def test_the_fall_is_continuous_and_partly_regained() -> None:
    fall = Fall(begin=500_000, end=600_000, depth=100_000, back=500_000)
    assert [fall.factor(m) for m in (0, 500_000, 550_000, 600_000, PPM)] == [PPM, PPM, 950_000, 900_000, 950_000]


def test_margin_shares_are_the_rules_own() -> None:
    assert PPM * MAINTENANCE == MAINTENANCE_PPM * PROPORTION
    assert PPM * CLOSE_OUT == CLOSE_OUT_PPM * PROPORTION


def test_estimates_follow_events() -> None:
    estimates = Estimates()
    estimates.deposit(2, 1_000)
    estimates.apply([("fill", [3, 2, 0, 0, 10, 5, 0, 1, 2, 0]), ("marked", [0, 12])])
    assert (estimates.size(2, 0), estimates.size(3, 0)) == (5, -5)
    assert estimates.equity(2) == 1_000 - 2 + 10
    assert estimates.equity(3) == -1 - 10
    estimates.apply([("liquidated", [2, 4, 0, 5, 11]), ("withdrawn", [0, 2, 100, 0, 0, 0, 0, 0]), ("covered", [3, 11])])
    assert estimates.size(4, 0) == 5
    assert estimates.equity(2) == 1_000 - 2 + 5 - 100
    assert estimates.equity(3) == 0
    assert estimates.notional(3) == 60


def test_estimates_follow_a_deleveraging() -> None:
    """Account 2 owes 20 at the mark, which fund and other side pay; account 3 closes at their price when it is next
    used."""
    estimates = Estimates()
    estimates.deposit(2, 30)
    estimates.apply([("fill", [3, 2, 0, 0, 20, 5, 0, 0, 0, 0]), ("marked", [0, 10])])
    assert estimates.equity(2) == -20
    estimates.apply([("deleveraged", [2, 0, -5, 12, 10, 10])])
    assert (estimates.size(2, 0), estimates.equity(2), estimates.size(3, 0)) == (0, 0, -5)
    estimates.apply([("adjusted", [3, 0, 5, 12])])
    assert (estimates.size(3, 0), estimates.equity(3)) == (0, 5 * (20 - 12))


def test_the_flow_runs_on_the_native_engine() -> None:
    native = pytest.importorskip("kedge._native", reason="the native engine is not built")
    from kedge.rules import program

    engine = native.Engine(native.Program(program().data))
    flow = Flow(FlowPlan(orders=900))
    now = 1_760_000_000_000
    opening = [("window_update", [now, now]), *(market.opening() for market in flow.markets)]
    opening += [("deposit", [i, FIRST_USER + i, amount, 1, 2, 3, 4, i]) for i, amount in enumerate(flow.deposits)]
    assert {code for code, _, _ in engine.submit_many(opening)} == {0}
    clock = iter(range(now, now + 10**9, 250))

    def between() -> list[tuple[str, list[int]]]:
        moment = next(clock)
        return [("window_update", [moment, now]), *(("margin_update", [market.index]) for market in flow.markets)]

    drive(flow, engine, between)
    assert flow.desk.fills > 200
    for borrower in flow.crash.borrowers:
        assert flow.desk.estimates.equity(borrower.account) >= 0 or borrower.covered


def test_a_flow_ends_whatever_its_traders_can_do(exchange: FakeExchange) -> None:
    """One trader whose quotes stand for steps on end: the flow goes on without it, up to the withdrawals."""
    flow = Flow(FlowPlan(orders=300, makers=1, takers=0, gamblers=0, liquidators=0, withdrawals=0))
    drive(flow, exchange)
    assert flow.progress == 1
    assert flow.phase == "withdrawing"


def test_a_flow_whose_orders_stick_closes() -> None:
    """Nothing is ever heard of its orders: once every slot is taken it gives up placing more."""
    flow = Flow(FlowPlan(orders=1_000_000, makers=1, takers=0, gamblers=0, liquidators=0))
    steps = 0
    while flow.next():
        steps += 1
        assert steps < 20_000
    assert flow.progress < 1
    assert flow.phase == "withdrawing"

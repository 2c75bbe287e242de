"""What the node owes the exchange, when."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest

from kedge.node.upkeep import HOUR_MS, Upkeep
from kedge.sequencer import Origin
from tests.unit.exchange import GENESIS, TERMS, Exchange

NOW = GENESIS + 1_000


def due(upkeep: Upkeep, now: int) -> list[tuple[str, list[int]]]:
    return [(transaction.step, list(transaction.args)) for transaction in upkeep.due(now, GENESIS)]


def resumed(exchange: Exchange) -> Upkeep:
    upkeep = Upkeep(NOW, GENESIS)
    exchange.sequencer.read(lambda engine: upkeep.resume(engine.get))
    return upkeep


def test_clock_margin_and_funding_come_in_their_time(exchange: Exchange) -> None:
    upkeep = resumed(exchange)
    assert due(upkeep, NOW + 999) == []
    assert due(upkeep, NOW + 1_000) == [("window_update", [NOW + 1_000, GENESIS]), ("margin_update", [0])]
    upkeep.learn([("opened", [3])])
    steps = due(upkeep, NOW + 1_000 + HOUR_MS)
    assert steps[1:] == [(step, [market]) for step in ("margin_update", "funding_tick") for market in (0, 3)]


@pytest.mark.parametrize("restarted", [False, True])
def test_announced_terms_are_put_in_force_when_their_hour_has_passed(exchange: Exchange, restarted: bool) -> None:
    """Also by a node that was started after they were announced."""
    upkeep = resumed(exchange)
    receipt = exchange.state("announce", 0, *astuple(replace(TERMS, floor=30_000)))
    if restarted:
        upkeep = resumed(exchange)
    else:
        upkeep.learn(receipt.events)
    effective = NOW + HOUR_MS
    assert ("parameter_update", [0]) not in due(upkeep, effective - 1_000)
    work = upkeep.due(effective, GENESIS)
    assert ("parameter_update", [0]) in [(one.step, list(one.args)) for one in work]
    assert all(receipt.accepted for receipt in exchange.sequencer.submit(work, Origin.SYSTEM))
    assert ("parameter_update", [0]) not in due(upkeep, effective + 1_000), "once"

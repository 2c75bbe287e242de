"""Heights and lags by tier, as the node's hooks tell them; and upkeep that follows them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from kedge.batching import Header
from kedge.node.keeper import Keeper
from kedge.node.node import Hooks, Node, NodeOptions
from kedge.node.progress import Progress
from kedge.node.upkeep import Upkeep
from kedge.proving import ProofRecord
from kedge.sequencer import Head, Receipt, SealedChunk, Transaction
from kedge.settlement import AnchorEvent, FinalityTracker, Mined, Tier
from kedge.units.errors import Broken, Fault


@dataclass
class FakeSequencer:
    head: Head = field(default_factory=lambda: Head(0, 1, 0))


@dataclass
class FakeNode:
    """As much of a node as progress and upkeep ask for."""

    sequencer: FakeSequencer = field(default_factory=FakeSequencer)
    finality: FinalityTracker = field(default_factory=FinalityTracker)
    options: NodeOptions = field(default_factory=lambda: NodeOptions(upkeep_ms=1))
    upkeep: Upkeep = field(default_factory=lambda: Upkeep(0, 0, 1))
    submitted: int = 0
    failure: Exception | None = None

    def facts(self, chunk: int) -> Any:
        return self.finality.get(chunk)

    def due(self) -> Any:
        return self.upkeep.due(time.time_ns() // 1_000_000, 0)

    def submit(self, work: list[Transaction]) -> list[Receipt]:
        if self.failure is not None:
            raise self.failure
        self.submitted += len(work)
        return [receipt(1) for _ in work]


def receipt(sequence: int, time_ms: int = 0, *events: tuple[str, list[int]]) -> Receipt:
    return Receipt(0, "ACCEPTED", "", sequence, 1, 0, time_ms, list(events))


def sealed(number: int) -> SealedChunk:
    return SealedChunk(number, number * 10 - 9, number * 10, 10, b"", b"", 0, b"", Path())


def mined(what: str, number: int) -> AnchorEvent:
    kind: Any = "finalize" if what == "final" else "submit"
    header = Header(number, b"", b"", b"", number, number, 0, b"", 0, b"", 0, 0)
    return AnchorEvent(cast(Any, what), Mined(kind, number, b"\x01", 5, b"", 0, 100, 7, 900), header)


class World:
    """A fake node whose chunks are sealed, proved and anchored by hand."""

    def __init__(self) -> None:
        self.node, self.hooks = FakeNode(), Hooks()
        self.told: list[tuple[Tier, int, int]] = []
        self.progress = Progress(self.hooks, lambda *news: self.told.append(news))
        self.progress.follow(cast(Node, self.node))

    def commit(self, sequence: int, step: str = "place", age: float = 0.0, *events: tuple[str, list[int]]) -> None:
        self.node.sequencer.head = Head(sequence, 1, 1)
        moment = int((time.time() - age) * 1000)
        self.hooks.committed[0]([(Transaction(step, []), receipt(sequence, moment, *events))])

    def seal(self, number: int) -> None:
        self.node.finality.on_sequenced(number, 0)
        self.hooks.sealed[0](sealed(number))

    def prove(self, number: int) -> None:
        self.node.finality.on_proved(number, 0)
        self.hooks.proved[0](
            sealed(number), ProofRecord(number, 10, 100.0, False, "", ("", ""), {"queue": 5.0, "prove": 2.0})
        )

    def on_l1(self, what: str, number: int) -> None:
        self.node.finality.on_anchor([mined(what, number)])
        self.hooks.anchored[0]([mined(what, number)])

    def transactions(self) -> list[int]:
        heights = self.progress.heights()
        return [heights[tier].transaction for tier in Tier]


def test_heights_follow_the_hooks_without_gaps() -> None:
    world = World()
    world.commit(10, "place", 5.0, ("fill", []), ("liquidated", []), ("rested", []))
    world.seal(1)
    world.commit(20)
    world.seal(2)
    world.prove(2)
    assert world.transactions() == [20, 0, 0, 0, 0]
    assert 4 < world.progress.height(Tier.FINAL).lag < 60
    world.prove(1)
    world.on_l1("anchored", 1)
    assert world.transactions() == [20, 10, 20, 10, 0]
    world.on_l1("final", 1)
    assert world.transactions() == [20, 10, 20, 10, 10]
    assert world.progress.height(Tier.PROVED_OFF_CHAIN).lag == 0
    assert world.progress.height(Tier.FINAL).lag < 4
    totals = world.progress.totals()
    assert (totals.fills, totals.liquidations, totals.proofs, totals.proof_seconds) == (1, 1, 2, 4.0)
    assert (totals.gas, totals.blob_gas, totals.fee) == ({"anchored": 100, "final": 100}, 14, 1_800)
    moved = [(tier, chunk) for tier, chunk, _ in world.told if chunk]
    assert moved == [
        (Tier.PROVED_OFF_CHAIN, 2),
        (Tier.PUBLISHED, 1),
        (Tier.ANCHORED, 1),
        (Tier.FINAL, 1),
    ]


def test_a_reorganisation_takes_heights_back() -> None:
    world = World()
    world.commit(10)
    world.seal(1)
    world.prove(1)
    world.on_l1("anchored", 1)
    world.on_l1("reorganised", 1)
    assert world.transactions() == [10, 0, 10, 0, 0]
    assert (Tier.ANCHORED, 0, 0) in world.told


def test_only_work_that_is_not_upkeep_counts_as_work() -> None:
    world = World()
    world.commit(10, "margin_update")
    seen = [world.progress.has_work]
    world.commit(12, "cancel")
    seen.append(world.progress.has_work)
    world.node.sequencer.head = Head(20, 2, 0)
    for number in (1, 2):
        world.seal(number)
        world.prove(number)
    for number in (1, 2):
        world.on_l1("anchored", number)
        seen.append(world.progress.has_work)
    assert seen == [False, True, True, False]


def wait(holds: Any) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_upkeep_goes_on_while_there_is_work_and_once_more_after() -> None:
    node, work = FakeNode(), [True]
    keeper = Keeper(cast(Node, node), lambda: work[0], heartbeat=3_600)
    keeper.start()
    wait(lambda: node.submitted >= 3)
    work[0] = False
    wait(lambda: not keeper._had_work)
    before = node.submitted
    time.sleep(0.35)
    assert node.submitted == before
    keeper.freshen()
    assert node.submitted == before + 1
    keeper.close()


def test_upkeep_survives_the_world_and_stops_at_broken() -> None:
    node = FakeNode()
    keeper = Keeper(cast(Node, node), lambda: True, heartbeat=1)
    keeper.start()
    node.failure = Fault("the disk is full")
    wait(lambda: keeper.trouble == "the disk is full")
    node.failure = None
    wait(lambda: keeper.trouble == "")
    node.failure = Broken("no")
    wait(lambda: keeper.failure is not None)
    keeper.close()

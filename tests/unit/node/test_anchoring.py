"""Deposits on their way in: each is credited once, in order, whatever the disk and the queue do meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from kedge.batching import Deposit
from kedge.node.anchoring import MOST_CREDITS, Anchoring
from kedge.node.place import Place
from kedge.sequencer import Interrupted, Origin, Receipt, Sequencer, Transaction
from kedge.settlement import AnchorClient, AnchorEvent, Deployment, DepositWatcher
from kedge.units.errors import Broken, Fault, Rejected

PLACE = Place(Deployment(1, bytes(20), bytes(20), bytes(20), 0), 0, "")


def deposits(*indexes: int) -> list[Deposit]:
    return [Deposit(index, 2 + index, bytes(20), 5) for index in indexes]


class FakeSequencer:
    """Credits deposits in order; fails as told: `failures` are raised after so many transactions became durable."""

    def __init__(self) -> None:
        self.credited: list[int] = []
        self.sizes: list[int] = []
        self.failures: list[tuple[int, Exception]] = []

    def read(self, _: Any) -> list[int]:
        return [len(self.credited)]

    def submit(self, work: Sequence[Transaction], origin: Origin) -> list[Receipt]:
        assert origin is Origin.SYSTEM
        durable, failure = self.failures.pop(0) if self.failures else (len(work), None)
        self.sizes.append(len(work))
        receipts = []
        for transaction in work[:durable]:
            right = transaction.args[0] == len(self.credited)
            self.credited += [transaction.args[0]] * right
            receipts.append(Receipt(0 if right else 34, "", "", 1, 1, 0, 0, []))
        if failure is not None:
            raise failure
        return receipts


class FakeWatcher:
    """Gives each list once, then nothing."""

    def __init__(self, *polls: list[Deposit]) -> None:
        self._polls = list(polls)

    def poll(self) -> list[Deposit]:
        return self._polls.pop(0) if self._polls else []


class FakeClient:
    last_header = None


def anchoring(sequencer: FakeSequencer, *polls: list[Deposit]) -> Anchoring:
    unused: Any = None
    told: Any = list
    client, watcher = cast(AnchorClient, FakeClient()), cast(DepositWatcher, FakeWatcher(*polls))
    return Anchoring(cast(Sequencer, sequencer), client, watcher, unused, unused, PLACE, told)


@pytest.mark.parametrize("durable", [0, 2, 3])
def test_a_full_disk_costs_no_deposit(durable: int) -> None:
    sequencer = FakeSequencer()
    sequencer.failures = [(durable, Interrupted("the disk is full", []))]
    node = anchoring(sequencer, deposits(0, 1, 2), deposits(3))
    with pytest.raises(Fault, match="the disk is full"):
        node._take_deposits()
    assert sequencer.credited == list(range(durable))
    node._take_deposits()
    assert sequencer.credited == [0, 1, 2, 3]


def test_a_full_queue_is_a_fault_and_not_the_end() -> None:
    sequencer = FakeSequencer()
    sequencer.failures = [(0, Rejected(908, "QUEUE_FULL", "too many"))]
    node = anchoring(sequencer, deposits(0, 1))
    with pytest.raises(Fault, match="QUEUE_FULL"):
        node._take_deposits()
    node._take_deposits()
    assert sequencer.credited == [0, 1]


def test_many_deposits_go_in_parts() -> None:
    sequencer = FakeSequencer()
    anchoring(sequencer, deposits(*range(2 * MOST_CREDITS + 1)))._take_deposits()
    assert sequencer.sizes == [MOST_CREDITS, MOST_CREDITS, 1]
    assert len(sequencer.credited) == 2 * MOST_CREDITS + 1


def test_a_refused_deposit_stops_everything() -> None:
    with pytest.raises(Broken, match="a deposit was refused"):
        anchoring(FakeSequencer(), deposits(1))._take_deposits()


def wait(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (Rejected(1112, "WINDOW_UNDERSTATED", "no"), Rejected, "WINDOW_UNDERSTATED"),
        (Broken("no"), Broken, "no"),
        (RuntimeError("unforeseen"), Broken, "unforeseen"),
    ],
)
def test_what_time_does_not_mend_ends_it_and_is_kept(error: Exception, kind: type[Exception], text: str) -> None:
    node = anchoring(FakeSequencer())
    node._client = cast(AnchorClient, Stepping([error]))
    node.start()
    wait(lambda: node.failure is not None)
    assert isinstance(node.failure, kind)
    assert text in str(node.failure)
    node.close()


def test_an_l1_that_stalls_is_waited_for() -> None:
    """Its newest block is older than the drift: the contract's refusal passes with the next block."""
    node = anchoring(FakeSequencer())
    client = Stepping([Rejected(1111, "WRONG_CLOCK", "ahead")])
    node._client = cast(AnchorClient, client)
    node.start()
    wait(lambda: "older than" in node.trouble)
    wait(lambda: node.trouble == "")
    assert node.failure is None
    node.close()


class Stepping:
    """An anchor client whose steps raise what it was given, and then do nothing."""

    last_header = None

    def __init__(self, errors: list[Exception]) -> None:
        self._errors = errors

    def history(self) -> list[AnchorEvent]:
        return []

    def step(self) -> list[AnchorEvent]:
        if self._errors:
            raise self._errors.pop(0)
        return []

"""Deposits on their way in: each is credited once, in order, whatever the disk and the queue do meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kedge.batching import TOO_LARGE, Deposit
from kedge.node.anchoring import MOST_CREDITS, Anchoring
from kedge.node.place import Place
from kedge.sequencer import Interrupted, Origin, Receipt, SealedChunk, Sequencer, Transaction
from kedge.settlement import AnchorClient, AnchorEvent, CountOrClock, Deployment, DepositWatcher, Pausable
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
            receipts.append(Receipt(0 if right else 34, "" if right else "EARLY", "", 1, 1, 0, 0, []))
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


def test_a_deposit_that_the_exchange_refuses_waits_and_is_named() -> None:
    sequencer = FakeSequencer()
    node = anchoring(sequencer, deposits(1), deposits())
    for _ in range(2):
        with pytest.raises(Rejected, match="34 EARLY: a deposit on L1"):
            node._take_deposits()
    sequencer.credited.append(0)
    node._take_deposits()
    assert sequencer.credited == [0, 1]


def wait(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def wait_for_trouble(node: Anchoring) -> None:
    wait(lambda: "1003 TOO_LARGE" in node.trouble)


@pytest.mark.parametrize("error", [Broken("no"), RuntimeError("unforeseen")])
def test_a_failure_of_our_own_ends_it_and_is_kept(error: Exception) -> None:
    node = anchoring(FakeSequencer())
    node._client = cast(AnchorClient, Stepping([error]))
    node.start()
    wait(lambda: node.failure is not None)
    assert isinstance(node.failure, Broken)
    assert str(error) in str(node.failure)
    node.close()


def test_a_refusal_of_the_contract_is_a_trouble_with_a_name_and_passes() -> None:
    node = anchoring(FakeSequencer())
    client = Stepping([Rejected(1112, "WINDOW_UNDERSTATED", "no")])
    node._client = cast(AnchorClient, client)
    node.start()
    wait(lambda: node.trouble == "L1 waits, and is tried again: 1112 WINDOW_UNDERSTATED: no")
    wait(lambda: node.trouble == "")
    assert node.failure is None
    node.close()


def test_no_task_holds_up_another() -> None:
    """While one deposit is refused, batches are made and brought forward."""
    sequencer = FakeSequencer()
    client = Stepping([])
    maker = FakeMaker([TOO_LARGE.reject("for a while"), 2, 1])
    node = anchoring(sequencer, deposits(7))
    node._client, node._maker, node.policy = cast(Any, client), cast(Any, maker), Pausable(CountOrClock(1))
    for number in (1, 2, 3):
        node.proved(chunk(number))
    node.start()
    wait(lambda: "the next batch waits, and is tried again: 1003 TOO_LARGE" in node.trouble)
    wait(lambda: node.first_open == 4)
    assert client.kept == [(1, 2), (3, 3)]
    assert maker.seen == [(1, 2, 3), (1, 2, 3), (3,)]
    assert client.steps > 0
    assert node.trouble.startswith("deposits wait")
    assert node.failure is None
    node.close()


def test_a_refusal_that_outlives_a_restart_is_a_trouble_again_and_passes() -> None:
    maker, client = FakeMaker([TOO_LARGE.reject("now"), TOO_LARGE.reject("still"), 1]), Stepping([])
    for _ in range(2):
        node = anchoring(FakeSequencer())
        node._client, node._maker, node.policy = cast(Any, client), cast(Any, maker), Pausable(CountOrClock(1))
        node.proved(chunk(1))
        node.start()
        wait_for_trouble(node)
        if len(maker.seen) == 1:
            node.close()
    wait(lambda: node.trouble == "")
    assert node.failure is None
    assert client.kept == [(1, 1)]
    node.close()


def test_what_is_in_a_batch_already_is_not_put_into_another() -> None:
    """The journal kept the batch, and then the disk failed: the next look begins behind it."""
    client = Stepping([])
    maker = FakeMaker([1])
    node = anchoring(FakeSequencer())
    node._client, node._maker, node.policy = cast(Any, client), cast(Any, maker), Pausable(CountOrClock(1))
    for number in (1, 2, 3):
        node.proved(chunk(number))
    client.last_header = SimpleNamespace(last_chunk=2)
    node._make_batch()
    assert maker.seen == [(3,)]
    assert node.first_open == 4


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
    """An anchor client whose steps raise what it was given, and then do nothing; it keeps the chunks of batches."""

    def __init__(self, errors: list[Exception]) -> None:
        self._errors = errors
        self.last_header: Any = None
        self.kept: list[tuple[int, int]] = []
        self.steps = 0

    def history(self) -> list[AnchorEvent]:
        return []

    def enqueue(self, header: Any, data: bytes) -> None:
        self.kept.append((header.first_chunk, header.last_chunk))
        self.last_header = header

    def step(self) -> list[AnchorEvent]:
        self.steps += 1
        if self._errors:
            raise self._errors.pop(0)
        return []


class FakeMaker:
    """Puts as many chunks into a batch as it was told, or raises."""

    def __init__(self, made: Sequence[int | Exception]) -> None:
        self._made = list(made)
        self.seen: list[tuple[int, ...]] = []

    def make(self, chunks: Sequence[SealedChunk], after: Any, genesis_clock: int) -> tuple[Any, bytes]:
        self.seen.append(tuple(item.number for item in chunks))
        made = self._made.pop(0)
        if isinstance(made, Exception):
            raise made
        header = SimpleNamespace(first_chunk=chunks[0].number, last_chunk=chunks[made - 1].number)
        return SimpleNamespace(header=header, **vars(header)), b""


def chunk(number: int) -> SealedChunk:
    nothing = bytes(32)
    return SealedChunk(number, number, number, 1, nothing, nothing, 0, nothing, Path())

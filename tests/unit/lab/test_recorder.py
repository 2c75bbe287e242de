"""The recorder: whose gas a batch is, what becomes final, and that every figure of gas is the same one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from kedge.batching import Header
from kedge.lab.lags import compute_lags
from kedge.lab.recorder import Recorder
from kedge.lab.report import RunInfo, gas_per_settlement
from kedge.node import Node
from kedge.settlement import AnchorEvent, Mined


class FakeNode:
    """Three batches of one chunk each, which end with transactions 10, 30 and 60."""

    hooks = SimpleNamespace(proved=[], anchored=[])
    journal = SimpleNamespace(data=lambda number: b"d" * number, open_attempts=list)
    window_seconds = 1.5
    anchoring = SimpleNamespace(policy=SimpleNamespace(is_paused=False))
    sequencer = SimpleNamespace(head=SimpleNamespace(sequence=60))

    def last_transaction(self, chunk: int | None) -> int:
        return {1: 10, 2: 30, 3: 60}.get(chunk or 0, 0)

    def heights(self) -> Any:
        return dict.fromkeys(range(10), 3)


def event(what: str, number: int, gas: int, kind: str = "submit", blob: int = 0) -> AnchorEvent:
    header = Header(number, b"", b"", b"", number, number, 0, b"", 0, b"", 0, 0)
    sent = Mined(cast(Any, kind), number, bytes([number, len(kind)]), 5, b"", 0, gas, blob, 900)
    return AnchorEvent(cast(Any, what), sent, header)


@pytest.fixture
def recorder() -> Recorder:
    made = Recorder(cast(Node, FakeNode()), [])
    made.on_anchored([event("anchored", number, 1_000 * number, blob=500) for number in (1, 2, 3)])
    return made


def test_a_batch_knows_its_transactions_before_they_are_proved(recorder: Recorder) -> None:
    assert [row.transactions for row in recorder.batches.values()] == [10, 20, 30]


def test_batches_that_become_final_together_share_the_gas_to_the_unit(recorder: Recorder) -> None:
    recorder.on_anchored([event("final", 2, 101, "finalize")])
    assert [row.final_gas for row in recorder.batches.values()] == [50, 51, 0]
    assert [row.final is not None for row in recorder.batches.values()] == [True, True, False]
    recorder.on_anchored([event("final", 2, 101, "finalize"), event("final", 3, 77, "finalize")])
    assert [row.final_gas for row in recorder.batches.values()] == [50, 51, 77], "the same news twice counts once"
    assert gas_per_settlement(recorder.batches.values()) == (1_000 + 2_000 + 3_000 + 3 * 500 + 101 + 77) / 60


def test_the_live_view_counts_gas_as_the_report_does(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_heights", dict)
    recorder.on_anchored([event("final", 3, 90, "finalize")])
    rows = list(recorder.batches.values())
    assert recorder.snapshot("settling", 1.0).gas == [gas_per_settlement([row]) for row in rows]
    assert recorder.snapshot("settling", 1.0).gas[0] == (1_000 + 500 + 30) / 10


def test_what_leaves_l1_is_taken_back(recorder: Recorder) -> None:
    recorder.on_anchored([event("final", 3, 90, "finalize"), event("reorganised", 3, 90, "finalize")])
    assert [(row.final, row.final_gas) for row in recorder.batches.values()] == [(None, 0)] * 3
    recorder.on_anchored([event("reorganised", 3, 3_000)])
    assert list(recorder.batches) == [1, 2]
    recorder.on_anchored([event("final", 2, 90, "finalize")])
    assert [row.final_gas for row in recorder.batches.values()] == [45, 45]


def test_a_report_is_of_one_moment_while_the_node_goes_on(recorder: Recorder) -> None:
    """A sample that is taken while the page is drawn changes nothing in it, and breaks nothing."""
    recorder.sample()
    run = RunInfo(title="t", started="s", commit="c", machine="m", program="p", command="kedge demo")
    report = recorder.collect(run, {"fills": 1})
    recorder.sample()
    recorder.on_anchored([event("reorganised", 3, 3_000)])
    assert (len(report.heights), len(report.windows), len(report.batches)) == (1, 1, 3)
    assert report.heights is not recorder.heights
    assert compute_lags(report.heights, "final") == [(report.heights[0].time, 0.0)]

"""The tape's own time rules: the clock follows it, pauses included, and windows are measured in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kedge.lab.cast import ReplayPlan
from kedge.lab.replay import HOUR_MS, Replay
from kedge.lab.source import drive
from kedge.lab.tape import scan_tape
from kedge.lab.tape_time import SHORTEST_CHUNK_MS, TapeTime
from kedge.sequencer import Receipt, SealedChunk, Transaction
from kedge.venue import Transaction as Sent

if TYPE_CHECKING:
    from .conftest import FakeExchange

BEGIN = 1_760_054_400_000


def replay_of(folder: Path, seconds: list[int], plan: ReplayPlan | None = None) -> Replay:
    path = folder / "AB-trades.csv"
    rows = [f"{BEGIN * 1000 + at * 1_000_000},buy,10.0{i % 3},5\n" for i, at in enumerate(seconds)]
    path.write_text("timestamp_us,side,price,amount\n" + "".join(rows))
    return Replay(scan_tape(path), plan)


def clock_of(replay: Replay, exchange: FakeExchange) -> list[int]:
    """The times at which the bursts were sent, in seconds after the first trade."""
    seen: list[int] = []

    def between() -> list[Sent]:
        seen.append((replay.time - BEGIN) // 1000)
        return []

    drive(replay, exchange, between)
    return seen


def test_the_clock_follows_the_tape(tmp_path: Path, exchange: FakeExchange) -> None:
    replay = replay_of(tmp_path, [0, 0, 1, 5, 5, 30, 31])
    seen = clock_of(replay, exchange)
    assert sorted(set(seen)) == [0, 1, 5, 30, 31]
    assert seen == sorted(seen)
    assert replay.fills == 7


def test_a_pause_passes_without_a_silence_and_by_the_hour(tmp_path: Path, exchange: FakeExchange) -> None:
    """More than two minutes between updates is a silence to the rules, after which nobody is liquidated for a while."""
    seen = sorted(set(clock_of(replay_of(tmp_path, [0, 3_600 + 90]), exchange)))
    assert seen == [*range(0, 3_601, 60), 3_660, 3_690]


def test_a_pause_of_a_year_costs_a_bounded_number_of_steps(tmp_path: Path, exchange: FakeExchange) -> None:
    seen = clock_of(replay_of(tmp_path, [0, 365 * 86_400]), exchange)
    assert seen[-1] == 365 * 86_400
    assert len(seen) < 1_000


def test_the_clock_waits_for_trades_that_are_earlier(tmp_path: Path, exchange: FakeExchange) -> None:
    path = tmp_path / "two.csv"
    rows = [f"{name},{(BEGIN + at) * 1000},buy,10,5\n" for name in "AB" for at in (0, 90_000, 180_000)]
    path.write_text("symbol,timestamp_us,side,price,amount\n" + "".join(rows))
    replay = Replay(scan_tape(path))
    seen = clock_of(replay, exchange)
    assert seen == sorted(seen)
    assert replay.time == BEGIN + 180_000
    assert replay.fills == 6


def test_the_step_of_the_clock_stays_below_what_makes_margin_stale(tmp_path: Path) -> None:
    assert replay_of(tmp_path, [0, 60]).clock_ms == 1_000
    assert replay_of(tmp_path, [0, 86_400]).clock_ms == 8_640
    assert replay_of(tmp_path, [0, 10 * 86_400]).clock_ms == 10_000
    path = tmp_path / "many.csv"
    rows = [f"M{i},{BEGIN * 1000},buy,10,5\nM{i},{(BEGIN + 24 * HOUR_MS) * 1000},buy,10,5\n" for i in range(100)]
    path.write_text("symbol,timestamp_us,side,price,amount\n" + "".join(rows))
    assert Replay(scan_tape(path)).clock_ms == 30_000


def update(now: int, anchored: int, chunk: int) -> tuple[Transaction, Receipt]:
    receipt = Receipt(0, "ACCEPTED", "", 1, chunk, 1, 0, [])
    return Transaction("window_update", [BEGIN + now, BEGIN + anchored]), receipt


def test_a_claim_is_the_end_of_the_chunk_before(tmp_path: Path) -> None:
    """What the contract refuses is a claim later than the end of the batch before; one chunk is one batch."""
    replay = replay_of(tmp_path, [0, 3_600])
    clock = TapeTime(replay)
    assert clock.now() == clock.anchored(0) == BEGIN
    clock.committed([update(0, 0, 1), update(500, 0, 1)])
    assert clock.anchored(BEGIN + 999_999) == BEGIN
    clock.committed([update(800, 0, 2)])
    assert clock.anchored(0) == BEGIN + 500
    clock.committed([update(900, 500, 3)])
    assert clock.anchored(0) == BEGIN + 800
    assert clock.longest == 800


def test_a_chunk_that_lasts_long_enough_on_the_tape_is_closed(tmp_path: Path) -> None:
    replay = replay_of(tmp_path, [0, 3_600])
    clock = TapeTime(replay)
    seen = [clock.is_chunk_over]
    replay.time = BEGIN + SHORTEST_CHUNK_MS
    seen.append(clock.is_chunk_over)
    clock.committed([update(SHORTEST_CHUNK_MS, 0, 1)])
    seen.append(clock.is_chunk_over)
    clock.closed(None)
    seen.append(clock.is_chunk_over)
    clock.closed(SealedChunk(1, 1, 1, 1, bytes(32), bytes(32), 0, bytes(32), tmp_path))
    seen.append(clock.is_chunk_over)
    assert seen == [False, False, True, True, False], "no chunk ends before the exchange's clock has moved"
    assert clock.anchored(0) == BEGIN + SHORTEST_CHUNK_MS

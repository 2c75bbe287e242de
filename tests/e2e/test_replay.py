"""A tape replayed to finality on its own clock, and stopped while its accounts are still being funded."""

from __future__ import annotations

import io
from pathlib import Path
from signal import SIGTERM

from rich.console import Console

from kedge.lab import FillsWriter, Replay, TapeRun, scan_tape
from kedge.node import load_place
from kedge.proving import verify_directory
from kedge.settlement import AnchorJournal
from kedge.show import LiveView
from tests.e2e.harness import NodeProcess, journalled, need_anvil, until

BEGIN = 1_760_054_400_000
HOUR = 3_600_000
HEAD = "symbol,timestamp_us,trade_id,side,price,amount\n"


def test_the_tapes_own_time_rules_clock_funding_and_window(tmp_path: Path) -> None:
    """Three and a half hours of tape in seconds: hourly funding is due, chunks last ten minutes, L1 accepts each."""
    need_anvil()
    rows = [
        f"ΩΜΕΓΑ[/x],{(BEGIN + i * 1_500_000) * 1_000},{i},{'sell' if i % 3 else 'buy'},{100 - i * 2},0.5\n"
        for i in range(9)
    ]
    path = tmp_path / "tape.csv"
    path.write_text(HEAD + "".join(rows))
    folder = tmp_path / "replay"
    folder.mkdir()
    tape = scan_tape(path)
    with LiveView(Console(file=io.StringIO())) as view, FillsWriter(tmp_path / "fills.csv", tape.markets) as fills:
        outcome = TapeRun(folder, Replay(tape, on_fill=fills.write), view).run("a test")
    assert outcome.complete
    assert outcome.summary["fills, equal in count, order, price and size"] == 9
    assert outcome.summary["funding ticks"] == 3
    assert (tmp_path / "fills.csv").read_text(encoding="utf-8").count("ΩΜΕΓΑ[/x]") == 9
    updates = [item.args for item in journalled(folder) if item.step == "window_update"]
    assert updates[0] == [BEGIN, BEGIN]
    assert updates[-1][0] == tape.last
    assert all(BEGIN <= anchored <= now <= tape.last for now, anchored in updates)
    place = load_place(folder)
    assert place is not None
    assert place.genesis_clock == BEGIN
    journal = AnchorJournal(folder / "anchor.sqlite")
    headers = [journal.header(number) for number in range(1, journal.batch_count() + 1)]
    journal.close()
    assert len(headers) > 5
    assert all(header is not None and header.first_chunk == header.last_chunk for header in headers)
    verdict = verify_directory(folder)
    assert verdict.holds, verdict.findings


def test_a_replay_stops_while_it_funds_a_thousand_accounts(tmp_path: Path) -> None:
    need_anvil()
    path = tmp_path / "tape.csv"
    path.write_text(HEAD + "".join(f"M{i},{BEGIN * 1_000},{i},buy,100,0.5\n" for i in range(200)))
    folder = tmp_path / "replay"
    replay = NodeProcess(folder, "replay", str(path), "--data", str(folder))
    until("the contracts are deployed", (folder / "deployment.json").exists)
    assert replay.end(SIGTERM) == 130
    assert "stopped before the end" in replay.log.read_text()


def test_a_tape_that_cannot_be_replayed_leaves_the_last_replay_alone(tmp_path: Path) -> None:
    need_anvil()
    folder = tmp_path / "replay"
    folder.mkdir()
    (folder / "made-by-replay").touch()
    (folder / "report.html").write_text("an earlier report")
    for name, row in (
        ("many", "M{0},1760054400000000,1,buy,100,0.5\n"),
        ("dear", "M,1760054400000000,1,buy,100,9e7\n"),
    ):
        path = tmp_path / f"{name}.csv"
        path.write_text(HEAD + "".join(row.format(i) for i in range(600)))
        replay = NodeProcess(folder, "replay", str(path), "--data", str(folder))
        assert replay.process.wait(60) == 1
    log = replay.log.read_text()
    assert "1208 TAPE_MARKETS" in log
    assert "1209 TAPE_TURNOVER" in log
    assert (folder / "report.html").read_text() == "an earlier report"

"""The live view: the same snapshot on a screen and as a line."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from kedge.cli.output import Screen
from kedge.show.view import (
    FillLine,
    LiveView,
    MarginState,
    Snapshot,
    TierState,
    final_table,
    log_line,
    render,
    sparkline,
)

SNAPSHOT = Snapshot(
    time=31.2,
    phase="trading while anchoring pauses",
    progress=0.43,
    tiers={"sequenced": TierState(2_200, 0.0), "proved": TierState(1_800, 2.4), "anchored": TierState(900, 14.2)},
    proof_seconds=[1.0, 2.0],
    gas=[360_000],
    window=14.2,
    anchoring=False,
    margins=[MarginState("BTC-PERP", 31_000, 42_000), MarginState("ETH-PERP", 39_000, 30_000), MarginState("X", 1, 1)],
    liquidations=["account 50 by 58"],
    liquidated=3,
    fills=[FillLine("BTC-PERP", "buy", "61750.3", "0.125"), FillLine("ETH-PERP", "sell", "2681.5", "1.02")],
    orders=1_300,
    filled=540,
    refused=120,
)


def drawn(snapshot: Snapshot, width: int = 120, height: int = 30) -> str:
    console = Console(file=StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(render(snapshot), height=height)
    return capture.get()


def test_the_screen_shows_tiers_margin_fills_and_liquidations() -> None:
    screen = drawn(SNAPSHOT)
    for words in (
        "proved off-chain",
        "1,300",
        "4.20 %",
        "▲",
        "▼",
        "61750.3",
        "account 50",
        "anchoring is paused",
        "▅█",
    ):
        assert words in screen
    assert screen.index("ETH-PERP     sell" if "ETH-PERP     sell" in screen else "sell") < screen.index("buy")


def test_small_screens_and_empty_snapshots_are_drawn() -> None:
    assert drawn(SNAPSHOT, 40, 12)
    assert "starting" in drawn(Snapshot(time=0, phase="starting", progress=0))


def test_sparkline_scales_from_zero() -> None:
    assert sparkline([0, 1, 2, 4]) == "▁▃▅█"
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == "▁▁"
    assert len(sparkline([1.0] * 100)) == 40


def test_a_pipe_gets_a_line_per_phase_and_then_one_every_few_seconds() -> None:
    out = StringIO()
    moments = iter([0.0, 1.0, 2.0, 8.0])
    with LiveView(Screen(file=out), clock=lambda: next(moments)) as view:
        view.update(SNAPSHOT)
        view.update(SNAPSHOT)
        view.update(Snapshot(time=1, phase="other", progress=1))
        view.update(Snapshot(time=2, phase="other", progress=1))
        view.finish("Demo", {"fills": 1_091, "root": "abc", "seconds": 1.234})
    lines = out.getvalue().splitlines()
    assert lines[0] == log_line(SNAPSHOT)
    assert "(anchoring paused)" in lines[0]
    assert [("other" in line) for line in lines[1:3]] == [True, True]
    assert "1,091" in out.getvalue()


def test_a_terminal_is_redrawn_and_released() -> None:
    console = Console(file=StringIO(), width=100, height=30, force_terminal=True, force_interactive=True)
    with LiveView(console) as view:
        view.update(SNAPSHOT)
        view.finish("Demo", {"fills": 1})
        view.finish("Demo", {"fills": 1})
    assert final_table("t", {}).row_count == 0


def test_of_many_markets_those_with_the_highest_margins_are_shown() -> None:
    margins = [MarginState(f"M{number:03}", 25_000 + number % 200, 30_000) for number in range(500)]
    snapshot = Snapshot(time=1.0, phase="replaying", progress=0.5, margins=margins)
    line = log_line(snapshot)
    assert line.count("margin") == 6
    assert "494 more markets" in line
    assert "M199 margin 2.52 %" in line
    assert len(line) < 400

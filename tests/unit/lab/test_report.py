"""The report: one tree, one page that needs nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from kedge.lab.lags import compute_lag, compute_lags
from kedge.lab.panels import lag_panel, margin_panel, window_panel
from kedge.lab.report import (
    BatchRow,
    ChunkRow,
    HeightSample,
    MarginSample,
    Pause,
    Report,
    RunInfo,
    Spread,
    TableCells,
    WindowSample,
    decode_report,
    encode_report,
    gas_per_settlement,
    read_report,
)
from kedge.lab.report_page import CAVEAT, render_report, write_report
from kedge.show.charts import MOST_COLUMNS, Axes, Series, column_chart, line_chart, thin
from kedge.show.plot import nice_ticks
from kedge.units.errors import Fault, Rejected

RUN = RunInfo(
    title="Demo <&>", started="2025-11-22 12:00 UTC", commit="abc", machine="a machine", program="9f" * 32, seed=7,
    spreads=[Spread("time_to_proof", "s", 1.0, 1.5, 2.0, 3)],
)  # fmt: skip


def full() -> Report:
    moments = [i / 4 for i in range(400)]
    return Report(
        run=RUN,
        heights=[HeightSample(t, int(t * 60), int(t * 50), int(t * 40), int(t * 30), int(t * 20)) for t in moments],
        windows=[WindowSample(t, t % 10) for t in moments],
        pauses=[Pause(20, 45)],
        chunks=[ChunkRow(i, 300, 1_000, 2_000_000, {"queue": 0.2, "prove": 1.5}, 500_000) for i in range(1, 9)],
        batches=[
            BatchRow(1, 230_000, 131_072, 40_000, 2, 600, 4.0, 6.0, 30.0, final_gas=50_000),
            BatchRow(2, 240_000, 262_144, 90_000, 2, 0, 9.0),
        ],
        margins=[
            MarginSample(t, m, t % 10, 25_000 + int(t), 30_000) for t in moments for m in ("BTC-PERP", "ETH-PERP")
        ],
        tables=[TableCells("fill", 100, 10, 1_000), TableCells("poseidon2", 162, 1_000, 162_000)],
        summary={"fills": 10, "root": "equal <b>", "seconds": 1.25},
    )


@pytest.mark.parametrize("report", [full(), Report(run=RUN)], ids=["full", "empty"])
def test_the_page_is_whole_and_alone(report: Report) -> None:
    page = render_report(report)
    assert not re.search(r"https?:|//[a-z]|@import|<script|<link|<img|src=|url\(", page)
    assert CAVEAT in page
    assert "Demo &lt;&amp;&gt;" in page
    assert "9f9f" in page
    for figure in re.findall(r"<svg.*?</svg>", page, re.S):
        ElementTree.fromstring(figure)  # noqa: S314 - our own text


def test_charts_say_what_they_show() -> None:
    page = render_report(full())
    assert page.count("anchoring paused</title>") == 2
    assert page.count('role="img"') == 4 + 4, "four charts and a small one for each tier"
    assert "settlement window: 9.75 s at 9.75" in page
    assert "BTC-PERP: 2.5 % at 0" in page
    assert "anchored: 0 s at 0" in page
    assert "chunk 1: 1.7 s (queue 0.2, prove 1.5); 300 transactions" in page
    gas = "batch 1: 411k gas (execution gas 230k, blob gas (data) 131k, finalising gas 50k)"
    assert f"{gas}; 600 transactions (685.1 each)" in page
    assert "poseidon2: 162k; 99.4% of all, 1,000 rows of 162 columns" in page
    assert "equal &lt;b&gt;" in page


def test_lags_are_seconds_of_the_oldest_transaction() -> None:
    samples = [
        HeightSample(t, sequenced=100 * t, published=0, proved=max(0, 100 * (t - 3)), anchored=100 * t, final=0)
        for t in range(1, 11)
    ]
    assert compute_lags(samples, "published") == [(t, t - 1) for t in range(1, 11)]
    assert compute_lags(samples, "proved")[4:] == [(t, 2) for t in range(5, 11)], "what came at t - 2 is not proved"
    assert {lag for _, lag in compute_lags(samples, "anchored")} == {0}
    assert compute_lag(samples, 450, now=12.0) == 7, "transaction 451 came with the fifth sample"
    assert compute_lag(samples, 1_000, now=12.0) == 0
    assert compute_lags([], "final") == []


def test_a_sample_that_knows_less_adds_no_lag() -> None:
    proved = [0, 100, 0, 100, 50, 50]
    samples = [
        HeightSample(t, sequenced=100, published=0, proved=height, anchored=0, final=0)
        for t, height in enumerate(proved)
    ]
    assert [lag for _, lag in compute_lags(samples, "proved")] == [0, 0, 0, 0, 4, 5], (
        "only what falls for longer counts"
    )


def test_lag_charts_are_small_in_seconds_and_name_their_clock() -> None:
    panel = lag_panel(full())
    assert panel.count('class="small"') == 4
    assert "proved off-chain: median" in panel
    assert "age of the oldest transaction without it (seconds; each with its own scale)" in panel
    assert "transactions at" not in panel
    tape = msgspec.structs.replace(full(), run=msgspec.structs.replace(RUN, clock="tape"))
    assert "(seconds, by this machine&#x27;s clock;" in lag_panel(tape)
    assert "(seconds on the tape)" in window_panel(tape)
    assert "(seconds)" in window_panel(full())


def test_margin_charts_show_the_part_above_the_floor() -> None:
    panel = margin_panel(full())
    assert "the axis begins at the lowest rate shown, 2.5 %" in panel
    known = msgspec.structs.replace(full(), floors={"BTC-PERP": 20_000, "ETH-PERP": 24_000})
    panel = margin_panel(known)
    assert "the axis begins at the lowest floor, 2 %" in panel
    assert '<span style="top:100.00%">2</span>' in panel
    lower = msgspec.structs.replace(full(), floors={"BTC-PERP": 90_000})
    assert "lowest rate shown, 2.5 %" in margin_panel(lower), "nothing is cut off below the axis"


def test_a_rate_that_stood_still_is_one_figure() -> None:
    page = render_report(Report(run=RUN, margins=[MarginSample(t, "A", 1.0, 25_000, 25_000) for t in (1.0, 2.0)]))
    assert "<b>2.5\N{NO-BREAK SPACE}%</b>" in page
    assert "<b>2.5 to 2.51\N{NO-BREAK SPACE}%</b>" in render_report(full())


def test_ticks_just_above_a_floor_are_told_apart() -> None:
    margins = [MarginSample(float(t), "M", 1.0, 25_000 + 85 * (t % 2), 25_000) for t in range(8)]
    panel = margin_panel(Report(run=RUN, margins=margins, floors={"M": 25_000}))
    assert re.findall(r'<span style="top:[^>]*>([^<]*)</span>', panel) == ["2.5", "2.5025", "2.505", "2.5075", "2.51"]


def test_of_many_markets_the_highest_margins_are_drawn() -> None:
    margins = [MarginSample(t, f"M{m}", 1.0, 25_000 + m, 25_000) for t in (0.0, 1.0) for m in range(40)]
    panel = margin_panel(Report(run=RUN, margins=margins))
    assert "the 6 highest of 40 markets" in panel
    assert "M39 target" in panel
    assert "M33:" not in panel


def test_an_empty_report_says_so() -> None:
    assert render_report(Report(run=RUN)).count("No data in this run.") == 6


def test_numbers_have_no_exponent_and_a_missing_seed_is_left_out() -> None:
    run = msgspec.structs.replace(RUN, seed=None, spreads=[Spread("s", "s", 6e-5, 6e4, 6e12, 3)])
    page = render_report(Report(run=run, batches=full().batches, summary={"large": 6.0e4, "small": 6e-7}))
    assert not re.search(r"\de[+-]\d", page)
    assert "60,000" in page
    assert "0.0000006" in page
    assert "<td>seed</td>" not in page
    assert "<td>measured</td><td>once</td>" in page


@pytest.mark.parametrize("size", [1e-13, 3e-7, 6e-5, 0.99999, 9_999.96, 999_960.0, 6e7, 2.3e13, 4e18])
def test_no_number_of_any_size_has_an_exponent(size: float) -> None:
    whole = int(size)
    run = msgspec.structs.replace(RUN, spreads=[Spread("s", "s", size, size, size, 3)], runs=3)
    page = render_report(
        Report(
            run=run,
            heights=[HeightSample(t * size, whole * t, whole, whole, 0, 0) for t in range(4)],
            windows=[WindowSample(t * size, t * size) for t in range(4)],
            pauses=[Pause(size, 2 * size)],
            chunks=[ChunkRow(whole, whole, whole, whole, {"queue": size, "prove": size / 3}, whole)],
            batches=[BatchRow(1, whole, whole, whole, whole, 7, size, size, size, whole)],
            margins=[MarginSample(t * size, "M", t * size, whole + t, whole) for t in range(4)],
            tables=[TableCells("fill", whole, whole, whole)],
            summary={"figure": size, "count": whole},
        )
    )
    visible = re.sub(r"<style>.*?</style>|9f9f\w*", "", page, flags=re.S)
    assert not re.search(r"\d[eE][+-]?\d|\binf\b|\bnan\b", visible)
    assert "<td>measured</td><td>3 times</td>" in page


def test_gas_per_settlement_counts_submitting_blobs_and_finalising() -> None:
    batches = full().batches
    assert gas_per_settlement(batches) == (230_000 + 131_072 + 50_000 + 240_000 + 262_144) / 600
    assert gas_per_settlement([]) == 0


def test_digests_wrap_and_folded_lists_are_open_on_paper() -> None:
    page = render_report(full())
    assert f"<td class=long>{'9f' * 32}</td>" in page
    assert "details::details-content{content-visibility:visible" in page
    assert page.count('class="unfold sub"') == 1
    assert 'class="unfold sub"' not in render_report(Report(run=RUN)), "nothing is folded"


def test_json_round_trip(tmp_path: Path) -> None:
    report = full()
    assert decode_report(encode_report(report)) == report
    page, data = write_report(report, tmp_path / "out")
    assert read_report(data) == report
    assert page.read_text(encoding="utf-8") == render_report(report)


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"{}", b'{"run": 1}', b"\xff\xfe"):
        with pytest.raises(Rejected, match="1221 REPORT_UNREADABLE"):
            decode_report(data)
    with pytest.raises(Rejected, match="1221"):
        read_report(tmp_path / "none.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault):
        write_report(full(), tmp_path / "file")


@pytest.mark.parametrize("high", [0.0, 0.003, 0.7, 1.0, 9.0, 101.0, 1_234.0, 2.6e6])
def test_ticks_are_round_few_and_reach_the_top(high: float) -> None:
    ticks = nice_ticks(high)
    assert ticks[0] == 0
    assert ticks[-1] >= high * 0.999
    assert 2 <= len(ticks) <= 6


def test_thinning_keeps_ends_and_extremes() -> None:
    points = [(float(i), float((i * 7919) % 1_000)) for i in range(5_000)] + [(5_000.0, 5_000.0)]
    kept = thin(points)
    assert len(kept) <= 200
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert min(y for _, y in kept) == 0
    assert thin(points[:10]) == points[:10]


def test_degenerate_charts_are_drawn() -> None:
    axes = Axes("x", "y", str, str)
    flat = line_chart("flat", [Series("a", [(0.0, 0.0)], "s1")], axes)
    assert "nan" not in flat
    assert "legend" not in flat
    many = column_chart("many", [str(i) for i in range(500)], [("a", "s1", [0.0] * 500)], axes)
    assert f"last {MOST_COLUMNS} of 500" in many

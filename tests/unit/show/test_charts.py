"""Charts: shapes without text, text that keeps its size, numbers on axes that fit."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from kedge.show import Axes, Band, Series, bar_chart, column_chart, line_chart, small_charts
from kedge.show.plot import nice_ticks

AXES = Axes("seconds", "s", lambda value: f"{value:,.0f}", lambda value: f"{value:.1f}")
LINE = Series("a <line>", [(0.0, 1.0), (600.0, 3.0), (1_200.0, 2.0)], "s1")
COLUMNS = [f"every {n} minutes" for n in range(1, 25)]


def charts() -> list[str]:
    return [
        line_chart("lines", [LINE, Series("b", [(0.0, 2.0)], "s2", dashed=True)], AXES, [Band(100, 900, "a pause")]),
        small_charts("small", [("first, 3 s", LINE), ("second", LINE)], AXES),
        column_chart("columns", COLUMNS, [("part", "s1", [1.0] * 24), ("rest", "s2", [2.0] * 24)], AXES),
        bar_chart("bars", [("<long>", 3.0, "a note"), ("short", 0.0, "")], lambda value: f"{value:g}"),
    ]


@pytest.mark.parametrize("chart", charts(), ids=["line", "small", "column", "bar"])
def test_pictures_hold_shapes_and_tooltips_only(chart: str) -> None:
    ElementTree.fromstring(chart.replace("class=more", 'class="more"'))  # noqa: S314 - our own text
    pictures = re.findall(r"<svg.*?</svg>", chart, re.S)
    assert pictures
    for picture in pictures:
        assert "<text" not in picture
        assert "aria-label" in picture or 'aria-hidden="true"' in picture
        if "viewBox" in picture:
            assert 'preserveAspectRatio="none"' in picture
            assert picture.count("stroke-width") == 0 or "non-scaling-stroke" in picture
    assert "<title>" in "".join(pictures)


def test_numbers_and_names_of_axes_are_html() -> None:
    chart = re.sub(r"<svg.*?</svg>", "", charts()[0], flags=re.S)
    for words in (
        ">1,200</span>",
        ">3.0</span>",
        '<div class="name">seconds</div>',
        ">a pause</span>",
        "a &lt;line&gt;",
    ):
        assert words in chart
    bars = re.sub(r"<svg.*?</svg>", "", charts()[3], flags=re.S)
    assert '<span class="label">&lt;long&gt;</span>' in bars
    assert '<span class="value">3</span>' in bars


def test_few_numbers_remain_on_a_narrow_page() -> None:
    for chart, wide, narrow in ((charts()[0], 7, 5), (charts()[2], 3, 2)):
        texts = re.search(r'<div class="xs">(.*?)</div>', chart)
        assert texts is not None
        assert 2 <= texts[1].count("<span") <= wide
        assert 1 <= texts[1].count("<span style") <= narrow


def test_an_axis_may_begin_above_zero() -> None:
    axes = Axes("x", "%", str, lambda value: f"{value:.2f}", y_low=2.5)
    chart = line_chart("from 2.5", [Series("a", [(0.0, 2.5), (1.0, 4.0)], "s1")], axes)
    assert '<span style="top:100.00%">2.50</span>' in chart
    assert "0,1000.0" in chart.replace("0.0,1000.0", "0,1000.0"), "the lowest value lies on the axis"


def test_each_small_chart_has_its_own_scale_and_words() -> None:
    high = Series("b", [(0.0, 0.0), (1_200.0, 90.0)], "s2")
    chart = small_charts("small", [("low one", LINE), ("high one", high)], AXES)
    assert chart.count('class="plot"') == 2
    assert ">low one</p>" in chart
    assert ">4.0</span>" in chart
    assert ">100.0</span>" in chart
    assert "legend" not in chart
    assert "No data" in small_charts("none", [("x", Series("x", [], "s1"))], AXES)


@pytest.mark.parametrize(
    ("low", "high"), [(2.5, 4.1), (2.499, 2.5001), (-3.0, 8.0), (0.0, 1e-15), (1e6, 1e6 + 1e-9), (7, 7)]
)
def test_ticks_begin_where_they_are_told_and_end(low: float, high: float) -> None:
    ticks = nice_ticks(high, low=low)
    assert ticks[0] == low
    assert ticks == sorted(set(ticks))
    assert ticks[-1] >= high * (1 - 1e-9)
    assert 2 <= len(ticks) <= 7

"""Charts as inline SVG: lines, stacked columns and bars, drawn by hand so that a page needs nothing from elsewhere.

A chart has one x and one y axis, thin marks, a recessive grid, a legend from two series on, and a <title> on every
mark: that is the tooltip, and what a screen reader says. Colours are CSS variables (--s1..--s6, --ink, --grid) that
the page sets for light and dark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import floor, log10
from typing import Final

from kedge.show.svg import dash, right_rounded, square, text, top_rounded

WIDTH: Final = 720
HEIGHT: Final = 240
LEFT, RIGHT, TOP, BOTTOM = 62, 20, 14, 42
_PLOT_WIDTH: Final = WIDTH - LEFT - RIGHT
_PLOT_HEIGHT: Final = HEIGHT - TOP - BOTTOM
MOST_COLUMNS: Final = 160
_MARKS: Final = 160
_BAR: Final = 22
_LABEL: Final = 130

Text = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """A named line: `points` (x, y) in order of x; `colour` is a CSS variable's name; `dashed` for a target."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str
    dashed: bool = False
    stepped: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A shaded stretch of the x axis with its reason."""

    begin: float
    end: float
    reason: str


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes say: names, how numbers are written, and the end of the x axis (None: the data's)."""

    x_name: str
    y_name: str
    x_text: Text
    y_text: Text
    x_end: float | None = None


@dataclass(slots=True)
class _Scale:
    x_low: float
    x_high: float
    y_high: float
    parts: list[str] = field(default_factory=list)

    def x(self, value: float) -> float:
        return LEFT + (value - self.x_low) / ((self.x_high - self.x_low) or 1) * _PLOT_WIDTH

    def y(self, value: float) -> float:
        return TOP + _PLOT_HEIGHT * (1 - value / self.y_high)


def nice_ticks(high: float, count: int = 4) -> list[float]:
    """Round numbers from 0 to at least `high`, about `count` steps apart."""
    if high <= 0:
        return [0.0, 1.0]
    step = 10.0 ** floor(log10(high / count))
    step = next(factor * step for factor in (1, 2, 2.5, 5, 10) if factor * step * count >= high * 0.999)
    ticks = [0.0]
    while ticks[-1] < high * 0.999:
        ticks.append(round(ticks[-1] + step, 12))
    return ticks


def thin(points: Sequence[tuple[float, float]], most: int = _MARKS) -> list[tuple[float, float]]:
    """At most about `most` points with every local extreme kept: first, last, lowest and highest of each stretch."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) * 4 // most)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        wanted = {0, len(stretch) - 1}
        wanted.add(min(range(len(stretch)), key=lambda i: stretch[i][1]))
        wanted.add(max(range(len(stretch)), key=lambda i: stretch[i][1]))
        kept += [stretch[i] for i in sorted(wanted)]
    return kept


def line_chart(title: str, series: Sequence[Series], axes: Axes, bands: Sequence[Band] = ()) -> str:
    """Lines over a common x axis; a legend from two series on."""
    shown = [s for s in series if s.points]
    if not shown:
        return empty_chart(title)
    xs = [x for s in shown for x, _ in s.points]
    ticks = nice_ticks(max(y for s in shown for _, y in s.points))
    scale = _Scale(min(0.0, *xs), axes.x_end if axes.x_end is not None else max(xs), ticks[-1])
    body = [_band(scale, band) for band in bands]
    body.append(_grid(scale, ticks, axes))
    body.append(_x_ticks(scale, axes))
    # the first series is drawn last, on top
    body += [_line(scale, s, axes) for s in reversed(shown)]
    return _figure(title, HEIGHT, body, [(s.name, s.colour, s.dashed) for s in shown])


def column_chart(
    title: str,
    labels: Sequence[str],
    series: Sequence[tuple[str, str, Sequence[float]]],
    axes: Axes,
    notes: Sequence[str] = (),
) -> str:
    """Stacked columns: one per label, parts (name, colour, values) from the bottom; `notes` end a tooltip."""
    if not labels:
        return empty_chart(title)
    if len(labels) > MOST_COLUMNS:
        kept = slice(len(labels) - MOST_COLUMNS, None)
        cut = [(name, colour, values[kept]) for name, colour, values in series]
        return column_chart(f"{title}, last {MOST_COLUMNS} of {len(labels)}", labels[kept], cut, axes, notes[kept])
    totals = [sum(values[i] for _, _, values in series) for i in range(len(labels))]
    ticks = nice_ticks(max(totals))
    scale = _Scale(0, len(labels), ticks[-1])
    body = [_grid(scale, ticks, axes)]
    slot = _PLOT_WIDTH / len(labels)
    width = max(1.0, min(_BAR, slot - 2))
    every = max(1, -(-len(labels) // 16))
    for i, label in enumerate(labels):
        x = LEFT + slot * i + (slot - width) / 2
        note = f"; {notes[i]}" if notes else ""
        body.append(_stack(scale, x, width, [(n, c, v[i]) for n, c, v in series], f"{axes.x_name} {label}", note, axes))
        if i % every == 0:
            body.append(text(x + width / 2, HEIGHT - BOTTOM + 18, label, "tick", "middle"))
    body.append(text(LEFT + _PLOT_WIDTH / 2, HEIGHT - 3, axes.x_name, "tick", "middle"))
    return _figure(title, HEIGHT, body, [(name, colour, False) for name, colour, _ in series])


def bar_chart(title: str, bars: Sequence[tuple[str, float, str]], write: Text, colour: str = "s1") -> str:
    """Horizontal bars, longest first: (label, value, note for the tooltip); the value stands at the end of its bar."""
    if not bars:
        return empty_chart(title)
    ordered = sorted(bars, key=lambda bar: -bar[1])
    height = TOP + len(ordered) * _BAR + 6
    top = max(value for _, value, _ in ordered) or 1
    room = WIDTH - _LABEL - 90
    body = []
    for i, (label, value, note) in enumerate(ordered):
        y = TOP + i * _BAR
        length = max(1.0, room * value / top)
        body.append(
            f'<g class="mark"><title>{escape(f"{label}: {write(value)}; {note}")}</title>'
            f'<rect x="0" y="{y}" width="{WIDTH}" height="{_BAR}" fill="transparent"/>'
            f'<path d="{right_rounded(_LABEL, y + 4, length, _BAR - 8)}" fill="var(--{colour})"/></g>'
        )
        body.append(text(_LABEL - 8, y + _BAR / 2 + 4, label, "label", "end"))
        body.append(text(_LABEL + length + 6, y + _BAR / 2 + 4, write(value), "tick", "start"))
    return _figure(title, height, body, [])


def empty_chart(title: str) -> str:
    """The place of a chart that has no data."""
    caption = f"<figcaption>{escape(title)}</figcaption>"
    return f'<figure class="chart">{caption}<p class="none">No data in this run.</p></figure>'


def _figure(title: str, height: int, body: Sequence[str], legend: Sequence[tuple[str, str, bool]]) -> str:
    keys = "".join(
        f'<span class="key"><svg width="18" height="10" aria-hidden="true"><line x1="1" x2="17" y1="5" y2="5" '
        f'stroke="var(--{colour})" stroke-width="3"{dash(dashed)}/></svg>{escape(name)}</span>'
        for name, colour, dashed in legend
    )
    legend_row = f'<div class="legend">{keys}</div>' if len(legend) > 1 else ""
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption>{legend_row}'
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(body)}</svg></figure>"
    )


def _grid(scale: _Scale, ticks: Sequence[float], axes: Axes) -> str:
    parts = []
    for tick in ticks:
        y = scale.y(tick)
        name = "base" if tick == 0 else "grid"
        parts.append(f'<line class="{name}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(LEFT - 8, y + 4, axes.y_text(tick), "tick", "end"))
    return "".join(parts)


def _x_ticks(scale: _Scale, axes: Axes) -> str:
    ticks = [tick for tick in nice_ticks(scale.x_high, 6) if scale.x_low <= tick <= scale.x_high * 1.001]
    parts = [text(scale.x(tick), HEIGHT - BOTTOM + 18, axes.x_text(tick), "tick", "middle") for tick in ticks]
    parts.append(text(LEFT + _PLOT_WIDTH / 2, HEIGHT - 3, axes.x_name, "tick", "middle"))
    return "".join(parts)


def _line(scale: _Scale, series: Series, axes: Axes) -> str:
    points = thin(series.points)
    placed = [(scale.x(x), scale.y(y)) for x, y in points]
    joints: list[str] = []
    for i, (x, y) in enumerate(placed):
        if series.stepped and i:
            joints.append(f"{x:.1f},{placed[i - 1][1]:.1f}")
        joints.append(f"{x:.1f},{y:.1f}")
    dots = "".join(
        f'<g class="mark"><title>{escape(_says(series.name, point, axes))}</title>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="transparent"/>'
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="var(--{series.colour})"/></g>'
        for (x, y), point in zip(placed, points, strict=True)
    )
    return (
        f'<polyline points="{" ".join(joints)}" fill="none" stroke="var(--{series.colour})" stroke-width="2" '
        f'stroke-linejoin="round"{dash(series.dashed)}/>{dots}'
    )


def _says(name: str, point: tuple[float, float], axes: Axes) -> str:
    return f"{name}: {axes.y_text(point[1])} {axes.y_name} at {axes.x_text(point[0])}".replace("  ", " ")


def _stack(
    scale: _Scale, x: float, width: float, parts: Sequence[tuple[str, str, float]], label: str, note: str, axes: Axes
) -> str:
    total = sum(value for _, _, value in parts)
    says = ", ".join(f"{name} {axes.y_text(value)}" for name, _, value in parts if value)
    pieces, low = [], 0.0
    last = max((i for i, part in enumerate(parts) if part[2] > 0), default=-1)
    for i, (_, colour, value) in enumerate(parts):
        if value <= 0:
            continue
        bottom, top = scale.y(low), scale.y(low + value)
        # a gap of the surface keeps neighbouring parts apart without an outline
        gap = 1.5 if low and bottom - top > 4 else 0.0
        shape = (
            top_rounded(x, top, width, bottom - top - gap) if i == last else square(x, top, width, bottom - top - gap)
        )
        pieces.append(f'<path d="{shape}" fill="var(--{colour})"/>')
        low += value
    title = f"{label}: {axes.y_text(total)} {axes.y_name} ({says}){note}"
    hit = f'<rect x="{x - 1:.1f}" y="{TOP}" width="{width + 2:.1f}" height="{_PLOT_HEIGHT}" fill="transparent"/>'
    return f'<g class="mark"><title>{escape(title)}</title>{hit}{"".join(pieces)}</g>'


def _band(scale: _Scale, band: Band) -> str:
    x, end = scale.x(max(band.begin, scale.x_low)), scale.x(min(band.end, scale.x_high))
    label = text((x + end) / 2, TOP + 12, band.reason, "note", "middle") if end - x > 7 * len(band.reason) else ""
    return (
        f'<g><title>{escape(band.reason)}</title><rect class="band" x="{x:.1f}" y="{TOP}" '
        f'width="{max(1.0, end - x):.1f}" height="{_PLOT_HEIGHT}"/>{label}</g>'
    )

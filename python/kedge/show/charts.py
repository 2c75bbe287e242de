"""Charts that need nothing from elsewhere: lines, small multiples, stacked columns and bars.

A chart has one x and one y axis, thin marks, a recessive grid, a legend from two series on, and a <title> on every
mark: that is the tooltip, and what a screen reader says. Shapes are inline SVG (svg.py), text is HTML around it
(plot.py). Colours are CSS variables (--s1..--s6, --ink, --grid) that the page sets for light and dark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from kedge.show.plot import Key, Tick, bar_row, empty_chart, figure, nice_ticks, plot
from kedge.show.svg import SIDE, across, dot, mark, polyline, rectangle

MOST_COLUMNS: Final = 160
_MARKS: Final = 160
_WIDEST: Final = 40.0

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
    """What the axes say: names, how numbers are written, the end of the x axis (None: the data's), where y begins.

    A chart that does not begin at 0 says so in its title.
    """

    x_name: str
    y_name: str
    x_text: Text
    y_text: Text
    x_end: float | None = None
    y_low: float = 0.0


@dataclass(frozen=True, slots=True)
class _Scale:
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        """Place of a value as a share of the plot, 0 at the left."""
        return (value - self.x_low) / ((self.x_high - self.x_low) or 1)

    def y(self, value: float) -> float:
        """Place of a value as a share of the plot, 0 at the top."""
        return 1 - (value - self.y_low) / (self.y_high - self.y_low)


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
    """Lines over a common x axis; a legend from two entries on, bands included."""
    shown = [s for s in series if s.points]
    if not shown:
        return empty_chart(title)
    legend = [Key(s.name, s.colour, s.dashed) for s in shown]
    legend += [Key(reason, "band", is_surface=True) for reason in dict.fromkeys(band.reason for band in bands)]
    return figure(title, _lines(title, shown, axes, bands, 4), legend)


def small_charts(title: str, series: Sequence[tuple[str, Series]], axes: Axes) -> str:
    """A small chart for each series over the same x axis, under a line of words; each has its own y axis."""
    shown = [(words, one) for words, one in series if one.points]
    if not shown:
        return empty_chart(title)
    cells = "".join(
        f'<div class="small"><p>{escape(words)}</p>{_lines(words, [one], axes, (), 2)}</div>' for words, one in shown
    )
    return figure(title, f'<div class="smalls">{cells}</div>')


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
    ticks = nice_ticks(max(sum(values[i] for _, _, values in series) for i in range(len(labels))))
    scale = _Scale(0, len(labels), 0.0, ticks[-1])
    slot = SIDE / len(labels)
    width = min(_WIDEST, 0.75 * slot)
    body = [_grid(scale, ticks)]
    for i, label in enumerate(labels):
        ending = f"; {notes[i]}" if notes else ""
        parts = [(name, colour, values[i]) for name, colour, values in series]
        says = _stack_says(f"{axes.x_name} {label}", parts, axes) + ending
        x = slot * (i + 0.5) - width / 2
        body.append(mark(says, rectangle(slot * i, 0, slot, SIDE, "") + _stack(scale, x, width, parts)))
    x_ticks = [(scale.x(i + 0.5), label) for i, label in enumerate(labels)]
    drawn = plot(title, "".join(body), _y_ticks(scale, ticks, axes), x_ticks, axes.x_name)
    return figure(title, drawn, [Key(name, colour, is_surface=True) for name, colour, _ in series])


def bar_chart(title: str, bars: Sequence[tuple[str, float, str]], write: Text, colour: str = "s1") -> str:
    """Horizontal bars, longest first: (label, value, note for the tooltip); the value stands behind its bar."""
    if not bars:
        return empty_chart(title)
    top = max(value for _, value, _ in bars) or 1
    rows = []
    for label, value, words in sorted(bars, key=lambda bar: -bar[1]):
        bar = rectangle(0, 0, SIDE, SIDE, "") + rectangle(0, 0, max(2.0, SIDE * value / top), SIDE, colour)
        rows.append(bar_row(label, write(value), mark(f"{label}: {write(value)}; {words}", bar)))
    return figure(title, f'<div class="bars">{"".join(rows)}</div>')


def _lines(name: str, shown: Sequence[Series], axes: Axes, bands: Sequence[Band], count: int) -> str:
    """One plot of lines with about `count` steps on its y axis."""
    xs = [x for s in shown for x, _ in s.points]
    ticks = nice_ticks(max(y for s in shown for _, y in s.points), count, axes.y_low)
    scale = _Scale(min(0.0, *xs), axes.x_end if axes.x_end is not None else max(xs), ticks[0], ticks[-1])
    body = [_band(scale, band) for band in bands] + [_grid(scale, ticks)]
    # the first series is drawn last, on top
    body += [_line(scale, s, axes) for s in reversed(shown)]
    x_ticks = [
        (scale.x(tick), axes.x_text(tick))
        for tick in nice_ticks(scale.x_high, 6)
        if scale.x_low <= tick <= scale.x_high * 1.001
    ]
    return plot(name, "".join(body), _y_ticks(scale, ticks, axes), x_ticks, axes.x_name)


def _y_ticks(scale: _Scale, ticks: Sequence[float], axes: Axes) -> list[Tick]:
    return [(scale.y(tick), axes.y_text(tick)) for tick in ticks]


def _grid(scale: _Scale, ticks: Sequence[float]) -> str:
    return "".join(across(SIDE * scale.y(tick), "grid" if i else "base") for i, tick in enumerate(ticks))


def _line(scale: _Scale, series: Series, axes: Axes) -> str:
    points = thin(series.points)
    placed = [(SIDE * scale.x(x), SIDE * scale.y(y)) for x, y in points]
    joints: list[tuple[float, float]] = []
    for i, (x, y) in enumerate(placed):
        if series.stepped and i:
            joints.append((x, placed[i - 1][1]))
        joints.append((x, y))
    dots = [
        mark(_says(series.name, point, axes), dot(x, y, series.colour))
        for (x, y), point in zip(placed, points, strict=True)
    ]
    return polyline(joints, series.colour, series.dashed) + "".join(dots)


def _says(name: str, point: tuple[float, float], axes: Axes) -> str:
    return f"{name}: {axes.y_text(point[1])} {axes.y_name} at {axes.x_text(point[0])}".replace("  ", " ")


def _stack_says(label: str, parts: Sequence[tuple[str, str, float]], axes: Axes) -> str:
    each = ", ".join(f"{name} {axes.y_text(value)}" for name, _, value in parts if value)
    return f"{label}: {axes.y_text(sum(value for _, _, value in parts))} {axes.y_name} ({each})"


def _stack(scale: _Scale, x: float, width: float, parts: Sequence[tuple[str, str, float]]) -> str:
    pieces, low = [], 0.0
    for _, colour, value in parts:
        if value <= 0:
            continue
        bottom, top = SIDE * scale.y(low), SIDE * scale.y(low + value)
        # a gap of the surface keeps neighbouring parts apart without an outline
        gap = 7.0 if low and bottom - top > 20 else 0.0
        pieces.append(rectangle(x, top, width, bottom - top - gap, colour))
        low += value
    return "".join(pieces)


def _band(scale: _Scale, band: Band) -> str:
    begin, end = scale.x(max(band.begin, scale.x_low)), scale.x(min(band.end, scale.x_high))
    return mark(band.reason, rectangle(SIDE * begin, 0, max(2.0, SIDE * (end - begin)), SIDE, "band"))

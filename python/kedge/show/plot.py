"""What stands around the shapes of a chart: caption, legend, numbers on the axes. All of it is HTML.

Text keeps its size whatever the width of the page. A place is given as a share of the plot (0 left or top, 1 right or
bottom). Numbers of the x axis that would run into each other on a narrow page carry the class `more`, which the page
hides there; how many fit is estimated from their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10
from typing import Final

from kedge.show.svg import dash, picture

WIDE: Final = 420
NARROW: Final = 250
"""Pixels that the numbers of an x axis have at least: on a full page, and on a phone or in a small chart."""
_LETTER, _SPACE = 7.5, 14

Tick = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the legend: a line, or the colour of a surface."""

    name: str
    colour: str
    dashed: bool = False
    is_surface: bool = False

    def draw(self) -> str:
        """The entry with its sign."""
        width = 10 if self.is_surface else 3
        return (
            '<span class="key"><svg width="18" height="10" aria-hidden="true"><path d="M1 5H17" '
            f'stroke="var(--{self.colour})" stroke-width="{width}"{dash(self.dashed)}/></svg>{escape(self.name)}</span>'
        )


def nice_ticks(high: float, count: int = 4, low: float = 0.0) -> list[float]:
    """Numbers from `low` to at least `high`, about `count` steps apart, all of them round but `low` itself."""
    if high <= low:
        return [low, low + (abs(low) or 1.0)]
    size = floor(log10((high - low) / count))
    step = next(f * 10.0**size for f in (1, 2, 2.5, 5, 10) if f * 10.0**size * count >= (high - low) * 0.999)
    first = floor(low / step + 1e-9) + 1
    # a round number close above `low` would be written over it
    first += first * step - low < 0.5 * step
    ticks = [low]
    for number in range(first, first + 2 * count):
        if ticks[-1] >= high - 0.001 * step:
            break
        ticks.append(round(number * step, max(0, 2 - size)))
    return ticks


def figure(title: str, body: str, legend: Sequence[Key] = ()) -> str:
    """A chart's frame; a legend of one entry is left out: the title says it."""
    row = f'<div class="legend">{"".join(key.draw() for key in legend)}</div>' if len(legend) > 1 else ""
    return f'<figure class="chart"><figcaption>{escape(title)}</figcaption>{row}{body}</figure>'


def empty_chart(title: str) -> str:
    """The place of a chart that has no data."""
    return figure(title, '<p class="none">No data in this run.</p>')


def plot(name: str, shapes: str, y_ticks: Sequence[Tick], x_ticks: Sequence[Tick], x_name: str) -> str:
    """Shapes with their axes: ticks are (place, text); `name` is what a screen reader says."""
    ys = "".join(f'<span style="top:{place:.2%}">{escape(words)}</span>' for place, words in y_ticks)
    return (
        f'<div class="plot"><div class="ys">{ys}</div><div class="area">{picture(shapes, name)}</div>'
        f'<div class="xs">{_x_texts(x_ticks)}</div><div class="name">{escape(x_name)}</div></div>'
    )


def bar_row(label: str, value: str, shapes: str) -> str:
    """A bar between its label and its value."""
    return (
        f'<span class="label">{escape(label)}</span><span class="bar">{picture(shapes)}</span>'
        f'<span class="value">{escape(value)}</span>'
    )


def _x_texts(ticks: Sequence[Tick]) -> str:
    longest = max((len(words) for _, words in ticks), default=0) * _LETTER + _SPACE
    every = max(1, -(-len(ticks) // max(1, int(WIDE / longest))))
    coarse = every * max(1, -(-len(ticks) // (every * max(1, int(NARROW / longest)))))
    return "".join(
        f'<span{"" if i % coarse == 0 else " class=more"} style="left:{place:.2%}">{escape(words)}</span>'
        for i, (place, words) in enumerate(ticks)
        if i % every == 0
    )

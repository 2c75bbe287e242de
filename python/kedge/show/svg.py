"""The few shapes of SVG that the charts are made of.

A picture is drawn in a square of SIDE units and stretched to whatever place it has, so lines and dots are strokes whose
width does not follow (`vector-effect`). Text would be stretched too: there is none, but for titles.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

SIDE: Final = 1000.0
_STILL: Final = 'vector-effect="non-scaling-stroke"'


def picture(body: str, name: str = "") -> str:
    """Shapes as a picture that fills its place; without a name it is decoration."""
    said = f'role="img" aria-label="{escape(name)}"' if name else 'aria-hidden="true"'
    return f'<svg viewBox="0 0 {SIDE:.0f} {SIDE:.0f}" preserveAspectRatio="none" {said}>{body}</svg>'


def mark(title: str, body: str) -> str:
    """Shapes with the words of their tooltip."""
    return f'<g class="mark"><title>{escape(title)}</title>{body}</g>'


def rectangle(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle; `colour` is a CSS variable's name, or empty for one that only takes the pointer."""
    fill = f"var(--{colour})" if colour else "transparent"
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(0.5, height):.1f}" fill="{fill}"/>'


def across(y: float, kind: str) -> str:
    """A line from side to side; `kind` is its CSS class."""
    return f'<path class="{kind}" d="M0 {y:.1f}H{SIDE:.0f}" {_STILL}/>'


def polyline(points: Sequence[tuple[float, float]], colour: str, dashed: bool) -> str:
    """A line through points."""
    joints = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{joints}" fill="none" stroke="var(--{colour})" stroke-width="2" '
        f'stroke-linejoin="round" {_STILL}{dash(dashed)}/>'
    )


def dot(x: float, y: float, colour: str) -> str:
    """A point that shows while the pointer is near: strokes without length, which stay round however wide they are."""
    place = f'd="M{x:.1f} {y:.1f}h0" stroke-linecap="round" {_STILL}'
    return (
        f'<path {place} stroke="transparent" stroke-width="16"/>'
        f'<path class="dot" {place} stroke="var(--{colour})" stroke-width="7"/>'
    )


def dash(dashed: bool) -> str:
    """The attribute that dashes a line, or nothing."""
    return ' stroke-dasharray="4 4"' if dashed else ""

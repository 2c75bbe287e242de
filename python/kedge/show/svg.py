"""The few shapes of SVG that the charts are made of, as text."""

from __future__ import annotations

from html import escape


def text(x: float, y: float, words: str, kind: str, anchor: str) -> str:
    """A line of text; `kind` is its CSS class, `anchor` start, middle or end."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def dash(dashed: bool) -> str:
    """The attribute that dashes a line, or nothing."""
    return ' stroke-dasharray="4 4"' if dashed else ""


def square(x: float, y: float, width: float, height: float) -> str:
    """Path of a rectangle."""
    return f"M{x:.1f} {y:.1f}h{width:.1f}v{max(0.5, height):.1f}h{-width:.1f}z"


def top_rounded(x: float, y: float, width: float, height: float) -> str:
    """Path of a rectangle with its upper corners rounded."""
    height = max(0.5, height)
    r = min(3.0, width / 2, height)
    return (
        f"M{x:.1f} {y + height:.1f}v{r - height:.1f}q0 {-r:.1f} {r:.1f} {-r:.1f}h{width - 2 * r:.1f}"
        f"q{r:.1f} 0 {r:.1f} {r:.1f}v{height - r:.1f}z"
    )


def right_rounded(x: float, y: float, width: float, height: float) -> str:
    """Path of a rectangle with its right corners rounded."""
    r = min(3.0, width, height / 2)
    return (
        f"M{x:.1f} {y:.1f}h{width - r:.1f}q{r:.1f} 0 {r:.1f} {r:.1f}v{height - 2 * r:.1f}"
        f"q0 {r:.1f} {-r:.1f} {r:.1f}h{r - width:.1f}z"
    )

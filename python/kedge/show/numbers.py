"""Numbers as people read them: medians, percentiles, and as many digits as carry meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def middle(values: Iterable[float]) -> float:
    """Median; 0 of nothing."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if not ordered:
        return 0.0
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of the values do not exceed (nearest rank); 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1_000_000) * len(ordered) // 1_000_000) - 1))]


def format_figure(value: float) -> str:
    """A figure with about four digits that carry meaning, never with an exponent."""
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    short = f"{value:.4g}"
    return short if "e" not in short else f"{value:.12f}".rstrip("0").rstrip(".")

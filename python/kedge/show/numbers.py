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


def format_figure(value: float, digits: int = 4) -> str:
    """A figure with about `digits` digits that carry meaning, never with an exponent; 0 for what is below 1e-12."""
    short = f"{value:.{digits}g}"
    if abs(float(short)) >= 1_000:
        return f"{value:,.0f}"
    if "e" not in short:
        return short
    if abs(value) >= 1:
        return f"{value:,.0f}"
    long = f"{float(short):.12f}".rstrip("0").rstrip(".")
    return "0" if long == "-0" else long


def format_short(value: float) -> str:
    """A figure in three digits, from ten thousand on with k, M, bn or tn: for axes."""
    for size, letters in ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= max(size, 1e4):
            return format_figure(value / size, 3) + letters
    return format_figure(value)


def format_money(value: float) -> str:
    """An amount of money: whole from a thousand on, with two decimals below, with two digits where it is a fraction."""
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    if abs(value) >= 1 or value == 0:
        return f"{value:.2f}"
    return format_figure(value, 2) if abs(value) >= 1e-4 else "<0.0001"

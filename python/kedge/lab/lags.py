"""Lags of tiers in seconds, from samples of their heights: the age of the oldest transaction that lacks a tier.

A transaction's age counts from the first sample that knew it, so a lag is right to the distance of two samples.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from kedge.lab.report import HeightSample


def compute_lag(samples: Sequence[HeightSample], height: int, now: float) -> float:
    """Age in seconds, at `now`, of the oldest transaction above a height; 0 if there is none."""
    place = bisect_left(samples, height + 1, key=lambda sample: sample.sequenced)
    return now - samples[place].time if place < len(samples) else 0.0


def compute_lags(samples: Sequence[HeightSample], tier: str) -> list[tuple[float, float]]:
    """(time, lag) of a tier at every sample, in seconds.

    A sample between a proof and the news of it knows a lower height than the one before; what falls for one sample
    only is such a sample, what falls for longer left L1 again.
    """
    heights = [getattr(sample, tier) for sample in samples]
    smooth = [
        max(height, min(before, after))
        for before, height, after in zip([0, *heights], heights, [*heights[1:], 0], strict=False)
    ]
    pairs = zip(samples, smooth, strict=True)
    return [(sample.time, max(0.0, compute_lag(samples, height, sample.time))) for sample, height in pairs]

"""Margins as a clearing house would have set them day by day: each from the past only, for the backtest (A9).

A margin at time t covers the loss over (t, t + window]. All functions take the step returns r_1..r_n of a regular
series and give margins m_1..m_n, where m_t uses r_1..r_t; the first values, before the lookback is full, are NaN.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.ndimage import rank_filter
from scipy.signal import lfilter
from scipy.special import ndtri

from kedge.risk.checks import Array, count, covers, one_of, probability, series
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.gaps import find_ends
from kedge.risk.recorded import Prices

RISKMETRICS: Final = 0.94
"""Decay of RiskMetrics' daily EWMA."""

MODELS: Final = ("ewma", "historical", "filtered", "floored")


def compute_ewma(returns: Array, warm: int, decay: float = RISKMETRICS) -> Array:
    """Deviation of the next return: `v_t = decay v_(t-1) + (1 - decay) r_t^2`. [RiskMetrics 1996]

    Starts at the mean square of the first `warm` returns: values before that look ahead, and callers drop them.
    """
    values = series(returns, "returns", least=2)
    kept = probability(decay, "decay")
    start = np.array([kept * float(np.mean(values[: covers(values.size + 1, warm, "warm")] ** 2))])
    smoothed, _ = lfilter([1.0 - kept], [1.0, -kept], values**2, zi=start)
    return np.asarray(np.sqrt(np.maximum(smoothed, 1e-16)), dtype=np.float64)


def compute_trailing_quantile(values: Array, lookback: int, level: float) -> Array:
    """Order statistic ceil(level * lookback) of the last `lookback` values at each time; NaN before they are there."""
    found = series(values, "values", least=2)
    window = covers(found.size + 1, lookback, "lookback")
    rank = min(window - 1, max(0, math.ceil(probability(level, "level") * window) - 1))
    ranked = np.asarray(rank_filter(found, rank, size=window, origin=(window - 1) // 2))  # ends at the value itself
    ranked[: window - 1] = np.nan
    return ranked


def compute_margins(
    model: str, returns: Array, steps: int, lookback: int, coverage: float, *, decay: float = RISKMETRICS
) -> Array:
    """Margin per unit of notional against a fall over `steps` steps, at the wanted coverage.

    `ewma`: z s_t sqrt(steps). `historical`: trailing quantile of past losses over `steps` steps. `filtered`: trailing
    quantile of past losses divided by the deviation then forecast, times today's (filtered historical simulation).
    `floored`: `ewma` with EMIR's article 28 (c) floor, the deviation of the whole lookback. Refuses (1407) a lookback
    longer than the series. [RiskMetrics 1996; Barone-Adesi, Giannopoulos and Vosper 1999; EMIR RTS 153/2013]
    """
    one_of(model, MODELS, "model")
    values, horizon, level = (
        series(returns, "returns", least=2),
        count(steps, "steps"),
        probability(coverage, "coverage"),
    )
    window = covers(values.size, lookback, "lookback")
    if horizon >= window:
        raise OUT_OF_DOMAIN.reject(f"lookback = {lookback} steps must exceed the window of {horizon}")
    root, deviation = math.sqrt(horizon), compute_ewma(values, window, decay)
    if model in ("ewma", "floored"):
        margin = float(ndtri(level)) * root * deviation
        if model == "floored":
            mean_square = np.convolve(values**2, np.full(window, 1.0 / window))[: values.size]
            margin = np.maximum(margin, float(ndtri(level)) * root * np.sqrt(mean_square))
        margin[: window - 1] = np.nan
        return margin
    past = np.full(values.size, 0.0)
    total = np.concatenate([[0.0], np.cumsum(values)])
    past[horizon - 1 :] = -(total[horizon:] - total[:-horizon])
    if model == "historical":
        return np.maximum(compute_trailing_quantile(past, window, level), 1e-8)
    scaled = past.copy()
    scaled[horizon:] = past[horizon:] / (deviation[:-horizon] * root)
    scaled[:horizon] = 0.0
    return np.maximum(compute_trailing_quantile(scaled, window, level) * deviation * root, 1e-8)


def compute_losses(prices: Prices, window: float, side: str = "long") -> Array:
    """Loss per unit of notional over each window from a recorded time on; NaN where the record ends before it does.

    It runs to the first price at or after the end of the window: over a gap nobody could leave the position, so the
    whole move over it counts (`gaps.find_late` says which windows those are).
    """
    one_of(side, ("long", "short"), "side")
    later = find_ends(prices.times, window)
    known = later < prices.times.size
    move = np.full(prices.times.size, np.nan)
    move[known] = prices.prices[later[known]] / prices.prices[known] - 1.0
    return -move if side == "long" else move

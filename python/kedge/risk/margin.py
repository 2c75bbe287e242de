"""A2, window-aware margin: from the law of the window and a budget of breaches per year to IM, MM and close-out margin.

An account that always sits at its margin goes through YEAR / E[W] windows a year. The margin that it breaches `budget`
times a year on average solves P(X_W > m) YEAR / E[W] = budget. Three margins from one budget, by what they must cover:

- close-out (CM): the price moves while the position is executed: detection and execution alone;
- maintenance (MM): the whole window W;
- initial (IM): W plus a time to react, so that a new position is not liquidated before its owner can add collateral.

A fixed confidence per window is the wrong target: 99 % per minute is 5,260 breaches a year (`breaches_per_year`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from kedge.risk import filters, tails
from kedge.risk.checks import Array, count, covers, positive, positive_series, probability, series, volatility
from kedge.risk.constants import YEAR_DAYS, YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.laws import Fixed, Law
from kedge.risk.models import Gauss, Kou, Merton, Model, fixed_window, solve_margin
from kedge.risk.normal import quantile
from kedge.risk.window import Mixture, compute_mixture


@dataclass(frozen=True)
class Margins:
    """Fractions of notional; initial >= maintenance >= close_out."""

    initial: float
    maintenance: float
    close_out: float


def breach_probability(mean_window: float, budget: float) -> float:
    """Allowed P(breach) per window: budget E[W] / YEAR (seconds, breaches per year); refuses one half or more."""
    chance = positive(budget, "breaches per year") * positive(mean_window, "mean window") / YEAR_SECONDS
    if chance >= 0.5:
        raise OUT_OF_DOMAIN.reject(
            f"{budget} breaches a year in windows of {mean_window:.6g} s is P = {chance:.3g} each: no margin is needed"
        )
    return chance


def breaches_per_year(mean_window: float, level: float) -> float:
    """Breaches a year of an account at its margin when the margin holds in a share `level` of windows."""
    return (1.0 - probability(level, "level")) * YEAR_SECONDS / positive(mean_window, "mean window")


def compute_margin(model: Model, window: Mixture, budget: float) -> float:
    """Fraction of notional that is breached `budget` times a year on average over back-to-back windows."""
    chance = breach_probability(window.mean, budget)
    return solve_margin(model.over(window), chance, model.total_volatility * math.sqrt(window.mean / YEAR_SECONDS))


def compute_margins(model: Model, laws: Mapping[str, Law], budget: float, reaction: float) -> Margins:
    """IM, MM and CM for the stages of a window (`window.choose`); `reaction` in seconds."""
    execution = {name: law for name, law in laws.items() if name in ("detect", "execution")}
    longer = {**laws, "reaction": Fixed(reaction)}
    initial, maintenance, close_out = (
        compute_margin(model, compute_mixture(stages), budget) for stages in (longer, laws, execution)
    )
    return Margins(initial, maintenance, close_out)


def run_clock(model: Model, pace: float) -> Model:
    """The model on a clock that runs only while its market trades, `pace` times as fast as the year's.

    Multiply a budget per year by the same pace: a window then is time of trading, and a year so many less of them.
    """
    root = math.sqrt(positive(pace, "pace"))
    if isinstance(model, Merton | Kou):
        return replace(model, vol=model.vol * root, rate=model.rate * pace)
    return Gauss(model.total_volatility * root)


def margin_curve(model: Model, intervals: ArrayLike, budget: float) -> Array:
    """Margin against a fixed window of each length (seconds): the picture with the jump floor. Same shape."""
    return np.array([compute_margin(model, fixed_window(float(d)), budget) for d in series(intervals, "intervals")])


def implied_mpor(margin: float, vol: float, level: float = 0.99) -> float:
    """Margin period of risk in seconds that a margin (fraction) covers at Gaussian `level`: (m / (z s))^2 years."""
    return (positive(margin, "margin") / (quantile(level) * volatility(vol))) ** 2 * YEAR_SECONDS


def impact_addon(coefficient: float, vol: float, quantity: float, daily_volume: float) -> float:
    """Square-root impact of closing a position: k s_day sqrt(Q / ADV), fraction of notional.

    `quantity` and `daily_volume` in one unit. It is what margins that grow with size stand for. Refuses more than one
    day's volume, where the root law is not observed.
    """
    share = positive(quantity, "quantity") / positive(daily_volume, "daily volume")
    if share > 1.0:
        raise OUT_OF_DOMAIN.reject(f"quantity = {quantity} is {share:.3g} days of volume: the root law ends at one")
    return positive(coefficient, "impact coefficient") * volatility(vol) * math.sqrt(share / YEAR_DAYS)


def engine_margin(model: Model, execution: Mixture, recovery: float, level: float) -> float:
    """Margin in mode "engine": max(q(W_exec), q(R)), each at `level` (fraction of notional).

    Liquidation needs only `execution`; a rollback leaves positions alone for `recovery` seconds.
    """
    chance = 1.0 - probability(level, "level")
    scale = model.total_volatility * math.sqrt(execution.mean / YEAR_SECONDS)
    return max(solve_margin(model.over(window), chance, scale) for window in (execution, fixed_window(recovery)))


def power_law_margin(rate: float, constant: float, exponent: float, seconds: float, level: float) -> float:
    """Quantile of power-law jumps over a window: (rate c D / (1 - level))^(1 / a), for P(J > x) = c x^-a.

    `rate` per year; for a = 3 the margin grows as D^(1/3). Valid in the tail, where at most one jump matters:
    rate D / (1 - level) must be at least 1.
    """
    expected = positive(rate, "jumps per year") * positive(seconds, "window") / YEAR_SECONDS
    ratio = expected / (1.0 - probability(level, "level"))
    if ratio < 1.0:
        raise OUT_OF_DOMAIN.reject(f"{expected:.3g} jumps per window at level {level}: most windows see no jump at all")
    return math.pow(positive(constant, "c") * ratio, 1.0 / positive(exponent, "a"))


def window_losses(returns: ArrayLike, steps: int, *, overlapping: bool = False) -> Array:
    """Losses (minus sums of log returns) over windows of `steps`; one after another unless `overlapping`."""
    values = series(returns, "returns", least=2)
    total = np.concatenate([[0.0], np.cumsum(values)])
    covers(values.size, count(steps, "steps"))
    losses: Array = total[:-steps] - total[steps:]
    return losses if overlapping else losses[::steps]


def steps_of(window: float, step: float) -> int:
    """Whole steps of `step` seconds that cover a window; refuses a window shorter than one step."""
    if positive(window, "window") < positive(step, "step of the series"):
        raise OUT_OF_DOMAIN.reject(
            f"window = {window:.4g} s is shorter than one step of the series ({step:.4g} s): give finer data"
        )
    return math.ceil(window / step - 1e-9)


def pareto_margin(returns: ArrayLike, step: float, window: float, budget: float, level: float = 0.95) -> float:
    """Margin from the GPD tail of past losses over the window (windows one after another)."""
    fitted = tails.fit_pareto(window_losses(returns, steps_of(window, step)), level)
    return fitted.var(1.0 - breach_probability(window, budget))


def filtered_margin(returns: ArrayLike, step: float, window: float, budget: float, paths: int, seed: int) -> float:
    """Margin by filtered historical simulation on a GARCH(1,1) fit; refuses budgets that the data cannot show."""
    fitted = filters.fit_garch(returns)
    losses = filters.simulate_filtered(fitted, steps_of(window, step), paths, seed)
    level = 1.0 - breach_probability(window, budget)
    return filters.filtered_var(losses, level, min(paths, fitted.residuals.size))


def annual_volatility(returns: ArrayLike, per_year: float) -> float:
    """Volatility per year of log returns of which `per_year` make a year (zero mean)."""
    values = series(returns, "returns", least=2)
    return volatility(math.sqrt(float((values**2).mean()) * positive(per_year, "returns per year")))


def log_returns(prices: ArrayLike) -> Array:
    """Log returns of a price series (all above zero), one fewer than prices."""
    return np.diff(np.log(positive_series(prices, "prices", least=2)))

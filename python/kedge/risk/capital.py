"""What an anchoring interval costs an exchange: margin, capital, bad debt and gas, interval by interval.

One row per interval D for a window of given stages plus the wait for a clock, U(0, D). Two margins stand side by side:
of the diffusion alone and of the law with jumps, both breached `budget` times a year; the jump floor is what no
interval can release. Sources: the modules `margin`, `models`, `insolvency` and `anchoring`, which it combines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from kedge.risk.checks import inside, positive, probability, share, times
from kedge.risk.constants import YEAR_SECONDS
from kedge.risk.laws import Law, clock
from kedge.risk.margin import compute_margin
from kedge.risk.models import Gauss, Merton, jump_floor
from kedge.risk.window import Mixture, compute_mixture, compute_var


@dataclass(frozen=True)
class Exposure:
    """What an exchange has at stake, in one currency.

    `open_interest`; `at_margin`: the share of it that sits exactly at its margin; `fixed_margin`: one that does not
    follow the window (fraction); `budget`: breaches per year; `capital_rate`: cost of capital per year.
    """

    open_interest: float
    at_margin: float
    fixed_margin: float
    budget: float
    capital_rate: float

    def __post_init__(self) -> None:
        positive(self.open_interest, "open interest")
        share(self.at_margin, "share at margin")
        probability(self.fixed_margin, "fixed margin")
        positive(self.budget, "breaches per year")
        inside(self.capital_rate, 0.0, 10.0, "cost of capital")


@dataclass(frozen=True)
class Row:
    """One interval. Times in seconds, margins as fractions of notional, money in the currency of the exposure."""

    interval: float
    window: float
    """Mean settlement window."""
    per_window: float
    """Gaussian margin at 99 % of windows."""
    diffusive: float
    """Margin of a diffusion with the same total volatility, breached `budget` times a year."""
    margin: float
    """Margin with jumps, breached `budget` times a year."""
    floor: float
    locked: float
    """Margin with jumps on the whole open interest."""
    released: float
    """What is locked less than at the longest interval of the table."""
    saved: float
    """Cost per year of the capital released."""
    bad_debt: float
    """Expected per year at the fixed margin, diffusion."""
    bad_debt_jumps: float
    gas: float
    """Cost of anchoring per year."""


@dataclass(frozen=True)
class Verdict:
    """A window beside a fixed margin: see `Row` for the fields."""

    per_window: float
    diffusive: float
    margin: float
    bad_debt: float
    bad_debt_jumps: float


def judge_window(model: Merton, window: Mixture, exposure: Exposure, level: float = 0.99) -> Verdict:
    """Margins that a window implies, and the expected bad debt per year of the fixed margin (settlement put).

    Bad debt: E (X - m)^+ per window x windows per year x what sits at its margin, longs and shorts alike.
    """
    calm = Gauss(model.total_volatility)
    stake = exposure.open_interest * exposure.at_margin * YEAR_SECONDS / window.mean
    debts = [
        stake
        * (law.over(window).excess(exposure.fixed_margin) + law.mirrored().over(window).excess(exposure.fixed_margin))
        / 2.0
        for law in (calm, model)
    ]
    margins = [max(compute_margin(law, window, exposure.budget) for law in (m, m.mirrored())) for m in (calm, model)]
    return Verdict(compute_var(window, calm.vol, level), margins[0], margins[1], debts[0], debts[1])


def compute_rows(
    model: Merton, stages: Mapping[str, Law], exposure: Exposure, intervals: ArrayLike, gas_cost: float
) -> list[Row]:
    """A row per interval (seconds, increasing); `stages`: delays besides the wait for the anchor; gas per anchor."""
    rows: list[Row] = []
    floor = max(jump_floor(law, exposure.budget) for law in (model, model.mirrored()))
    lengths = [float(d) for d in times(intervals, "intervals")]
    for interval in reversed(lengths):
        window = compute_mixture({**stages, "anchor": clock(interval)})
        found = judge_window(model, window, exposure)
        locked = found.margin * exposure.open_interest
        released = rows[0].locked - locked if rows else 0.0
        rows.append(
            Row(
                interval, window.mean, found.per_window, found.diffusive, found.margin, min(floor, found.margin),
                locked, released, released * exposure.capital_rate, found.bad_debt, found.bad_debt_jumps,
                positive(gas_cost, "gas per anchor") * YEAR_SECONDS / interval,
            )
        )  # fmt: skip
    return rows[::-1]

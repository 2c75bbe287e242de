"""Options on marks (A10): what it costs a contract that its price is looked at only now and then."""

from __future__ import annotations

from collections.abc import Sequence

from kedge.risk import units
from kedge.risk.options import Resolution, Terms, price_grid
from kedge.risk.result import Cell, Column, Figure, Result, Series, Table
from kedge.risk.underlying import Underlying


def show_options(
    asset: Underlying, contracts: Sequence[Terms], marks: Sequence[float], currency: str, expiry: str
) -> Result:
    """A table and a curve for each contract, priced at every interval between marks (seconds, rising).

    `expiry` in the words of whoever asks, for the title.
    """
    found = {terms.contract: price_grid(asset, terms, marks) for terms in contracts}
    columns = (
        Column("a mark every"),
        Column("marks"),
        *(Column(heading, currency, ",.6g") for heading in ("on marks", "corrected", "continuous")),
        Column("cost", currency, "+,.4g"),
        Column("of continuous", "%", "+.2f"),
    )
    tables = tuple(Table(columns, tuple(_row(r) for r in grid), name) for name, grid in found.items())
    curves = tuple(
        Series(
            name,
            tuple(r.interval / 60.0 for r in grid),
            tuple(abs(r.cost or 0.0) / abs(r.continuous or 1.0) * 100.0 for r in grid),
        )
        for name, grid in found.items()
        if all(r.continuous for r in grid)
    )
    figure = Figure("Resolution cost", "minutes between marks", "% of the continuous price", curves, True, True)
    return Result(f"Contracts on marks, {expiry} to expiry", tables, _notes(), (figure,) if curves else ())


def _row(r: Resolution) -> tuple[Cell, ...]:
    share = None if r.cost is None or not r.continuous else 100.0 * r.cost / abs(r.continuous)
    return (units.show_time(r.interval), r.marks, r.exact, r.corrected, r.continuous, r.cost, share)


def _notes() -> tuple[str, ...]:
    return (
        "on marks: exact recursion (Gauss-Legendre panels; Spitzer for lookbacks), error about 1e-9 of the spot.",
        "corrected: barrier or extreme moved by exp(0.5826 s sqrt(dt)). It covers the diffusive overshoot only, so it "
        "is left out with jumps; it fails with few marks or close to the barrier.",
        "continuous: every instant counts; cost: the price on marks less this one.",
        "For twap the continuous price is Black with variance s^2 (T - 2w/3).",
        "The interval between marks is a contract term: it belongs on the term sheet.",
    )

"""Margin rules of venues (A3): what they require of one position, and the window that they tolerate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kedge.risk.errors import RiskInputError
from kedge.risk.margin import implied_mpor
from kedge.risk.result import Cell, Column, Figure, Result, Series, Table
from kedge.risk.venues import Venue, compute_ladder


class Said(NamedTuple):
    """The inputs in the words of whoever asks, for title and note."""

    price: str
    equity: str
    vol: str
    level: str


@dataclass(frozen=True)
class Stake:
    """One position: coins (long above zero), entry price and the account's equity, both in `currency`."""

    size: float
    price: float
    equity: float
    currency: str


def show_venues(chosen: Sequence[Venue], stake: Stake, vol: float, level: float, said: Said) -> Result:
    """Requirement and liquidation ladder of each venue, and the window that its margin tolerates.

    `vol` per year, `level` the confidence of that window.
    """
    rows = tuple(_row(preset, stake, vol, level) for preset in chosen)
    money = stake.currency
    columns = (
        Column("venue"), Column("initial", "%", ".3f"), Column("maintenance", "%", ".3f"),
        Column("maintenance amount", money, ",.0f"), Column("liquidated at", money, ",.0f"),
        Column("taken over at", money, ",.0f"), Column("bankrupt at", money, ",.0f"),
        Column("window that maintenance covers", "min", ".1f"),
    )  # fmt: skip
    where = Table(
        (Column("venue"), Column("market"), Column("source"), Column("as of"), Column("remark")),
        tuple((v.name, v.market, v.source, v.date, v.note or "-") for v in chosen),
        "Sources (parameters drift: check before use)",
    )
    notes = (
        f"The last column is (m / (z s))^2 at {said.level} and {said.vol}: the longest total window that a Gaussian "
        "price crosses the maintenance margin in no more often than that. Compare it with `kedge risk window`.",
    )
    title = f"Margin rules of venues, {stake.size:g} coins at {said.price} with {said.equity}"
    return Result(title, (Table(columns, rows), where), notes, (_bars(rows),))


def _row(preset: Venue, stake: Stake, vol: float, level: float) -> tuple[Cell, ...]:
    coins, price = abs(stake.size), stake.price
    notional = coins * price
    initial, maintenance = preset.rule.initial(coins, price), preset.rule.maintenance(coins, price)
    try:
        ladder = compute_ladder(preset.rule, stake.size, price, stake.equity)
        prices: tuple[Cell, ...] = (ladder.maintenance, ladder.close_out, ladder.bankruptcy)
    except RiskInputError:
        prices = ("already", None, None)
    return (
        preset.name,
        None if initial is None else 100.0 * initial / notional,
        100.0 * maintenance / notional,
        maintenance,
        *prices,
        implied_mpor(maintenance / notional, vol, level) / 60.0,
    )


def _bars(rows: tuple[tuple[Cell, ...], ...]) -> Figure:
    names, windows = tuple(str(row[0]) for row in rows), tuple(float(str(row[-1])) for row in rows)
    bars = Series("", names, windows, "bars")
    return Figure("Window that the maintenance margin covers", "venue", "minutes", (bars,), y_log=True)

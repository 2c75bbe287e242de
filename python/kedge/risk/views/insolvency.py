"""Insolvency between anchors (A4): what a book of accounts costs the insurance fund, by account and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kedge.risk import units
from kedge.risk.insolvency import Book, compute_fund, compute_outcome, debt_map, engine_debts, rollback_debt
from kedge.risk.models import Kou, Merton, fixed_window
from kedge.risk.result import Cell, Column, Figure, Result, Table

_MARGINS = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1)
_INTERVALS = (12.0, 60.0, 900.0, 3600.0, 14_400.0, 43_200.0)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the tables ask about.

    `level`: share of years that the fund must last; `maintenance`: margin of mode engine (fraction); `hazard`:
    rollbacks per year; `recovery`: seconds of downtime after one.
    """

    level: float
    maintenance: float
    hazard: float
    recovery: float


def show_insolvency(
    accounts: tuple[Sequence[str], Book], model: Merton, intervals: Sequence[float], terms: Terms, said: tuple[str, str]
) -> Result:
    """Totals by anchoring interval (seconds), every account, and the same accounts in mode engine.

    `said`: hazard and recovery in the words of whoever asks, for a note.
    """
    names, book = accounts
    notes = (
        "Between anchors nobody is liquidated; every interval starts from the same book (mode anchored).",
        f"Rollback: mode engine, {said[0]}, the price moves for one interval and {said[1]} of downtime (diffusion).",
        "Mode engine: liquidation at the maintenance margin at once, so only jumps past bankruptcy cost; double "
        "exponential jumps of the same variance, closed form, book restored at every anchor.",
        "Jumps cost the same per year at any interval: only the diffusive part falls with faster anchoring.",
    )
    tables = (
        _totals(book, model, intervals, terms),
        _accounts(names, book, model, intervals),
        _engine(names, book, model, intervals, terms.maintenance),
    )
    return Result(f"Insolvency between anchors, {len(names)} accounts", tables, notes, (_heat(model),))


def _totals(book: Book, model: Merton, intervals: Sequence[float], terms: Terms) -> Table:
    rows = []
    for interval in intervals:
        window = fixed_window(interval)
        outcome = compute_outcome(book, model, window)
        rows.append(
            (
                units.show_time(interval),
                float(outcome.debts.sum()),
                outcome.debt_per_year,
                outcome.insolvencies_per_year,
                compute_fund(book, model, window, terms.level),
                rollback_debt(book, model.total_volatility, terms.hazard, interval, terms.recovery),
            )
        )
    money = book.currency
    columns = (
        Column("anchoring"), Column("bad debt per interval", money, ",.2f"), Column("bad debt per year", money, ",.0f"),
        Column("insolvencies per year", "", ".3f"), Column(f"fund at {100 * terms.level:g} %", money, ",.0f"),
        Column("rollbacks per year", money, ",.0f"),
    )  # fmt: skip
    return Table(columns, tuple(rows))


def _accounts(names: Sequence[str], book: Book, model: Merton, intervals: Sequence[float]) -> Table:
    found = [compute_outcome(book, model, fixed_window(interval)) for interval in intervals]
    rows = []
    for at, name in enumerate(names):
        row: list[Cell] = [name, float(book.notionals[at]), 100.0 * float(book.margins[at])]
        for outcome in found:
            row += [
                1e6 * float(outcome.probabilities[at]),
                float(outcome.debts[at]) * outcome.intervals_per_year,
            ]
        rows.append(tuple(row))
    columns = [Column("account"), Column("notional", book.currency, ",.0f"), Column("margin", "%", ".2f")]
    for interval in intervals:
        shown = units.show_time(interval)
        columns += [
            Column(f"P per interval, {shown}", "ppm"),
            Column(f"bad debt per year, {shown}", book.currency, ",.0f"),
        ]
    return Table(tuple(columns), tuple(rows), "Accounts")


def _engine(names: Sequence[str], book: Book, model: Merton, intervals: Sequence[float], maintenance: float) -> Table:
    jump = model.deviation / 2.0**0.5
    law = Kou(model.vol, model.rate, 0.5, jump, jump)
    found = [engine_debts(book, law, maintenance, interval) for interval in intervals]
    rows: list[tuple[Cell, ...]] = [(name, *(float(debts[at]) for debts in found)) for at, name in enumerate(names)]
    columns = [Column("account")] + [
        Column(f"bad debt per year, {units.show_time(interval)}", book.currency, ",.0f") for interval in intervals
    ]
    return Table(tuple(columns), tuple(rows), f"Mode engine, liquidated at {100 * maintenance:g} %")


def _heat(model: Merton) -> Figure:
    values = np.log10(np.maximum(1e4 * debt_map(model, _MARGINS, _INTERVALS), 1e-3))
    return Figure(
        "log10 of expected bad debt, bp of notional per year",
        "anchoring",
        "margin",
        heat=tuple(tuple(row) for row in values.tolist()),
        x_ticks=tuple(units.show_time(interval) for interval in _INTERVALS),
        y_ticks=tuple(f"{100 * m:g} %" for m in _MARGINS),
    )

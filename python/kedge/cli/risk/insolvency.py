"""kedge risk insolvency: what a book of accounts costs the insurance fund between anchors (A4)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from kedge.risk import Cell, Figure, Table
    from kedge.risk.insolvency import Book
    from kedge.risk.models import Merton

_EXAMPLE = (
    ("long, 10x", "$20M", "$2M"),
    ("long, 20x", "$10M", "$500k"),
    ("short, 15x", "$-15M", "$1M"),
    ("long at 3.3 %", "$3M", "$100k"),
)
_MARGINS = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1)
_INTERVALS = (12.0, 60.0, 900.0, 3600.0, 14_400.0, 43_200.0)


@risk.command()
def insolvency(
    book: Annotated[
        Path | None, typer.Option(help="CSV of accounts: account, notional (short below zero), equity; amounts.")
    ] = None,
    anchoring: Annotated[str, typer.Option(help="Anchoring intervals to compare. [times, comma]")] = "1h,1min",
    vol: Annotated[str, typer.Option(help="Diffusive volatility. [%/yr or %/day]")] = "50%/yr",
    jumps: Annotated[str, typer.Option(help="Jumps. [per year]")] = "50/yr",
    jump_size: Annotated[str, typer.Option(help="Deviation of a jump. [%]")] = "3%",
    level: Annotated[str, typer.Option(help="Share of years that the fund must last. [%]")] = "99.9%",
    maintenance: Annotated[str, typer.Option(help="Maintenance margin, for mode engine. [%]")] = "2%",
    hazard: Annotated[str, typer.Option(help="Rollbacks, for mode engine. [per year]")] = "1/yr",
    recovery: Annotated[str, typer.Option(help="Downtime after a rollback. [time]")] = "8h",
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Probability of insolvency and bad debt by account, the insurance fund, and the bill of a rollback."""
    from kedge.risk import Result, units
    from kedge.risk.models import Merton

    model = Merton(units.volatility(vol), units.rate(jumps, "jumps"), units.fraction(jump_size, "jump size"))
    names, accounts = _read(book)
    intervals = units.times(anchoring, "anchoring")
    rate, down = units.rate(hazard, "hazard"), units.time(recovery, "recovery")
    tables = (
        _totals(accounts, model, intervals, units.fraction(level, "level"), rate, down),
        _accounts(names, accounts, model, intervals),
        _engine(names, accounts, model, intervals, units.fraction(maintenance, "maintenance")),
    )
    notes = (
        "Between anchors nobody is liquidated; every interval starts from the same book (mode anchored).",
        f"Rollback: mode engine, {hazard}, the price moves for one interval and {recovery} of downtime (diffusion).",
        "Mode engine: liquidation at the maintenance margin at once, so only jumps past bankruptcy cost; double "
        "exponential jumps of the same variance, closed form, book restored at every anchor.",
        "Jumps cost the same per year at any interval: only the diffusive part falls with faster anchoring.",
    )
    title = f"Insolvency between anchors, {len(names)} accounts"
    present(Result(title, tables, notes, (_heat(model),)), json_out, plot)


def _read(file: Path | None) -> tuple[list[str], Book]:
    from kedge.risk import BAD_FILE, units
    from kedge.risk.insolvency import Book
    from kedge.risk.recorded import Row, read_rows

    if file is None:
        rows = [Row(zip(("account", "notional", "equity"), row, strict=True)) for row in _EXAMPLE]
    else:
        rows = read_rows(file)
    for row in rows:
        for column in ("account", "notional", "equity"):
            if not row.get(column):
                raise BAD_FILE.reject(f"{file}, line {row.line}: no {column}")
    book = Book.of(
        [units.amount(row["notional"], "notional") for row in rows],
        [units.amount(row["equity"], "equity") for row in rows],
    )
    return [row["account"] for row in rows], book


def _totals(book: Book, model: Merton, intervals: list[float], level: float, hazard: float, recovery: float) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk.insolvency import compute_fund, compute_outcome, rollback_debt
    from kedge.risk.models import fixed_window

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
                compute_fund(book, model, window, level),
                rollback_debt(book, model.total_volatility, hazard, interval, recovery),
            )
        )
    money = book.currency
    columns = (
        Column("anchoring"), Column("bad debt per interval", money, ",.2f"), Column("bad debt per year", money, ",.0f"),
        Column("insolvencies per year", "", ".3f"), Column(f"fund at {100 * level:g} %", money, ",.0f"),
        Column("rollbacks per year", money, ",.0f"),
    )  # fmt: skip
    return Table(columns, tuple(rows))


def _accounts(names: list[str], book: Book, model: Merton, intervals: list[float]) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk.insolvency import compute_outcome
    from kedge.risk.models import fixed_window

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


def _engine(names: list[str], book: Book, model: Merton, intervals: list[float], maintenance: float) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk.insolvency import engine_debts
    from kedge.risk.models import Kou

    jump = model.deviation / 2.0**0.5
    law = Kou(model.vol, model.rate, 0.5, jump, jump)
    found = [engine_debts(book, law, maintenance, interval) for interval in intervals]
    rows: list[tuple[Cell, ...]] = [(name, *(float(debts[at]) for debts in found)) for at, name in enumerate(names)]
    columns = [Column("account")] + [
        Column(f"bad debt per year, {units.show_time(interval)}", book.currency, ",.0f") for interval in intervals
    ]
    return Table(tuple(columns), tuple(rows), f"Mode engine, liquidated at {100 * maintenance:g} %")


def _heat(model: Merton) -> Figure:
    import numpy as np

    from kedge.risk import Figure, units
    from kedge.risk.insolvency import debt_map

    values = np.log10(np.maximum(1e4 * debt_map(model, _MARGINS, _INTERVALS), 1e-3))
    return Figure(
        "log10 of expected bad debt, bp of notional per year",
        "anchoring",
        "margin",
        heat=tuple(tuple(row) for row in values.tolist()),
        x_ticks=tuple(units.show_time(interval) for interval in _INTERVALS),
        y_ticks=tuple(f"{100 * m:g} %" for m in _MARGINS),
    )

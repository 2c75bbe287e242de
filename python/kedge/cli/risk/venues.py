"""kedge risk venues: what published margin rules require of a position, and the window they tolerate (A3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from kedge.risk import Cell, Figure
    from kedge.risk.venues import Venue


@risk.command()
def venues(
    venue: Annotated[str, typer.Option(help="Presets to compare, or `all`. [names, comma]")] = "all",
    size: Annotated[float, typer.Option(help="Position, long above zero. [coins]")] = 25.0,
    price: Annotated[str, typer.Option(help="Entry price. [amount, such as $100k]")] = "$100k",
    equity: Annotated[str, typer.Option(help="Equity of the account at the entry price. [amount]")] = "$250k",
    vol: Annotated[str, typer.Option(help="Volatility for the implied window. [%/yr or %/day]")] = "60%/yr",
    level: Annotated[str, typer.Option(help="Confidence for the implied window. [%]")] = "99%",
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Requirement, liquidation ladder, and the settlement window that each venue's margin tolerates."""
    from kedge.risk import Column, Result, Table, units
    from kedge.risk import venues as lib

    entry, worth = units.amount(price, "price"), units.amount(equity, "equity")
    money, own, s, q = entry.value, worth.to(entry.currency), units.volatility(vol), units.fraction(level, "level")
    chosen = [lib.get_venue(name.strip()) for name in (lib.VENUES if venue == "all" else venue.split(","))]
    rows = tuple(_row(preset, size, money, own, s, q) for preset in chosen)
    columns = (
        Column("venue"), Column("initial", "%", ".3f"), Column("maintenance", "%", ".3f"),
        Column("maintenance amount", entry.currency, ",.0f"), Column("liquidated at", entry.currency, ",.0f"),
        Column("taken over at", entry.currency, ",.0f"), Column("bankrupt at", entry.currency, ",.0f"),
        Column("window that maintenance covers", "min", ".1f"),
    )  # fmt: skip
    where = Table(
        (Column("venue"), Column("market"), Column("source"), Column("as of"), Column("remark")),
        tuple((v.name, v.market, v.source, v.date, v.note or "-") for v in chosen),
        "Sources (parameters drift: check before use)",
    )
    notes = (
        f"The last column is (m / (z s))^2 at {level} and {vol}: the longest total window that a Gaussian price "
        "crosses the maintenance margin in no more often than that. Compare it with `kedge risk window`.",
    )
    title = f"Margin rules of venues, {size:g} coins at {price} with {equity}"
    present(Result(title, (Table(columns, rows), where), notes, (_bars(rows),)), json_out, plot)


def _row(preset: Venue, size: float, price: float, equity: float, vol: float, level: float) -> tuple[Cell, ...]:
    from kedge.risk import RiskInputError
    from kedge.risk.margin import implied_mpor
    from kedge.risk.venues import compute_ladder

    coins, notional = abs(size), abs(size) * price
    initial, maintenance = preset.rule.initial(coins, price), preset.rule.maintenance(coins, price)
    try:
        ladder = compute_ladder(preset.rule, size, price, equity)
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
    from kedge.risk import Figure, Series

    names, windows = tuple(str(row[0]) for row in rows), tuple(float(str(row[-1])) for row in rows)
    bars = Series("", names, windows, "bars")
    return Figure("Window that the maintenance margin covers", "venue", "minutes", (bars,), y_log=True)

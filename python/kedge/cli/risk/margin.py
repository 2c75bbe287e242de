"""kedge risk margin: the margin that a settlement window needs for a budget of breaches per year (A2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, Seed, present

if TYPE_CHECKING:
    from kedge.risk import Cell, Figure, Table
    from kedge.risk.models import Model

_CURVE = (12.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0)


@risk.command()
def margin(
    anchoring: Annotated[str, typer.Option(help="Anchoring intervals to compare. [times, comma]")] = "1h,1min",
    latency: Annotated[str, typer.Option(help="Proof, inclusion and finality together. [time or law]")] = "5min",
    execution: Annotated[str, typer.Option(help="Detecting and executing a liquidation. [time or law]")] = "2min",
    reaction: Annotated[str, typer.Option(help="Time an owner has to add collateral. [time]")] = "1h",
    budget: Annotated[float, typer.Option(help="Breaches of an account at its margin. [per year]")] = 1.0,
    vol: Annotated[str, typer.Option(help="Diffusive volatility. [%/yr or %/day]")] = "50%/yr",
    jumps: Annotated[str, typer.Option(help="Jumps. [per year, such as 50/yr]")] = "50/yr",
    jump_size: Annotated[str, typer.Option(help="Deviation of a jump. [%]")] = "3%",
    prices: Annotated[Path | None, typer.Option(help="Recorded prices (CSV) for the models from data.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol in a file that holds several.")] = None,
    paths: Annotated[int, typer.Option(help="Paths of the filtered historical simulation. [count]")] = 200_000,
    seed: Seed = 1,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Initial, maintenance and close-out margin by model, the jump floor, and margins from recorded prices."""
    from kedge.risk import Result, units
    from kedge.risk.models import Kou, Merton, jump_floor

    models = _models(units.volatility(vol), units.rate(jumps, "jumps"), units.fraction(jump_size, "jump size"))
    intervals = units.times(anchoring, "anchoring")
    tables = [_margins(models, intervals, (latency, execution, reaction), budget)]
    notes = [
        "Close-out covers execution, maintenance the whole window, initial a time to react on top; all on one budget.",
        "Floats: the rules round their integers against the account, by at most 1.004 ppm of notional in the rate.",
        *(
            f"Jump floor ({name}): {100 * jump_floor(model, budget):.2f} % — jumps alone use the budget up below it, "
            "however short the window; faster anchoring buys nothing there."
            for name, model in models.items()
            if isinstance(model, Merton | Kou)
        ),
    ]
    if prices is not None:
        tables.append(_recorded(prices, symbol, intervals, budget, paths, seed))
        notes.append("From data: windows one after another (not overlapping); `-` where the data cannot answer.")
    else:
        notes.append("No prices were given, so no model was fitted to data: --prices FILE adds FHS and GPD.")
    title = f"Margin on a budget of {budget:g} breach{'' if budget == 1 else 'es'} a year"
    present(Result(title, tuple(tables), tuple(notes), (_curve(models, budget),)), json_out, plot)


def _models(vol: float, jumps: float, size: float) -> dict[str, Model]:
    """Three laws of the same total variance: no jumps, normal jumps, double exponential jumps."""
    from kedge.risk.models import Gauss, Kou, Merton

    merton = Merton(vol, jumps, size)
    kou = Kou(vol, jumps, 0.5, size / 2.0**0.5, size / 2.0**0.5)
    return {"Gauss": Gauss(merton.total_volatility), "Merton": merton, "Kou": kou}


def _margins(models: dict[str, Model], intervals: list[float], texts: tuple[str, str, str], budget: float) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk.law_text import parse_law
    from kedge.risk.laws import clock
    from kedge.risk.margin import breach_probability, compute_margins, implied_mpor
    from kedge.risk.window import compute_mixture

    latency, execution, wait = parse_law(texts[0], "latency"), parse_law(texts[1], "execution"), texts[2]
    rows: list[tuple[Cell, ...]] = []
    for interval in intervals:
        laws = {"anchor": clock(interval), "proof": latency, "execution": execution}
        mean = compute_mixture(laws).mean
        for name, model in models.items():
            found = compute_margins(model, laws, budget, units.time(wait, "reaction"))
            percent = [100.0 * m for m in (found.initial, found.maintenance, found.close_out)]
            chance = breach_probability(mean, budget)
            covered = implied_mpor(found.maintenance, model.total_volatility, 1.0 - chance) / 60.0
            rows.append((units.show_time(interval), name, mean / 60.0, 1e6 * chance, *percent, covered))
    columns = (
        Column("anchoring"), Column("model"), Column("mean W", "min", ".2f"), Column("P(breach) per window", "ppm"),
        Column("initial", "%", ".3f"), Column("maintenance", "%", ".3f"), Column("close-out", "%", ".3f"),
        Column("Gaussian MPOR of maintenance", "min", ".1f"),
    )  # fmt: skip
    return Table(columns, tuple(rows))


def _recorded(file: Path, symbol: str | None, intervals: list[float], budget: float, paths: int, seed: int) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk import margin as lib
    from kedge.risk.models import Gauss, fixed_window
    from kedge.risk.recorded import read_prices

    series = read_prices(file, symbol)
    returns = lib.log_returns(series.prices)
    vol = lib.annual_volatility(returns, series.step)
    rows: list[tuple[Cell, ...]] = []
    for interval in intervals:
        gauss = 100.0 * lib.compute_margin(Gauss(vol), fixed_window(interval), budget)
        filtered = _answer(partial(lib.filtered_margin, returns, series.step, interval, budget, paths, seed))
        pareto = _answer(partial(lib.pareto_margin, returns, series.step, interval, budget))
        rows.append((units.show_time(interval), 100.0 * vol, gauss, *filtered, *pareto))
    columns = (
        Column("window"), Column("volatility", "%/yr", ".1f"), Column("Gauss", "%", ".3f"),
        Column("FHS", "%", ".3f"), Column("why not FHS"), Column("GPD", "%", ".3f"), Column("why not GPD"),
    )  # fmt: skip
    return Table(columns, tuple(rows), f"From {series.name} (steps of {units.show_time(series.step)})")


def _answer(compute: Callable[[], float]) -> tuple[float | None, str]:
    from kedge.risk import RiskInputError

    try:
        return 100.0 * compute(), "-"
    except RiskInputError as error:
        return None, error.text


def _curve(models: dict[str, Model], budget: float) -> Figure:
    from kedge.risk import Figure, Series
    from kedge.risk.margin import margin_curve
    from kedge.risk.models import Kou, Merton, jump_floor

    curves = [
        Series(name, _CURVE, tuple((100.0 * margin_curve(model, _CURVE, budget)).tolist()))
        for name, model in models.items()
    ]
    for name, model in models.items():
        if isinstance(model, Merton | Kou):
            floor = 100.0 * jump_floor(model, budget)
            curves.append(Series(f"floor, {name}", (_CURVE[0], _CURVE[-1]), (floor, floor)))
    return Figure(
        "Margin against the window", "window, seconds", "% of notional", tuple(curves), x_log=True,
        y_log=True,
    )  # fmt: skip

"""What `kedge risk margin` shows (A2): margins by law and interval, margins from a record, terms of a market file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from kedge.risk import margin as lib
from kedge.risk.calendars import Calendar, choose_calendar
from kedge.risk.checks import Array
from kedge.risk.errors import RiskInputError
from kedge.risk.jumps import Fitted, fit_jumps
from kedge.risk.laws import Law, clock
from kedge.risk.market_terms import Asked, MarketTerms, derive_terms
from kedge.risk.models import Gauss, Kou, Merton, Model, fixed_window, jump_floor
from kedge.risk.recorded import Prices, read_prices
from kedge.risk.result import Cell, Column, Figure, Result, Series, Table
from kedge.risk.units import show_time
from kedge.risk.window import compute_mixture

_CURVE: Final = (12.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0)
MARKET: Final = ("vol", "jumps", "jump_size")
"""Inputs that say how prices move: what a record replaces."""


@dataclass(frozen=True)
class Record:
    """Recorded prices with the calendar that makes years of their steps."""

    prices: Prices
    calendar: Calendar

    @cached_property
    def returns(self) -> Array:
        """Log returns from price to price."""
        return lib.log_returns(self.prices.prices)


def read_record(file: Path | None, symbol: str | None, calendar: str) -> Record | None:
    """The record of a file under a calendar (`auto` by its spacing); None without a file."""
    if file is None:
        return None
    prices = read_prices(file, symbol)
    return Record(prices, choose_calendar(prices.times, calendar))


@dataclass(frozen=True)
class Case:
    """What is asked: intervals and reaction in seconds, laws of the stages, breaches per year, and how prices move.

    Volatility and jump rate per year, deviation of a jump as a fraction. `stated` names those of `MARKET` that somebody
    gave; with a record the others are fitted to it.
    """

    intervals: tuple[float, ...]
    latency: Law
    execution: Law
    reaction: float
    budget: float
    vol: float
    jumps: float
    jump_size: float
    stated: Collection[str] = MARKET
    record: Record | None = None
    paths: int = 200_000
    seed: int = 1

    @cached_property
    def fitted(self) -> Fitted | None:
        """Diffusion and jumps of the record, where there is one and somebody left a choice."""
        if self.record is None or set(self.stated) >= set(MARKET):
            return None
        return fit_jumps(self.record.returns, self.record.calendar.per_year)

    @cached_property
    def market(self) -> dict[str, float]:
        """How prices move: what was stated, what was fitted, or the examples."""
        values = {"vol": self.vol, "jumps": self.jumps, "jump_size": self.jump_size}
        if self.fitted is not None:
            found = dict(zip(MARKET, self.fitted[:3], strict=True))
            values.update({name: value for name, value in found.items() if name not in self.stated})
        return values

    @property
    def pace(self) -> float:
        """How much faster than a year the market's clock runs while it trades."""
        return 1.0 if self.record is None else self.record.calendar.pace

    @cached_property
    def models(self) -> dict[str, Model]:
        """Laws of the same total variance: no jumps, normal jumps, double exponential jumps. Without jumps only one."""
        vol, jumps, size = (self.market[name] for name in MARKET)
        if jumps == 0.0 or size == 0.0:
            return {"Gauss": Gauss(vol)}
        merton = Merton(vol, jumps, size)
        half = size / 2.0**0.5
        return {"Gauss": Gauss(merton.total_volatility), "Merton": merton, "Kou": Kou(vol, jumps, 0.5, half, half)}

    @cached_property
    def asked(self) -> list[Asked]:
        """The margins of every law at every interval, on the market's clock."""
        found = []
        for interval in self.intervals:
            laws = {"anchor": clock(interval), "proof": self.latency, "execution": self.execution}
            window = compute_mixture(laws)
            for name, model in self.models.items():
                law = lib.run_clock(model, self.pace)
                margins = lib.compute_margins(law, laws, self.budget * self.pace, self.reaction)
                found.append(Asked(interval, name, law, window, margins))
        return found


def show_margin(case: Case) -> Result:
    """Margins by law, and from the record where there is one; the jump floor; the margin against the window."""
    tables = [_margins(case)]
    if case.record is not None:
        tables.append(_recorded(case, case.record))
    title = f"Margin on a budget of {case.budget:g} breach{'' if case.budget == 1 else 'es'} a year"
    return Result(title, tuple(tables), (*_notes(case), *_origin(case)), (_curve(case),), _replaced(case))


def show_terms(case: Case) -> MarketTerms:
    """The margin lines of a market file that cover every law and interval of the case."""
    moves = f"Prices: {_words(case)}; breaches a year: {case.budget:g}; anchored every "
    origin = (moves + ", ".join(show_time(interval) for interval in case.intervals) + ".", *_origin(case))
    return derive_terms(case.asked, case.execution.mean, case.reaction, case.budget, case.pace, origin)


def _words(case: Case) -> str:
    vol, jumps, size = (case.market[name] for name in MARKET)
    return f"volatility {100 * vol:.4g} %/yr, {jumps:.4g} jumps a year of {100 * size:.4g} %"


def _replaced(case: Case) -> dict[str, str]:
    if case.fitted is None:
        return {}
    texts = (
        f"{100 * case.fitted.volatility:.4g}%/yr",
        f"{case.fitted.rate:.4g}/yr",
        f"{100 * case.fitted.deviation:.4g}%",
    )
    return {name: text for name, text in zip(MARKET, texts, strict=True) if name not in case.stated}


def _margins(case: Case) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in case.asked:
        chance = lib.breach_probability(one.window.mean, case.budget * case.pace)
        percent = [100.0 * m for m in (one.margins.initial, one.margins.maintenance, one.margins.close_out)]
        covered = lib.implied_mpor(one.margins.maintenance, one.model.total_volatility, 1.0 - chance) / 60.0
        rows.append((show_time(one.interval), one.law, one.window.mean / 60.0, 1e6 * chance, *percent, covered))
    columns = (
        Column("anchoring"), Column("model"), Column("mean W", "min", ".2f"), Column("P(breach) per window", "ppm"),
        Column("initial", "%", ".3f"), Column("maintenance", "%", ".3f"), Column("close-out", "%", ".3f"),
        Column("Gaussian MPOR of maintenance", "min", ".1f"),
    )  # fmt: skip
    return Table(columns, tuple(rows))


def _recorded(case: Case, record: Record) -> Table:
    """Margins of fixed windows from the record itself, on its clock."""
    step, returns, budget = record.calendar.step, record.returns, case.budget * case.pace
    vol = lib.annual_volatility(returns, record.calendar.per_year)
    law = lib.run_clock(Gauss(vol), case.pace)
    rows: list[tuple[Cell, ...]] = []
    for interval in case.intervals:
        gauss = 100.0 * lib.compute_margin(law, fixed_window(interval), budget)
        filtered = _answer(partial(lib.filtered_margin, returns, step, interval, budget, case.paths, case.seed))
        pareto = _answer(partial(lib.pareto_margin, returns, step, interval, budget))
        rows.append((show_time(interval), 100.0 * vol, gauss, *filtered, *pareto))
    columns = (
        Column("window"), Column("volatility", "%/yr", ".1f"), Column("Gauss", "%", ".3f"),
        Column("FHS", "%", ".3f"), Column("why not FHS"), Column("GPD", "%", ".3f"), Column("why not GPD"),
    )  # fmt: skip
    return Table(columns, tuple(rows), f"From {record.prices.name} (steps of {show_time(step)})")


def _answer(compute: Callable[[], float]) -> tuple[float | None, str]:
    try:
        return 100.0 * compute(), "-"
    except RiskInputError as error:
        return None, error.text


def _notes(case: Case) -> list[str]:
    notes = [
        "Close-out covers execution, maintenance the whole window, initial a time to react on top; all on one budget.",
        "Floats: the rules round their integers against the account, by at most 1.004 ppm of notional in the rate.",
        *(
            _tell_floor(name, model, case.budget)
            for name, model in case.models.items()
            if isinstance(model, Merton | Kou)
        ),
    ]
    if case.record is None:
        return [
            *notes,
            "No prices were given, so no model was fitted to data: --prices FILE does that, and adds FHS and GPD.",
        ]
    return [*notes, "From data: windows one after another (not overlapping); `-` where the data cannot answer."]


def _tell_floor(name: str, model: Merton | Kou, budget: float) -> str:
    floor = jump_floor(model, budget)
    if floor == 0.0:
        return f"Jump floor ({name}): none, for adverse jumps are rarer than the budget."
    return (
        f"Jump floor ({name}): {100 * floor:.2f} % — jumps alone use the budget up below it, however short the window; "
        "faster anchoring buys nothing there."
    )


def _origin(case: Case) -> list[str]:
    """Where the way prices move comes from: what was read, in which years, and what was made of it."""
    if case.record is None:
        return []
    prices, calendar = case.record.prices, case.record.calendar
    said = [f"{prices.name}: {prices.source}; calendar {calendar}."]
    if calendar.pace != 1.0:
        said.append(
            "Windows are time of trading: a closed market moves at its opening, which the steps of the record hold."
        )
    if case.fitted is None:
        return [*said, "Volatility and jumps as given: the record only moves its own table."]
    kept = [name.replace("_", "-") for name in MARKET if name in case.stated]
    said.append(
        f"Fitted to {case.fitted.years:.3g} years: {case.fitted.jumps} returns are too large for the volatility around "
        "them (Lee and Mykland, 1 %) and count as jumps; the rest is the diffusion, so the variance is the record's."
        + (f" As given: {', '.join(kept)}." if kept else "")
    )
    return said


def _curve(case: Case) -> Figure:
    budget = case.budget * case.pace
    curves = [
        Series(
            name, _CURVE, tuple((100.0 * lib.margin_curve(lib.run_clock(model, case.pace), _CURVE, budget)).tolist())
        )
        for name, model in case.models.items()
    ]
    for name, model in case.models.items():
        if isinstance(model, Merton | Kou):
            floor = 100.0 * jump_floor(model, case.budget)
            curves.append(Series(f"floor, {name}", (_CURVE[0], _CURVE[-1]), (floor, floor)))
    return Figure(
        "Margin against the window", "window, seconds", "% of notional", tuple(curves), x_log=True,
        y_log=True,
    )  # fmt: skip

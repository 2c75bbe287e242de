"""kedge risk backtest: did the margin hold, and how hard did it move (A9)?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, Seed, present

if TYPE_CHECKING:
    from kedge.risk import Figure, Table, checks, recorded

_BARS, _BAR_SECONDS, _POINTS = 20_000, 300.0, 400
_BASEL_RUN, _DRAWS, _WORST = 250, 400, 150


class _Run(NamedTuple):
    """One model on one record over one window: margins and losses on the same times."""

    prices: recorded.Prices
    window: float
    model: str
    times: checks.Array
    margins: checks.Array
    losses: checks.Array
    steps: int


@risk.command()
def backtest(
    prices: Annotated[
        list[Path] | None, typer.Option(help="Recorded prices (CSV, .gz too); repeat it. Without: a simulated record.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol, where a file holds several.")] = None,
    windows: Annotated[str, typer.Option(help="Settlement windows, separated by commas [min, h].")] = "5min,1h",
    models: Annotated[
        str, typer.Option(help="ewma, historical, filtered, floored.")
    ] = "ewma,historical,filtered,floored",
    coverage: Annotated[str, typer.Option(help="Promised coverage [%].")] = "99%",
    lookback: Annotated[str, typer.Option(help="History behind each margin [h, d].")] = "7d",
    half_life: Annotated[str, typer.Option(help="Half-life of the volatility estimate [h, d].")] = "6h",
    side: Annotated[str, typer.Option(help="Whose losses: long or short.")] = "long",
    seed: Seed = 1,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Backtest of margins and their procyclicality: Kupiec, Christoffersen, Basel's zones, Eurex's five figures.

    Windows that overlap are thinned to every n-th before the tests; the breach rate over all of them is shown beside.
    """
    from kedge.risk import Result, units

    names, level = models.split(","), units.fraction(coverage, "coverage")
    seconds, past = units.times(windows, "windows"), units.time(lookback, "lookback")
    records = _read(prices, symbol, seed)
    found = [
        _run(record, window, name, level, past, units.time(half_life, "half-life"), side)
        for record in records
        for window in seconds
        for name in names
    ]
    grouped = [[run for run in found if run.prices is record] for record in records]
    present(
        Result(
            f"Backtest of {side} margins at {coverage}",
            tuple(table for runs in grouped for table in (_tests(runs, level, seed), _figures(runs))),
            _notes(prices, found),
            tuple(_picture(runs, seconds[-1]) for runs in grouped),
        ),
        json_out,
        plot,
    )


def _read(files: list[Path] | None, symbol: str | None, seed: int) -> list[recorded.Prices]:
    from kedge.risk import recorded

    if files:
        return [recorded.read_prices(file, symbol) for file in files]
    return [_simulate(seed, crash=False), _simulate(seed, crash=True)]


def _simulate(seed: int, *, crash: bool) -> recorded.Prices:
    """A record for the bare command: five-minute bars at 45 % a year; the crash triples that for a day after a jump."""
    import numpy as np

    from kedge.risk import YEAR_SECONDS, montecarlo, recorded

    times = np.arange(_BARS, dtype=np.float64) * _BAR_SECONDS
    sigma: checks.Array = np.full(_BARS, 0.45)
    returns = montecarlo.get_stream(seed, stream=int(crash)).standard_normal(_BARS)
    if crash:
        sigma[_BARS // 2 : _BARS // 2 + 288] *= 3.0
    returns *= sigma * math.sqrt(_BAR_SECONDS / YEAR_SECONDS)
    if crash:
        returns[_BARS // 2 : _BARS // 2 + 12] -= 0.01
    name = "simulated, with a crash of 12 % in an hour" if crash else "simulated, calm"
    walk: checks.Array = np.exp(np.cumsum(returns))
    return recorded.Prices(name, times, 50_000.0 * walk)


def _run(
    prices: recorded.Prices, window: float, model: str, coverage: float, lookback: float, half_life: float, side: str
) -> _Run:
    import numpy as np

    from kedge.risk import OUT_OF_DOMAIN, trailing

    if window < prices.step:
        raise OUT_OF_DOMAIN.reject(
            f"window = {window:g} s is shorter than the steps of {prices.name}, {prices.step:g} s"
        )
    steps = max(1, round(window / prices.step))
    returns = np.diff(np.log(prices.prices)) * (1.0 if side == "long" else -1.0)
    decay = 0.5 ** (prices.step / half_life)
    past = round(lookback / prices.step)
    margins = trailing.compute_margins(model, returns, steps, past, coverage, decay=decay)
    losses = trailing.compute_losses(prices, window, side)[1:]
    kept = np.isfinite(margins) & np.isfinite(losses)
    return _Run(prices, window, model, prices.times[1:][kept], margins[kept], losses[kept], steps)


def _tests(runs: list[_Run], coverage: float, seed: int) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk import backtest as tests

    rows = []
    for run in runs:
        hits = tests.find_hits(run.margins, run.losses)
        alone = tests.thin(hits, run.steps)
        number, breaches = int(alone.size), int(alone.sum())
        kupiec = tests.compute_kupiec(breaches, number, 1.0 - coverage)
        pairs = tests.compute_independence(tests.count_transitions(alone))
        zone = tests.compute_zone(breaches, number, 1.0 - coverage).colour
        worst = _worst(alone, 1.0 - coverage)
        overlapping = tests.bootstrap_rate(hits, max(run.steps, 2), seed, _DRAWS)
        rows.append(
            (
                *(units.show_time(run.window), run.model, number, breaches, breaches / number * 100),
                f"{overlapping.value * 100:.2f} ± {overlapping.error * 100:.2f}",
                *(kupiec.p_value, pairs.p_value, tests.compute_conditional(kupiec, pairs).p_value, zone, worst),
            )
        )
    columns = (
        *(Column(name) for name in ("window", "model", "windows", "breaches")),
        Column("rate", "%", ".2f"),
        Column("overlapping", "%"),
        *(Column(name, "", ".3f") for name in ("Kupiec", "Christoffersen", "joint")),
        Column("zone"),
        Column("worst 250"),
    )
    return Table(columns, tuple(rows), f"{runs[0].prices.name}: coverage on windows that do not overlap")


def _worst(hits: checks.Array, rate: float) -> str | None:
    from kedge.risk import backtest as tests

    if hits.size < _BASEL_RUN:
        return None
    most = tests.find_worst_run(hits, _BASEL_RUN)
    return f"{most} {tests.compute_zone(most, _BASEL_RUN, rate).colour}"


def _figures(runs: list[_Run]) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk import backtest as tests

    rows = []
    for run in runs:
        found = tests.compute_procyclicality(run.margins, run.losses, 86_400.0 / run.prices.step)
        figures = tuple(None if value != value else value * 100 for value in found)
        rows.append((units.show_time(run.window), run.model, *figures))
    heads = ("coverage", "loss to margin", "1-day rise", "5-day rise", "10-day rise", "peak to trough")
    columns = (Column("window"), Column("model"), *(Column(name, "%", ".1f") for name in heads))
    return Table(columns, tuple(rows), "Procyclicality by Eurex's definitions (its own: 99.9, 112, 17, 46, 63, 136 %)")


def _notes(files: list[Path] | None, runs: list[_Run]) -> tuple[str, ...]:
    overlap = [run for run in runs if run.steps > 1]
    source = () if files else ("the record is simulated: give recorded prices with --prices FILE",)
    state = (
        "windows of more than one bar overlap; the tests use every n-th bar (disjoint windows), the overlapping rate "
        "has a block-bootstrap error"
        if overlap
        else "windows of one bar do not overlap"
    )
    return (
        *source,
        state,
        "Kupiec, Christoffersen, joint: probability of a ratio at least as large if the margin keeps its promise",
        "zones by cumulative binomial probability (95 %, 99.99 %) at the number of windows tested; worst 250: most "
        "breaches in any 250 neighbouring windows (yellow from 5, red from 10 at 99 %)",
        "margins see only the past; the lookback is cut from the record before the tests",
    )


def _picture(runs: list[_Run], window: float) -> Figure:
    import numpy as np

    from kedge.risk import Figure, Series, units

    shown = [run for run in runs if run.window == window]
    start = shown[0].times[0]
    lines = []
    for run in shown:
        step = max(1, run.times.size // _POINTS)
        days = tuple(float(t) for t in (run.times[::step] - start) / 86_400.0)
        lines.append(Series(run.model, days, tuple(float(m) * 100 for m in run.margins[::step])))
    first = shown[0]
    worst = np.sort(np.argsort(first.losses)[-_WORST:])
    days = tuple(float(t) for t in (first.times[worst] - start) / 86_400.0)
    name = f"largest losses over {units.show_time(window)}"
    lines.append(Series(name, days, tuple(float(x) * 100 for x in first.losses[worst]), "points"))
    return Figure(shown[0].prices.name, "days", "margin, loss [% of notional]", tuple(lines))

"""What `kedge risk backtest` shows (A9): coverage tests, procyclicality, gaps and a picture for every record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from kedge.risk import backtest as tests
from kedge.risk import gaps
from kedge.risk.recorded import read_prices
from kedge.risk.result import Cell, Column, Figure, Result, Series, Table
from kedge.risk.trial import Record, Terms, Trial, run_trials, simulate_record
from kedge.risk.units import show_time

_POINTS, _WORST = 400, 150
_BASEL_RUN, _DRAWS = 250, 400


def show_backtest(files: Sequence[Path], symbol: str | None, terms: Terms) -> Result:
    """Every model and window of the terms on these records; on two simulated ones where there is no file."""
    prices = [read_prices(file, symbol) for file in files] or [
        simulate_record(terms.seed, crash=crash) for crash in (False, True)
    ]
    found = [run_trials(Record.of(record, terms.calendar), terms) for record in prices]
    tables = [table for runs in found for table in (_coverage(runs, terms), _procyclicality(runs), *_gaps(runs, terms))]
    return Result(
        f"Backtest of {terms.side} margins at {terms.coverage * 100:g} %",
        tuple(tables),
        _notes(found, terms, simulated=not files),
        tuple(_picture(runs, terms.windows[-1]) for runs in found),
    )


def _coverage(runs: Sequence[Trial], terms: Terms) -> Table:
    rate = 1.0 - terms.coverage
    rows = []
    for run in runs:
        number, breaches = int(run.alone.size), int(run.alone.sum())
        kupiec = tests.compute_kupiec(breaches, number, rate)
        pairs = tests.compute_independence(tests.count_transitions(run.alone))
        rows.append(
            (
                *(show_time(run.window), run.model, number, breaches, breaches / number * 100),
                tests.bootstrap_rate(run.hits, max(run.steps, 2), terms.seed, _DRAWS) * 100.0,
                *(kupiec.p_value, pairs.p_value, tests.compute_conditional(kupiec, pairs).p_value),
                tests.compute_zone(breaches, number, rate).colour,
                *_find_worst(run, rate),
            )
        )
    columns = (
        *(Column(name) for name in ("window", "model", "windows", "breaches")),
        Column("rate", "%", ".2f"),
        Column("overlap", "%", ".2f"),
        *(Column(name, "", ".3f") for name in ("Kupiec", "Christoffersen", "joint")),
        *(Column(name) for name in ("zone", "in 250", "its zone")),
    )
    return Table(columns, tuple(rows), f"{runs[0].record.prices.name}: coverage on windows that do not overlap")


def _find_worst(run: Trial, rate: float) -> tuple[int | None, str | None]:
    if run.alone.size < _BASEL_RUN:
        return None, None
    most = tests.find_worst_run(run.alone, _BASEL_RUN)
    return most, tests.compute_zone(most, _BASEL_RUN, rate).colour


def _procyclicality(runs: Sequence[Trial]) -> Table:
    rows = []
    for run in runs:
        found = tests.compute_procyclicality(run.margins, run.losses, run.record.calendar.per_day)
        figures = tuple(None if value != value else value * 100 for value in found)
        rows.append((show_time(run.window), run.model, *figures))
    heads = ("coverage", "loss to margin", "1-day rise", "5-day rise", "10-day rise", "peak to trough")
    columns = (Column("window"), Column("model"), *(Column(name, "%", ".1f") for name in heads))
    return Table(columns, tuple(rows), "Procyclicality by Eurex's definitions (its own: 99.9, 112, 17, 46, 63, 136 %)")


def _gaps(runs: Sequence[Trial], terms: Terms) -> tuple[Table, ...]:
    """Gaps of the record by kind, and what the windows that end in one lost; nothing where there is no gap."""
    record = runs[0].record
    if not record.gaps:
        return ()
    rows: list[tuple[Cell, ...]] = []
    for kind in dict.fromkeys(gap.kind for gap in record.gaps):
        some = [gap for gap in record.gaps if gap.kind == kind]
        numbers = [number for number, gap in enumerate(record.gaps) if gap.kind == kind]
        longest = max(some, key=lambda gap: gap.seconds)
        row: list[Cell] = [kind, len(some), longest.seconds / 3600.0, longest.date]
        for run in runs[:: len(terms.models)]:
            ending = np.isin(run.late, numbers)
            row += [int(ending.sum()), float(run.losses[ending].max()) * 100 if ending.any() else None]
        rows.append(tuple(row))
    columns = [Column("gap"), Column("number"), Column("longest", "h", ".4g"), Column("from (UTC)")]
    for window in terms.windows:
        columns += [
            Column(f"{show_time(window)} windows that end in it"),
            Column(f"their worst loss, {show_time(window)}", "%", ".2f"),
        ]
    return (Table(tuple(columns), tuple(rows), f"{record.prices.name}: gaps"),)


def _notes(found: Sequence[Sequence[Trial]], terms: Terms, *, simulated: bool) -> tuple[str, ...]:
    overlap = any(run.steps > 1 for runs in found for run in runs)
    notes = ["the record is simulated: give recorded prices with --prices FILE"] if simulated else []
    notes += [note for runs in found for note in _tell(runs, terms)]
    notes.append(
        "windows of more than one bar overlap; the tests use every n-th bar (disjoint windows), the rate under "
        "overlap has a block-bootstrap error"
        if overlap
        else "windows of one bar do not overlap"
    )
    return (
        *notes,
        "Kupiec, Christoffersen, joint: probability of a ratio at least as large if the margin keeps its promise",
        "zones by cumulative binomial probability (95 %, 99.99 %) at the number of windows tested; in 250: most "
        "breaches in any 250 neighbouring windows (yellow from 5, red from 10 at 99 %)",
        "margins see only the past; the lookback is cut from the record before the tests",
    )


_HANDLING: Final = {
    gaps.COUNT: "their losses run to the first price after the gap",
    gaps.SKIP: "they are left out, so what was lost over gaps is not in these figures",
}


def _tell(runs: Sequence[Trial], terms: Terms) -> list[str]:
    """Of one record: its columns, its calendar, its gaps."""
    record, past = runs[0].record, round(terms.lookback / runs[0].record.calendar.step)
    name = record.prices.name
    notes = [f"{name}: {record.prices.source}"] if record.prices.source else []
    notes.append(f"{name}: calendar {record.calendar}; the lookback is {past:,} bars")
    if not record.gaps:
        return [*notes, f"{name}: no gaps"]
    per_window = runs[:: len(terms.models)]
    ending = [run.skipped if terms.gaps == gaps.SKIP else int((run.late >= 0).sum()) for run in per_window]
    counts = ", ".join(f"{number:,} of {show_time(run.window)}" for number, run in zip(ending, per_window, strict=True))
    notes.append(f"{name}: {len(record.gaps):,} gaps; windows that end in one: {counts}; {_HANDLING[terms.gaps]}")
    return notes


def _picture(runs: Sequence[Trial], window: float) -> Figure:
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
    name = f"largest losses over {show_time(window)}"
    lines.append(Series(name, days, tuple(float(x) * 100 for x in first.losses[worst]), "points"))
    return Figure(first.record.prices.name, "days", "margin, loss [% of notional]", tuple(lines))

"""What `kedge risk window` shows (A1): the law of the window, its margin, its stages, and every tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kedge.risk import window as lib
from kedge.risk.checks import one_of
from kedge.risk.laws import Gamma, Law, clock
from kedge.risk.result import Cell, Column, Figure, Result, Series, Table
from kedge.risk.units import show_time
from kedge.risk.window import Mixture, Simulation


@dataclass(frozen=True)
class Settings:
    """What is asked: intervals in seconds, laws of all stages but the wait, volatility per year, confidence."""

    intervals: Sequence[float]
    anchors: str
    stages: dict[str, Law] = field(repr=False)
    tier: str
    mode: str
    vol: float
    level: float
    paths: int
    seed: int


@dataclass(frozen=True)
class _Case:
    """One interval: its name, the stages that count, the law of their sum, and the simulation that checks it."""

    name: str
    laws: dict[str, Law]
    mixture: Mixture
    found: Simulation


def show_window(s: Settings) -> Result:
    """How long settlement takes, the margin that this time costs, and which stage to shorten."""
    cases = []
    for interval in s.intervals:
        laws = lib.choose({**s.stages, "anchor": _wait(s.anchors, interval)}, lib.active_stages(s.tier, s.mode))
        found = lib.simulate(laws, s.vol, s.level, s.paths, s.seed)
        cases.append(_Case(show_time(interval), laws, lib.compute_mixture(laws), found))
    return Result(
        f"Settlement window, tier {s.tier}, mode {s.mode}",
        (_summary(cases, s), _stages(cases), _tiers(s)),
        _notes(cases, s),
        (_waterfall(cases), _distribution(cases)),
    )


def _wait(anchors: str, interval: float) -> Law:
    return clock(interval) if one_of(anchors, ("clock", "poisson"), "anchors") == "clock" else Gamma(interval)


def _summary(cases: list[_Case], s: Settings) -> Table:
    columns = (
        Column("anchoring"), Column("mean W", "min", ".2f"), Column("p99 W", "min", ".2f"),
        Column("VaR", "%", ".4f"), Column("ES", "%", ".4f"),
        Column("VaR simulated", "%", ".4f"), Column("ES simulated", "%", ".4f"),
        Column("elasticity of margin in D", "", ".3f"),
    )  # fmt: skip
    rows = tuple(
        (
            case.name,
            case.mixture.mean / 60.0,
            case.mixture.quantile(0.99) / 60.0,
            100.0 * lib.compute_var(case.mixture, s.vol, s.level),
            100.0 * lib.compute_es(case.mixture, s.vol, s.level),
            case.found.var * 100.0,
            case.found.es * 100.0,
            lib.compute_elasticity(case.laws),
        )
        for case in cases
    )
    return Table(columns, rows)


def _stages(cases: list[_Case]) -> Table:
    columns = (
        Column("anchoring"), Column("stage"), Column("mean", "min", ".3f"), Column("deviation", "min", ".3f"),
        Column("share of W", "%", ".1f"), Column("share of W in a breach", "%", ".2f"),
    )  # fmt: skip
    rows = tuple(
        (
            case.name,
            stage,
            law.mean / 60.0,
            law.variance**0.5 / 60.0,
            100.0 * law.mean / case.mixture.mean,
            case.found.shares[stage] * 100.0,
        )
        for case in cases
        for stage, law in case.laws.items()
    )
    return Table(columns, rows, "Stages (in a breach: paths that lost at least the VaR)")


def _tiers(s: Settings) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name in lib.TIERS:
        margins = []
        for interval in s.intervals:
            every = {**s.stages, "anchor": _wait(s.anchors, interval)}
            mixture = lib.compute_mixture(lib.choose(every, lib.active_stages(name, s.mode)))
            margins.append(100.0 * lib.compute_var(mixture, s.vol, s.level))
        rows.append((name, " + ".join(lib.active_stages(name, s.mode)), *margins))
    columns = [Column("tier"), Column("stages that delay")]
    columns += [Column(f"VaR, {show_time(interval)}", "%", ".4f") for interval in s.intervals]
    return Table(tuple(columns), tuple(rows), "The same window at every tier")


def _notes(cases: list[_Case], s: Settings) -> tuple[str, ...]:
    first, last = (lib.compute_var(case.mixture, s.vol, s.level) for case in (cases[0], cases[-1]))
    notes = [
        "VaR and ES are exact for diffusion (a grid of W); the simulation checks them, ± is one standard error.",
        "This is the diffusive part: it shrinks with the interval, the jump floor of `kedge risk margin` does not.",
    ]
    if len(cases) > 1:
        notes.insert(
            0,
            f"From {cases[0].name} to {cases[-1].name} the margin falls by a factor {first / last:.2f}, not by "
            "the root of the ratio of intervals: the other stages stay.",
        )
    return tuple(notes)


def _waterfall(cases: list[_Case]) -> Figure:
    bars = tuple(
        Series(case.name, tuple(case.laws), tuple(law.mean / 60.0 for law in case.laws.values()), "bars")
        for case in cases
    )
    return Figure("Mean time in each stage", "stage", "minutes", bars)


def _distribution(cases: list[_Case]) -> Figure:
    curves = []
    for case in cases:
        every = slice(None, None, max(1, case.mixture.times.size // 200))
        minutes, below = case.mixture.times[every] / 60.0, case.mixture.cdf()[every]
        curves.append(Series(case.name, tuple(minutes.tolist()), tuple(below.tolist())))
    return Figure("P(W <= t)", "t, minutes", "probability", tuple(curves))

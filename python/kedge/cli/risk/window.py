"""kedge risk window: the law of the settlement window, its margin, and which stage it comes from (A1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, Seed, present

if TYPE_CHECKING:
    from kedge.risk import Cell, Figure, Table
    from kedge.risk.laws import Law
    from kedge.risk.window import Mixture, Simulation

    Case = tuple[str, dict[str, Law], Mixture, Simulation]

_LAW = "[a time such as 5min, uniform(a, b), exp(mean), gamma(mean, cv%), file:PATH with seconds]"


@risk.command()
def window(
    anchoring: Annotated[str, typer.Option(help="Anchoring intervals to compare. [times, comma]")] = "1h,1min",
    anchors: Annotated[str, typer.Option(help="How anchors come: clock or poisson.")] = "clock",
    detect: Annotated[str, typer.Option(help=f"Detecting the trigger. {_LAW}")] = "2s",
    proof: Annotated[str, typer.Option(help=f"Proving. {_LAW}")] = "5min",
    inclusion: Annotated[str, typer.Option(help="Inclusion on L1: slots(chance per slot), or a law.")] = "slots(100%)",
    finality: Annotated[str, typer.Option(help="L1 finality: `finality` is 64 to 95 slots, or a law.")] = "finality",
    challenge: Annotated[str, typer.Option(help=f"Challenge period of tier challenged. {_LAW}")] = "7d",
    execution: Annotated[str, typer.Option(help=f"Executing the liquidation. {_LAW}")] = "2min",
    tier: Annotated[str, typer.Option(help="sequenced, published, proved, final or challenged.")] = "final",
    mode: Annotated[str, typer.Option(help="Who liquidates: anchored (state on L1) or engine (at once).")] = "anchored",
    vol: Annotated[str, typer.Option(help="Volatility. [%/yr or %/day]")] = "60%/yr",
    level: Annotated[str, typer.Option(help="Confidence per window. [%]")] = "99%",
    paths: Annotated[int, typer.Option(help="Simulated windows. [count]")] = 1_000_000,
    seed: Seed = 1,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """How long settlement takes, the margin that this time costs, and which stage to shorten."""
    from kedge.risk import Result, units
    from kedge.risk import window as lib
    from kedge.risk.law_text import parse_law

    texts = {
        "detect": detect, "proof": proof, "inclusion": inclusion, "finality": finality, "challenge": challenge,
        "execution": execution,
    }  # fmt: skip
    fixed = {name: parse_law(text, name) for name, text in texts.items()}
    s, q = units.volatility(vol), units.fraction(level, "level")
    cases: list[Case] = []
    intervals = units.times(anchoring, "anchoring")
    for interval in intervals:
        laws = lib.choose({**fixed, "anchor": _wait(anchors, interval)}, lib.active_stages(tier, mode))
        found = lib.simulate(laws, s, q, paths, seed)
        cases.append((units.show_time(interval), laws, lib.compute_mixture(laws), found))
    present(
        Result(
            f"Settlement window, tier {tier}, mode {mode}",
            (_summary(cases, s, q), _stages(cases), _tiers(fixed, anchors, intervals, mode, s, q)),
            _notes(cases, s, q),
            (_waterfall(cases), _distribution(cases)),
        ),
        json_out,
        plot,
    )


def _wait(anchors: str, interval: float) -> Law:
    from kedge.risk.checks import one_of
    from kedge.risk.laws import Gamma, clock

    return clock(interval) if one_of(anchors, ("clock", "poisson"), "anchors") == "clock" else Gamma(interval)


def _summary(cases: list[Case], vol: float, level: float) -> Table:
    from kedge.risk import Column, Table
    from kedge.risk.window import compute_elasticity, compute_es, compute_var

    columns = (
        Column("anchoring"), Column("mean W", "min", ".2f"), Column("p99 W", "min", ".2f"),
        Column("VaR", "%", ".4f"), Column("ES", "%", ".4f"), Column("VaR simulated", "%"), Column("ES simulated", "%"),
        Column("elasticity of margin in D", "", ".3f"),
    )  # fmt: skip
    rows = tuple(
        (
            name,
            mixture.mean / 60.0,
            mixture.quantile(0.99) / 60.0,
            100.0 * compute_var(mixture, vol, level),
            100.0 * compute_es(mixture, vol, level),
            f"{100.0 * found.var.value:.4f} ± {100.0 * found.var.error:.4f}",
            f"{100.0 * found.es.value:.4f} ± {100.0 * found.es.error:.4f}",
            compute_elasticity(laws),
        )
        for name, laws, mixture, found in cases
    )
    return Table(columns, rows)


def _stages(cases: list[Case]) -> Table:
    from kedge.risk import Column, Table

    columns = (
        Column("anchoring"), Column("stage"), Column("mean", "min", ".3f"), Column("deviation", "min", ".3f"),
        Column("share of W", "%", ".1f"), Column("share of W in a breach", "%"),
    )  # fmt: skip
    rows = tuple(
        (
            name,
            stage,
            law.mean / 60.0,
            law.variance**0.5 / 60.0,
            100.0 * law.mean / mixture.mean,
            f"{100.0 * found.shares[stage].value:.2f} ± {100.0 * found.shares[stage].error:.2f}",
        )
        for name, laws, mixture, found in cases
        for stage, law in laws.items()
    )
    return Table(columns, rows, "Stages (in a breach: paths that lost at least the VaR)")


def _tiers(laws: dict[str, Law], anchors: str, intervals: list[float], mode: str, vol: float, level: float) -> Table:
    from kedge.risk import Column, Table, units
    from kedge.risk import window as lib

    rows: list[tuple[Cell, ...]] = []
    for name in lib.TIERS:
        margins = []
        for interval in intervals:
            every = {**laws, "anchor": _wait(anchors, interval)}
            mixture = lib.compute_mixture(lib.choose(every, lib.active_stages(name, mode)))
            margins.append(100.0 * lib.compute_var(mixture, vol, level))
        rows.append((name, " + ".join(lib.active_stages(name, mode)), *margins))
    columns = [Column("tier"), Column("stages that delay")]
    columns += [Column(f"VaR, {units.show_time(interval)}", "%", ".4f") for interval in intervals]
    return Table(tuple(columns), tuple(rows), "The same window at every tier")


def _notes(cases: list[Case], vol: float, level: float) -> tuple[str, ...]:
    from kedge.risk.window import compute_var

    first, last = (compute_var(case[2], vol, level) for case in (cases[0], cases[-1]))
    notes = [
        "VaR and ES are exact for diffusion (a grid of W); the simulation checks them, ± is one standard error.",
        "This is the diffusive part: it shrinks with the interval, the jump floor of `kedge risk margin` does not.",
    ]
    if len(cases) > 1:
        notes.insert(0, f"From {cases[0][0]} to {cases[-1][0]} the margin falls by a factor {first / last:.2f}, not by "
                     "the root of the ratio of intervals: the other stages stay.")  # fmt: skip
    return tuple(notes)


def _waterfall(cases: list[Case]) -> Figure:
    from kedge.risk import Figure, Series

    bars = tuple(
        Series(name, tuple(laws), tuple(law.mean / 60.0 for law in laws.values()), "bars") for name, laws, _, _ in cases
    )
    return Figure("Mean time in each stage", "stage", "minutes", bars)


def _distribution(cases: list[Case]) -> Figure:
    from kedge.risk import Figure, Series

    curves = []
    for name, _, mixture, _ in cases:
        every = slice(None, None, max(1, mixture.times.size // 200))
        minutes, below = mixture.times[every] / 60.0, mixture.cdf()[every]
        curves.append(Series(name, tuple(minutes.tolist()), tuple(below.tolist())))
    return Figure("P(W <= t)", "t, minutes", "probability", tuple(curves))

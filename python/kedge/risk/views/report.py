"""The page of `kedge risk report`, and the lines that sum it up; nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from kedge import __version__
from kedge.risk.constants import SLOT_SECONDS, YEAR_DAYS
from kedge.risk.findings import Findings
from kedge.risk.units import show_time
from kedge.risk.views.caveats import CAVEATS, PROVED
from kedge.show import (
    Axes,
    Band,
    Series,
    column_chart,
    format_figure,
    format_money,
    format_short,
    frame_page,
    frame_table,
    frame_tiles,
    line_chart,
)

Inputs = Mapping[str, tuple[str, str]]
"""Every input: its value as text, and where it came from."""

EXAMPLE: Final = "example"
"""Where an input came from that nobody gave."""

_LEVELS: Final = {"median": 0.5, "95 %": 0.95, "99 %": 0.99, "longest": 1.0}
_DELAYS: Final = ("detect", "execution")
_CALM: Final = ("budget", "volatility", "jumps", "jump_deviation", *_DELAYS)
_DEBT: Final = ("open_interest", "at_margin", "fixed_margin", "volatility", "jumps", "jump_deviation", *_DELAYS)
_BEST: Final = (
    "open_interest", "volatility", "jumps", "jump_deviation", "capital", "gas_price", "blob_price", "ether", *_DELAYS,
)  # fmt: skip
"""Inputs that a headline figure rests on; without jumps the margin is that of a diffusion of the same variance."""


def render_page(found: Findings, currency: str, inputs: Inputs) -> str:
    """The page as text; its only inputs are its arguments."""
    title = "What this node's settlement window costs"
    run = found.evidence.run
    origin = f"run “{escape(run.title)}” of {escape(run.started)} · " if run is not None else ""
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="sub">{origin}{len(found.evidence.anchors)} anchors on L1 · kedge {__version__}</p>',
        f'<p class="caveat">{PROVED}</p>',
        _tiles(found, currency, inputs),
        "<h2>Settlement window of this node</h2>",
        _window(found),
        "<h2>Margin it implies, beside a fixed margin</h2>",
        _margins(found, currency),
        "<h2>Capital released by anchoring more often</h2>",
        _capital(found, currency),
        "<h2>Expected bad debt per year</h2>",
        _debt(found, currency),
        "<h2>Best anchoring interval at today's gas</h2>",
        _optimum(found, currency),
        "<h2>What these numbers do not say</h2>",
        "".join(f"<p><b>{head}</b> {text}</p>" for head, text in CAVEATS),
        "<h2>Inputs</h2>",
        frame_table(("input", "value", "from"), [(n.replace("_", "-"), v, o) for n, (v, o) in inputs.items()]),
    ]
    return frame_page(title, parts)


def summarise(found: Findings, currency: str) -> tuple[tuple[str, str], ...]:
    """The page in four lines: (figure, what it is worth)."""
    own, middle = found.own, found.ages[len(found.ages) // 2]
    return (
        ("settlement window", f"median {show_time(middle)}, longest {show_time(found.longest_age)}"),
        (
            "margin it implies",
            f"{own.margin:.2%} with jumps, {own.diffusive:.2%} without; fixed margin {found.exposure.fixed_margin:.2%}",
        ),
        ("expected bad debt", f"{own.bad_debt_jumps:,.0f} {currency} a year at the fixed margin"),
        (
            "best interval",
            f"{show_time(found.optimum.interval)} at {format_money(found.gas_cost)} {currency} per anchor",
        ),
    )


def _tiles(found: Findings, currency: str, inputs: Inputs) -> str:
    own, fixed = found.own, found.exposure.fixed_margin
    budget = f"{found.exposure.budget:g} breach a year"
    debt = f"{format_short(own.bad_debt_jumps)} {currency}"
    tiles: tuple[tuple[str, str, Sequence[str]], ...] = (
        (show_time(found.ages[len(found.ages) // 2]), "median settlement window", ()),
        (show_time(found.longest_age), "longest settlement window", ()),
        (f"{own.diffusive:.2%}", f"margin it implies without jumps, {budget}", _CALM),
        (f"{own.margin:.2%}", "margin it implies with jumps", _CALM),
        (f"{fixed:.2%}", "fixed margin beside it", ("fixed_margin",)),
        (debt, "expected bad debt a year at the fixed margin", _DEBT),
        (show_time(found.optimum.interval), "best interval at today's gas", _BEST),
    )
    return frame_tiles([(value, what + _mark(inputs, names)) for value, what, names in tiles])


def _mark(inputs: Inputs, names: Sequence[str]) -> str:
    """Says so where a figure rests on an input that nobody gave."""
    return " (example inputs)" if any(inputs[name][1] == EXAMPLE for name in names) else ""


def _window(found: Findings) -> str:
    ages, evidence = found.ages, found.evidence
    at = {name: ages[min(int(level * len(ages)), len(ages) - 1)] for name, level in _LEVELS.items()}
    at["longest"] = found.longest_age
    rows = [
        ("age of the last anchored state", show_time(sum(ages) / len(ages)), *map(show_time, at.values())),
        ("interval between anchors", _mean(evidence.intervals), *_spread(evidence.intervals)),
        ("age of a state when it is anchored", _mean(evidence.lags), *_spread(evidence.lags)),
    ]
    source = "from the report of the run" if evidence.is_recorded else "from the anchor journal"
    pauses = evidence.run.pauses if evidence.run is not None else ()
    chart = line_chart(
        f"Age of the last anchored state (seconds), {source}",
        [Series("settlement window", evidence.compute_saw(), "s1")],
        Axes("seconds", "s", lambda value: f"{value:,.0f}", lambda value: f"{value:,.3g}"),
        [Band(begin, end, "anchoring paused") for begin, end in pauses],
    )
    text = (
        f"<p>The whole window adds detection and execution: {show_time(found.own_window)} on average. A fixed margin "
        "of "
        f"{found.exposure.fixed_margin:.2%} covers {show_time(found.covered)} of diffusion at 99 %.</p>"
    )
    return f'<section class="charts">{chart}</section>{text}' + frame_table(("", "mean", *_LEVELS), rows)


def _mean(values: list[float]) -> str:
    return show_time(sum(values) / len(values))


def _spread(values: list[float]) -> list[str]:
    ordered = sorted(values)
    return [show_time(ordered[min(int(level * len(ordered)), len(ordered) - 1)]) for level in _LEVELS.values()]


def _margins(found: Findings, currency: str) -> str:
    fixed, run = found.exposure.fixed_margin, found.evidence.run
    rates = run.rates if run is not None else ()
    budget = f"{found.exposure.budget:g} breach a year"
    rows = [
        (
            name,
            f"{v.per_window:.2%}",
            f"{v.diffusive:.2%}",
            f"{v.margin:.2%}",
            f"{fixed:.2%}",
            _compare(v.margin, fixed),
        )
        for name, v in (("as measured", found.own), ("the longest, every time", found.longest))
    ]
    names = ("window", "99 % per window", f"diffusion, {budget}", f"with jumps, {budget}", "fixed", "the fixed margin")
    text = (
        f"<p>The rules of this node have set initial margin between {min(rates):.2%} and {max(rates):.2%} by the age "
        "of the "
        "last anchored state.</p>"
        if rates
        else ""
    )
    return frame_table(names, rows) + text + _margin_chart(found)


def _compare(margin: float, fixed: float) -> str:
    return f"is short by {margin - fixed:.2%}" if margin > fixed else f"has {fixed - margin:.2%} to spare"


def _margin_chart(found: Findings) -> str:
    labels = [show_time(row.interval) for row in found.rows]
    floor = max(row.floor for row in found.rows)
    above = [("above the floor", "s1", [100.0 * (row.margin - row.floor) for row in found.rows])]
    axes = Axes("anchored every", "%", str, format_figure)
    title = f"Margin with jumps above its jump floor of {floor:.2%}, which no interval releases (% of notional)"
    chart = column_chart(title, labels, above, axes)
    calm = [("diffusion", "s1", [100.0 * row.diffusive for row in found.rows])]
    other = column_chart("Margin of the diffusion alone (% of notional)", labels, calm, axes)
    return f'<section class="charts">{other}{chart}</section>'


def _capital(found: Findings, currency: str) -> str:
    rows = [
        (show_time(r.interval), show_time(r.window), f"{r.diffusive:.2%}", f"{r.margin:.2%}", format_money(r.locked),
         format_money(r.released), format_money(r.saved), format_money(r.gas))
        for r in found.rows
    ]  # fmt: skip
    names = (
        "anchored every", "mean window", "diffusive margin", "margin with jumps", f"locked ({currency})",
        f"released ({currency})", f"saved a year ({currency})", f"gas a year ({currency})",
    )  # fmt: skip
    labels = [show_time(row.interval) for row in found.rows]
    axes = Axes("anchored every", currency, str, format_short)
    released = [("released", "s2", [max(row.released, 0.0) for row in found.rows])]
    title = f"Capital released against anchoring every {labels[-1]} ({currency})"
    chart = column_chart(title, labels, released, axes)
    stake = found.exposure
    text = f"<p>Open interest {stake.open_interest:,.0f} {currency}; capital costs {stake.capital_rate:.1%} a year.</p>"
    return f'<section class="charts">{chart}</section>{text}{frame_table(names, rows)}'


def _debt(found: Findings, currency: str) -> str:
    own = (
        "this node",
        show_time(found.own_window),
        format_money(found.own.bad_debt),
        format_money(found.own.bad_debt_jumps),
    )
    rows = [
        (show_time(r.interval), show_time(r.window), format_money(r.bad_debt), format_money(r.bad_debt_jumps))
        for r in found.rows
    ]
    names = ("anchored every", "mean window", f"diffusion ({currency})", f"with jumps ({currency})")
    text = (
        f"<p>At the fixed margin of {found.exposure.fixed_margin:.2%}, if {found.exposure.at_margin:.0%} of the open "
        "interest "
        "sits exactly at it all year: what an insurance fund must expect to pay. A position with more margin pays "
        "less.</p>"
    )
    return text + frame_table(names, [own, *rows])


def _optimum(found: Findings, currency: str) -> str:
    best, bare = found.optimum, found.optimum_bare
    blobs = f"{format_figure(found.evidence.blobs)} blob{'' if found.evidence.blobs == 1 else 's'}"
    rows = [
        ("gas per anchor of this node: submitting it (median), making it final", f"{found.evidence.gas:,.0f}, {blobs}"),
        (f"cost per anchor ({currency})", format_money(found.gas_cost)),
        (f"delay on top of the interval: {show_time(found.latency)}", f"best every {show_time(best.interval)}"),
        ("if there were no other delay", f"best every {show_time(bare.interval)}"),
        (
            f"gas and capital a day at the best ({currency})",
            f"{format_money(best.cost / YEAR_DAYS)}, gas {best.gas_share:.0%} of it",
        ),
        ("this node anchors every", _mean(found.evidence.intervals)),
    ]
    note = (
        f"<p>Below one L1 slot ({SLOT_SECONDS:g} s) nothing can anchor: take the slot.</p>"
        if best.interval < SLOT_SECONDS
        else ""
    )
    return frame_table(("figure", "value"), rows) + note

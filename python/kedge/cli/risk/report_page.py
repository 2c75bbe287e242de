"""The page of `kedge risk report`: charts and tables with the lab's helpers; nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from kedge import __version__
from kedge.risk.capital import Exposure, Row, Verdict
from kedge.risk.constants import SLOT_SECONDS, YEAR_DAYS
from kedge.risk.units import show_time
from kedge.show import Axes, Band, Series, column_chart, frame_page, frame_table, frame_tiles, line_chart

if TYPE_CHECKING:
    from kedge.cli.risk.evidence import Evidence
    from kedge.risk.anchoring import Optimum
    from kedge.risk.models import Merton

CAVEATS: Final = (
    (
        "Anchoring more often shrinks only one part of the margin.",
        "The diffusive part of the price move grows with the square root of the whole window, and the anchoring "
        "interval is "
        "only one stage of that window. Going from one hour to one minute divides the margin by 1.5 to 3.7, never by "
        "7.7.",
    ),
    (
        "The jump floor does not shrink with the interval.",
        "Once breaches are counted per year and not per window, jumps alone set a lowest margin. Below it faster "
        "anchoring "
        "releases nothing; the expected bad debt per window still falls, about in proportion to the interval.",
    ),
    (
        "A confidence of 99 % per window is the wrong target.",
        "With windows of one minute an account that sits at such a margin is breached 5,260 times a year. The margins "
        "of "
        "this page are breached as often per year as the budget says, whatever the window.",
    ),
    (
        "Margin that follows the root of the interval has its optimum by a two-thirds law.",
        "The best interval grows with gas cost to the power 2/3 and is flat: an interval twice too long or too short "
        "costs "
        "11 to 14 % more. Slots of 12 seconds on L1 and the time that provers need bound it from below.",
    ),
    (
        "Real losses came from rollbacks and downtime, not from late anchors.",
        "Incidents of other rollups rolled back 18 minutes to an hour and took up to eight hours to recover. Recovery "
        "time "
        "sets that tail; it is not in this page (see kedge risk incidents).",
    ),
    (
        "Nothing here is calibrated to your market.",
        "Volatility, jumps, the share of positions at their margin and the cost of capital are inputs, listed below "
        "with "
        "where each came from. The window and the gas are this node's own.",
    ),
)
PROVED: Final = (
    "Proofs are checked off-chain in this version: no contract checks them. Until one does, the window to a proof "
    "that L1 "
    "itself has accepted is longer than the one shown here."
)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Numbers of the page; times in seconds, money in one currency. `ages` is sorted."""

    evidence: Evidence
    exposure: Exposure
    model: Merton
    ages: list[float]
    longest_age: float
    own: Verdict
    own_window: float
    longest: Verdict
    rows: list[Row]
    covered: float
    gas_cost: float
    latency: float
    optimum: Optimum
    optimum_bare: Optimum


def render_page(found: Findings, currency: str, inputs: Mapping[str, tuple[str, str]]) -> str:
    """The page as text; its only inputs are its arguments."""
    title = "What this node's settlement window costs"
    run = found.evidence.report
    origin = f"run “{escape(run.run.title)}” of {escape(run.run.started)} · " if run is not None else ""
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="sub">{origin}{len(found.evidence.anchors)} anchors on L1 · kedge {__version__}</p>',
        f'<p class="caveat">{PROVED}</p>',
        _tiles(found, currency),
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


def _tiles(found: Findings, currency: str) -> str:
    return frame_tiles(
        (
            (show_time(found.ages[len(found.ages) // 2]), "median settlement window"),
            (show_time(found.longest_age), "longest settlement window"),
            (f"{found.own.diffusive:.2%}", f"margin it implies without jumps, {found.exposure.budget:g} breach a year"),
            (f"{found.own.margin:.2%}", "margin it implies with jumps"),
            (f"{found.exposure.fixed_margin:.2%}", "fixed margin beside it"),
            (f"{_short(found.own.bad_debt_jumps)} {currency}", "expected bad debt a year at the fixed margin"),
            (show_time(found.optimum.interval), "best interval at today's gas"),
        )
    )


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
    pauses = evidence.report.pauses if evidence.report is not None else []
    chart = line_chart(
        f"Age of the last anchored state (seconds), {source}",
        [Series("settlement window", evidence.compute_saw(), "s1")],
        Axes("seconds", "s", lambda value: f"{value:,.0f}", lambda value: f"{value:,.3g}"),
        [Band(pause.begin, pause.end, "anchoring paused") for pause in pauses],
    )
    text = (
        f"<p>The whole window adds detection and execution: {show_time(found.own_window)} on average. A fixed margin "
        "of "
        f"{found.exposure.fixed_margin:.2%} covers {show_time(found.covered)} of diffusion at 99 %.</p>"
    )
    return f'<section class="charts">{chart}</section>{text}' + frame_table(("", "mean", *_LEVELS), rows)


_LEVELS: Final = {"median": 0.5, "95 %": 0.95, "99 %": 0.99, "longest": 1.0}


def _mean(values: list[float]) -> str:
    return show_time(sum(values) / len(values))


def _spread(values: list[float]) -> list[str]:
    ordered = sorted(values)
    return [show_time(ordered[min(int(level * len(ordered)), len(ordered) - 1)]) for level in _LEVELS.values()]


def _margins(found: Findings, currency: str) -> str:
    fixed, rates = found.exposure.fixed_margin, found.evidence.get_rates()
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
    parts = [
        ("jump floor: no interval releases it", "s3", [100.0 * row.floor for row in found.rows]),
        ("released by a shorter window", "s1", [100.0 * (row.margin - row.floor) for row in found.rows]),
    ]
    axes = Axes("anchored every", "%", str, lambda value: f"{value:.3g}")
    chart = column_chart("Margin with jumps by anchoring interval (% of notional)", labels, parts, axes)
    calm = [("diffusion", "s1", [100.0 * row.diffusive for row in found.rows])]
    other = column_chart("Margin of the diffusion alone (% of notional)", labels, calm, axes)
    return f'<section class="charts">{other}{chart}</section>'


def _capital(found: Findings, currency: str) -> str:
    rows = [
        (show_time(r.interval), show_time(r.window), f"{r.diffusive:.2%}", f"{r.margin:.2%}", f"{r.locked:,.0f}",
         f"{r.released:,.0f}", f"{r.saved:,.0f}", f"{r.gas:,.0f}")
        for r in found.rows
    ]  # fmt: skip
    names = (
        "anchored every", "mean window", "diffusive margin", "margin with jumps", f"locked ({currency})",
        f"released ({currency})", f"saved a year ({currency})", f"gas a year ({currency})",
    )  # fmt: skip
    labels = [show_time(row.interval) for row in found.rows]
    axes = Axes("anchored every", currency, str, _short)
    released = [("released", "s2", [max(row.released, 0.0) for row in found.rows])]
    title = f"Capital released against anchoring every {labels[-1]} ({currency})"
    chart = column_chart(title, labels, released, axes)
    stake = found.exposure
    text = f"<p>Open interest {stake.open_interest:,.0f} {currency}; capital costs {stake.capital_rate:.1%} a year.</p>"
    return f'<section class="charts">{chart}</section>{text}{frame_table(names, rows)}'


def _short(value: float) -> str:
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _debt(found: Findings, currency: str) -> str:
    own = ("this node", show_time(found.own_window), f"{found.own.bad_debt:,.2f}", f"{found.own.bad_debt_jumps:,.2f}")
    rows = [
        (show_time(r.interval), show_time(r.window), f"{r.bad_debt:,.2f}", f"{r.bad_debt_jumps:,.2f}")
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
    rows = [
        ("gas per anchor (median of this node)", f"{found.evidence.gas:,.0f}, {found.evidence.blobs:g} blobs"),
        (f"cost per anchor ({currency})", f"{found.gas_cost:,.4g}"),
        (f"delay on top of the interval: {show_time(found.latency)}", f"best every {show_time(best.interval)}"),
        ("if there were no other delay", f"best every {show_time(bare.interval)}"),
        (
            f"gas and capital a day at the best ({currency})",
            f"{best.cost / YEAR_DAYS:,.2f}, gas {best.gas_share:.0%} of it",
        ),
        ("this node anchors every", _mean(found.evidence.intervals)),
    ]
    note = (
        f"<p>Below one L1 slot ({SLOT_SECONDS:g} s) nothing can anchor: take the slot.</p>"
        if best.interval < SLOT_SECONDS
        else ""
    )
    return frame_table(("figure", "value"), rows) + note

"""The live view of a run in a terminal: drawn from one snapshot of plain data, so that it can be tested without a run.

On a screen it redraws in place; where the output is a file or a pipe it writes a plain line at every change of phase
and at most every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kedge.show.numbers import format_figure

if TYPE_CHECKING:
    from rich.console import Console

TIERS: Final = ("sequenced", "published", "proved", "anchored", "final")
"""The tiers of finality in order; `proved` is proved off-chain: no contract checks proofs in this version."""
TIER_LABELS: Final[Mapping[str, str]] = {
    "sequenced": "sequenced",
    "published": "published",
    "proved": "proved off-chain",
    "anchored": "anchored",
    "final": "final",
}
_LOG_EVERY: Final = 5.0
_SHOWN: Final = 20
_MARKETS: Final = 6
_Line = TypeVar("_Line")
_SPARKS: Final = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class TierState:
    """Height of a tier in transactions, and the age in seconds of the oldest transaction that has not reached it."""

    height: int
    lag: float


@dataclass(frozen=True, slots=True)
class MarginState:
    """A market's initial margin rate and the rate it moves towards, in ppm."""

    market: str
    rate: int
    target: int


@dataclass(frozen=True, slots=True)
class FillLine:
    """One fill as text."""

    market: str
    side: str
    price: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything the view shows at one moment; times in seconds, lists oldest first.

    `gas`: L1 gas per settlement (state transition) of each batch so far; what makes a batch final adds to it later.
    """

    time: float
    phase: str
    progress: float
    tiers: Mapping[str, TierState] = field(default_factory=dict)
    proof_seconds: Sequence[float] = ()
    gas: Sequence[float] = ()
    window: float = 0.0
    anchoring: bool = True
    margins: Sequence[MarginState] = ()
    liquidations: Sequence[str] = ()
    liquidated: int = 0
    fills: Sequence[FillLine] = ()
    orders: int = 0
    filled: int = 0
    refused: int = 0


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """The last `width` values as bars from zero to the highest."""
    shown = list(values)[-width:]
    top = max(shown, default=0.0)
    if top <= 0:
        return _SPARKS[0] * len(shown)
    return "".join(_SPARKS[min(7, max(0, round(value / top * 7)))] for value in shown)


def log_line(snapshot: Snapshot) -> str:
    """The snapshot as one plain line."""
    parts = [f"{snapshot.time:6.1f} s", f"{snapshot.progress:4.0%}", snapshot.phase]
    parts += [f"{TIER_LABELS[tier]} {snapshot.tiers[tier].height}" for tier in TIERS if tier in snapshot.tiers]
    parts.append(f"window {snapshot.window:.1f} s{'' if snapshot.anchoring else ' (anchoring paused)'}")
    parts += [f"{state.market} margin {state.rate / 10_000:.2f} %" for state in _highest(snapshot.margins)]
    if len(snapshot.margins) > _MARKETS:
        parts.append(f"{len(snapshot.margins) - _MARKETS} more markets")
    parts.append(f"{snapshot.filled} fills, {snapshot.liquidated} liquidations, {snapshot.refused} refused")
    return " | ".join(parts)


def render(snapshot: Snapshot) -> RenderableType:
    """The snapshot as a screen of panels."""
    layout = Layout()
    layout.split_column(
        Layout(_header(snapshot), size=4), Layout(name="top", size=10), Layout(name="bottom", minimum_size=6)
    )
    layout["top"].split_row(
        Layout(Panel(_tiers(snapshot), title="finality"), ratio=3),
        Layout(Panel(_margins(snapshot), title="margin"), ratio=2),
    )
    layout["bottom"].split_row(
        Layout(Panel(_proofs(snapshot), title="proofs and gas"), ratio=2),
        Layout(Panel(_fills(snapshot), title="fills"), ratio=3),
        Layout(Panel(_liquidations(snapshot), title=f"liquidations ({snapshot.liquidated})"), ratio=2),
    )
    return layout


def final_table(title: str, rows: Mapping[str, str | int | float]) -> Table:
    """The table at the end of a run."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in rows.items():
        words = f"{value:,}" if isinstance(value, int) else value if isinstance(value, str) else format_figure(value)
        table.add_row(name, words)
    return table


class LiveView:
    """Shows snapshots: redraws on a terminal, logs lines elsewhere. A context manager; `update` may be called often."""

    def __init__(self, console: Console | None, clock: Callable[[], float] = time.monotonic) -> None:
        """A view without a console shows nothing."""
        self._console, self._clock = console, clock
        is_screen = console is not None and console.is_terminal
        self._live = Live(console=console, refresh_per_second=4, transient=True) if is_screen else None
        self._phase = ""
        self._logged = -_LOG_EVERY

    def update(self, snapshot: Snapshot) -> None:
        """Show a newer snapshot."""
        if self._live is not None:
            self._live.update(render(snapshot))
            return
        if self._console is None:
            return
        now = self._clock()
        if snapshot.phase != self._phase or now - self._logged >= _LOG_EVERY:
            self._phase, self._logged = snapshot.phase, now
            self._console.print(log_line(snapshot), highlight=False, markup=False, soft_wrap=True)

    def finish(self, title: str, rows: Mapping[str, str | int | float]) -> None:
        """Stop redrawing and print the final table."""
        if self._live is not None:
            self._live.stop()
        if self._console is not None:
            self._console.print(final_table(title, rows))

    def __enter__(self) -> LiveView:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def _header(snapshot: Snapshot) -> RenderableType:
    words = Text.assemble(
        ("kedge ", "bold cyan"), (f"{snapshot.time:5.0f} s  ", "dim"), (snapshot.phase, "bold"),
        (f"   {snapshot.orders:,} orders, {snapshot.filled:,} fills, {snapshot.refused:,} refused", "dim"),
    )  # fmt: skip
    return Panel(Group(words, ProgressBar(total=1.0, completed=min(1.0, snapshot.progress))))


def _tiers(snapshot: Snapshot) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1))
    for name, side in (("tier", "left"), ("height", "right"), ("behind", "right"), ("lag", "right")):
        table.add_column(name, justify="right" if side == "right" else "left")
    top = snapshot.tiers["sequenced"].height if "sequenced" in snapshot.tiers else 0
    for tier in TIERS:
        state = snapshot.tiers.get(tier)
        if state is None:
            table.add_row(TIER_LABELS[tier], "-", "-", "-")
        else:
            table.add_row(TIER_LABELS[tier], f"{state.height:,}", f"{top - state.height:,}", f"{state.lag:.1f} s")
    paused = Text("" if snapshot.anchoring else "  anchoring is paused: margin follows the window", style="bold yellow")
    return Group(table, Text(f" settlement window {snapshot.window:.1f} s").append_text(paused))


def _margins(snapshot: Snapshot) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1))
    table.add_column("market")
    table.add_column("initial margin", justify="right")
    table.add_column("")
    table.add_column("target", justify="right")
    for state in _highest(snapshot.margins):
        arrow, style = _arrow(state)
        table.add_row(
            state.market, f"{state.rate / 10_000:.2f} %", Text(arrow, style=style), f"{state.target / 10_000:.2f} %"
        )
    if len(snapshot.margins) > _MARKETS:
        table.add_row(f"{len(snapshot.margins) - _MARKETS} more markets", "", "", "")
    return table


def _highest(margins: Sequence[MarginState]) -> list[MarginState]:
    """The few markets that there is room for: those with the highest rates, in the order of the others."""
    kept = sorted(margins, key=lambda state: -state.rate)[:_MARKETS]
    return [state for state in margins if state in kept]


def _arrow(state: MarginState) -> tuple[str, str]:
    if state.target > state.rate:
        return "▲", "bold red"
    return ("▼", "bold green") if state.target < state.rate else ("=", "dim")


def _proofs(snapshot: Snapshot) -> RenderableType:
    lines = [Text("proof, seconds per chunk", style="dim")]
    lines.append(Text(sparkline(snapshot.proof_seconds), style="cyan"))
    if snapshot.proof_seconds:
        lines.append(Text(f"last {snapshot.proof_seconds[-1]:.2f} s of {len(snapshot.proof_seconds)} chunks"))
    lines.append(Text("L1 gas per settlement, by batch", style="dim"))
    lines.append(Text(sparkline(snapshot.gas), style="magenta"))
    if snapshot.gas:
        lines.append(Text(f"last {format_figure(snapshot.gas[-1])} of {len(snapshot.gas)} batches"))
    return Group(*lines)


def _newest(lines: Sequence[_Line]) -> list[_Line]:
    """The last lines, newest first: a short screen cuts off the oldest."""
    return list(lines[: -_SHOWN - 1 : -1])


def _fills(snapshot: Snapshot) -> RenderableType:
    table = Table(box=None, expand=True, show_header=False, padding=(0, 1, 0, 0))
    for side in ("left", "left", "right", "right"):
        table.add_column(justify="right" if side == "right" else "left", no_wrap=True)
    for fill in _newest(snapshot.fills):
        table.add_row(
            fill.market, Text(fill.side, style="green" if fill.side == "buy" else "red"), fill.price, fill.size
        )
    return table


def _liquidations(snapshot: Snapshot) -> RenderableType:
    return Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in _newest(snapshot.liquidations)))

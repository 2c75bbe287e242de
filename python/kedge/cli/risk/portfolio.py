"""kedge risk portfolio: portfolio margin of an options book, cell by cell (A11)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from kedge.risk import Figure, Table
    from kedge.risk.portfolio import Grid, Margin, Position

_NEAR = 0.2
EXAMPLE = "call:-10:70000:14day:65%/yr,put:-10:50000:14day:70%/yr,future:2"


@risk.command()
def portfolio(
    positions: Annotated[
        str,
        typer.Option(
            help="Positions, separated by commas: (call|put):SIZE:STRIKE:EXPIRY:VOLATILITY or future:SIZE "
            "[size in units, strike in the currency of the spot, expiry as time, volatility %/yr]."
        ),
    ] = EXAMPLE,
    book: Annotated[
        Path | None,
        typer.Option(help="TOML file with [[position]] tables instead: kind, size, strike, expiry, volatility."),
    ] = None,
    spot: Annotated[str, typer.Option(help="Price of the underlying [amount].")] = "$60000",
    grids: Annotated[
        str, typer.Option(help="Grids of the venues, separated by commas: deribit, paradex.")
    ] = "deribit,paradex",
    inverse: Annotated[bool, typer.Option(help="Settled in the coin (Deribit) instead of the quote currency.")] = False,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Portfolio margin: P&L of an options book in every cell of a venue's grid, initial and maintenance margin.

    A short strangle with a hedge: the worst cell is not the largest move but the one whose weight has not faded yet.
    """
    from kedge.risk import Result, units
    from kedge.risk import portfolio as room
    from kedge.risk.checks import one_of

    price = units.amount(spot, "spot")
    held = _read(book) if book is not None else [_parse(text) for text in positions.split(",")]
    chosen = [room.GRIDS[one_of(name.strip(), room.GRIDS, "grid")] for name in grids.split(",")]
    found = [(grid, room.compute_margin(held, price.value, grid, inverse)) for grid in chosen]
    currency = "coins" if inverse else price.currency
    present(
        Result(
            f"Portfolio margin of {len(held)} positions, {'inverse' if inverse else 'linear'}",
            (_summary(found, currency), *(_cells(grid, margin, currency) for grid, margin in found)),
            tuple(f"{grid.name}: {grid.source}" for grid, _ in found),
            (_near(found, currency), _far(found, currency)),
        ),
        json_out,
        plot,
    )


def _parse(text: str) -> Position:
    from kedge.risk import OUT_OF_DOMAIN
    from kedge.risk.checks import one_of
    from kedge.risk.portfolio import KINDS

    kind, *rest = (part.strip() for part in text.split(":"))
    names = ("size",) if one_of(kind, KINDS, "kind") == "future" else ("size", "strike", "expiry", "volatility")
    if len(rest) != len(names):
        raise OUT_OF_DOMAIN.reject(f"position {text!r} needs {kind}:{':'.join(name.upper() for name in names)}")
    return _position({"kind": kind, **dict(zip(names, rest, strict=True))})


def _position(row: dict[str, Any]) -> Position:
    from kedge.risk import UNKNOWN_NAME, units
    from kedge.risk.checks import calibrated
    from kedge.risk.portfolio import Position

    known = {"kind", "size", "strike", "expiry", "volatility", "basis"}
    for key in set(row) - known:
        raise UNKNOWN_NAME.reject(f"position: {key!r}; known: {', '.join(sorted(known))}")
    size = calibrated(row.get("size"), "size")
    if row.get("kind") == "future":
        return Position("future", size, basis=float(row.get("basis", 1.0)))
    return Position(
        str(row.get("kind")),
        size,
        calibrated(row.get("strike"), "strike"),
        units.time(str(row.get("expiry", "")), "expiry"),
        units.volatility(str(row.get("volatility", "")), "volatility"),
        float(row.get("basis", 1.0)),
    )


def _read(file: Path) -> list[Position]:
    import tomllib

    from kedge.risk import BAD_FILE

    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8-sig")).get("position")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BAD_FILE.reject(f"{file}: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise BAD_FILE.reject(f"{file} has no [[position]] table")
    return [_position(row) for row in rows]


def _summary(found: list[tuple[Grid, Margin]], currency: str) -> Table:
    from kedge.risk import Column, Table

    rows = []
    for grid, margin in found:
        worst = grid.scenarios[margin.worst]
        asked = (grid.name, margin.scan, margin.delta_floor, margin.initial, margin.maintenance)
        rows.append((*asked, 100.0 * worst.move, worst.shock, worst.weight))
    worst_cell = (Column("worst move", "%", "+.0f"), Column("its volatility"), Column("its weight", "", ".3g"))
    names = ("worst loss", "least on delta", "initial margin", "maintenance margin")
    columns = (Column("grid"), *(Column(name, currency, ",.6g") for name in names), *worst_cell)
    return Table(columns, tuple(rows))


def _cells(grid: Grid, margin: Margin, currency: str) -> Table:
    """Weighted P&L by move and direction of the volatility."""
    from kedge.risk import Column, Table

    moves = list(dict.fromkeys(scenario.move for scenario in grid.scenarios))
    by_cell = {(s.move, s.shock): float(v) for s, v in zip(grid.scenarios, margin.weighted, strict=True)}
    weights = {s.move: s.weight for s in grid.scenarios}
    rows = tuple(
        (100.0 * move, weights[move], *(by_cell.get((move, shock)) for shock in ("up", "same", "down")))
        for move in sorted(moves)
    )
    shocks = tuple(Column(f"volatility {shock}", currency, ",.6g") for shock in ("up", "same", "down"))
    return Table(
        (Column("price", "%", "+.0f"), Column("weight", "", ".3g"), *shocks), rows, f"{grid.name}: weighted P&L"
    )


def _near(found: list[tuple[Grid, Margin]], currency: str) -> Figure:
    """P&L over the moves that count in full, a line per grid and direction of the volatility."""
    from kedge.risk import Figure, Series

    series = []
    for grid, margin in found:
        for shock in ("up", "same", "down"):
            cells = [
                (s.move, float(v)) for s, v in zip(grid.scenarios, margin.weighted, strict=True) if s.shock == shock
            ]
            line = sorted((100.0 * move, value) for move, value in cells if abs(move) < _NEAR)
            if len(line) > 1:
                moves, values = zip(*line, strict=True)
                series.append(Series(f"{grid.name}, volatility {shock}", moves, values))
    return Figure("Moves that count in full", "price move [%]", f"P&L [{currency}]", tuple(series))


def _far(found: list[tuple[Grid, Margin]], currency: str) -> Figure:
    """Weighted P&L in the extended rows."""
    from kedge.risk import Figure, Series

    series = []
    for grid, margin in found:
        rows = [(s.move, float(v)) for s, v in zip(grid.scenarios, margin.weighted, strict=True) if abs(s.move) > _NEAR]
        names = tuple(f"{move:+.0%}" for move, _ in rows)
        series.append(Series(grid.name, names, tuple(value for _, value in rows), "points"))
    return Figure("Extended moves, weighted", "price move", f"P&L [{currency}]", tuple(series))

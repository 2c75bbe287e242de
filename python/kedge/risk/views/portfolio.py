"""Portfolio margin of an options book (A11): cell by cell of each venue's grid."""

from __future__ import annotations

from collections.abc import Sequence

from kedge.risk.portfolio import Grid, Margin, Position, compute_margin
from kedge.risk.result import Column, Figure, Result, Series, Table

_NEAR = 0.2


def show_portfolio(
    held: Sequence[Position], spot: float, currency: str, grids: Sequence[Grid], inverse: bool
) -> Result:
    """Margin of the book on every grid, the cells behind it, and their P&L as pictures; `spot` in `currency`."""
    found = [(grid, compute_margin(held, spot, grid, inverse)) for grid in grids]
    money = "coins" if inverse else currency
    return Result(
        f"Portfolio margin of {len(held)} positions, {'inverse' if inverse else 'linear'}",
        (_summary(found, money), *(_cells(grid, margin, money) for grid, margin in found)),
        tuple(f"{grid.name}: {grid.source}" for grid, _ in found),
        (_near(found, money), _far(found, money)),
    )


def _summary(found: list[tuple[Grid, Margin]], currency: str) -> Table:
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
    series = []
    for grid, margin in found:
        rows = [(s.move, float(v)) for s, v in zip(grid.scenarios, margin.weighted, strict=True) if abs(s.move) > _NEAR]
        names = tuple(f"{move:+.0%}" for move, _ in rows)
        series.append(Series(grid.name, names, tuple(value for _, value in rows), "points"))
    return Figure("Extended moves, weighted", "price move", f"P&L [{currency}]", tuple(series))

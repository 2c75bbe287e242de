"""Pictures of results, with matplotlib (the extra `kedge[plot]`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedge.units.errors import Fault

if TYPE_CHECKING:
    from kedge.risk import Figure, Series

_STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 100,
    "font.size": 9,
    "grid.alpha": 0.3,
    "svg.fonttype": "none",
    "svg.hashsalt": "kedge",
}
_WIDTH, _HEIGHT = 5.6, 4.0


def _curve(axes: Any, series: Series) -> None:
    if series.kind == "bars":
        axes.bar(series.x, series.y, label=series.name, alpha=0.8)
    elif series.kind == "points":
        axes.plot(series.x, series.y, "o", label=series.name, markersize=4)
    elif series.kind == "band":
        axes.fill_between(series.x, series.low, series.y, label=series.name, alpha=0.2)
    else:
        axes.plot(series.x, series.y, label=series.name)


def _heat(axes: Any, figure: Figure) -> None:
    image = axes.imshow(figure.heat, origin="lower", aspect="auto", cmap="viridis")
    axes.set_xticks(range(len(figure.x_ticks)), figure.x_ticks, rotation=30)
    axes.set_yticks(range(len(figure.y_ticks)), figure.y_ticks)
    axes.grid(visible=False)
    axes.figure.colorbar(image, ax=axes)


def _panel(axes: Any, figure: Figure) -> None:
    axes.set_title(figure.title, fontsize=10)
    axes.set_xlabel(figure.x)
    axes.set_ylabel(figure.y)
    if figure.heat:
        _heat(axes, figure)
        return
    for series in figure.series:
        _curve(axes, series)
    if figure.x_log:
        axes.set_xscale("log")
    if figure.y_log:
        axes.set_yscale("log")
    if len(figure.series) > 1:
        axes.legend(fontsize=8, frameon=False)


def draw(title: str, figures: tuple[Figure, ...], file: Path) -> None:
    """Write the figures side by side into one file; the bytes depend on nothing but the figures."""
    if file.suffix not in (".svg", ".png"):
        raise Fault(f"{file}: a picture ends in .svg or .png")
    if not figures:
        raise Fault("this result has no picture")
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise Fault("pictures need matplotlib; install it with: pip install 'kedge[plot]'") from error
    with mpl.rc_context(_STYLE):
        canvas = Canvas(figsize=(_WIDTH * len(figures), _HEIGHT), layout="constrained")
        canvas.suptitle(title, fontsize=11)
        panels: Any = canvas.subplots(1, len(figures), squeeze=False)
        for axes, figure in zip(panels[0], figures, strict=True):
            _panel(axes, figure)
        file.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
        canvas.savefig(file, metadata=metadata)

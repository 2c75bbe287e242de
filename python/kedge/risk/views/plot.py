"""Pictures of results, with matplotlib (the extra `kedge[plot]`)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from kedge.risk.result import Figure, Series
from kedge.show import write_file
from kedge.units.errors import Fault

_STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 100,
    "font.size": 9,
    "grid.alpha": 0.3,
    "svg.fonttype": "none",
    "text.parse_math": False,
    "svg.hashsalt": "kedge",
}
_WIDTH, _HEIGHT, _LINE, _DECADES = 5.6, 4.0, 50, 1e3


def _curve(axes: Any, series: Series) -> None:
    if series.kind == "points":
        axes.plot(series.x, series.y, "o", label=series.name, markersize=4)
    elif series.kind == "band":
        axes.fill_between(series.x, series.low, series.y, label=series.name, alpha=0.2)
    else:
        axes.plot(series.x, series.y, label=series.name)


def _bars(axes: Any, groups: list[Series]) -> None:
    """Bars side by side over the names (or numbers) that they share."""
    names = list(dict.fromkeys(name for group in groups for name in group.x))
    width = 0.8 / len(groups)
    for number, group in enumerate(groups):
        shift = (number - (len(groups) - 1) / 2.0) * width
        axes.bar([names.index(name) + shift for name in group.x], group.y, width, label=group.name, alpha=0.85)
    long = max(len(str(name)) for name in names) * len(names) > _LINE
    labels = [name if isinstance(name, str) else f"{name:g}" for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=30 if long else 0, ha="right" if long else "center")


def _plain(axis: Any) -> None:
    """Numbers rather than powers of ten on a logarithmic axis; 2 and 5 are named too where there is room."""
    low, high = axis.get_view_interval()
    named = ("2.000", "5.000") if high < low * _DECADES else ()
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(lambda x, _: f"{x:g}" if f"{x:e}"[:5] in named else "")


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
    bars = [series for series in figure.series if series.kind == "bars"]
    if bars:
        _bars(axes, bars)
    for series in figure.series:
        if series.kind != "bars":
            _curve(axes, series)
    if figure.x_log:
        axes.set_xscale("log")
        _plain(axes.xaxis)
    if figure.y_log:
        axes.set_yscale("log")
        _plain(axes.yaxis)
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
        metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
        picture = io.BytesIO()
        canvas.savefig(picture, format=file.suffix[1:], metadata=metadata)
    write_file(file, picture.getvalue())

"""The frame of every page: one HTML file that needs nothing else, no script, font or picture; light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_STYLE: Final = """
:root{color-scheme:light dark;--page:#f9f9f7;--card:#fcfcfb;--ink:#0b0b0b;--soft:#52514e;--mute:#898781;--grid:#e1e0d9;
--base:#c3c2b7;--edge:rgba(11,11,11,.10);--band:rgba(235,104,52,.13);
--s1:#2a78d6;--s2:#1baf7a;--s3:#eda100;--s4:#4a3aa7;--s5:#e34948;--s6:#e87ba4}
@media (prefers-color-scheme:dark){:root{--page:#0d0d0d;--card:#1a1a19;--ink:#fff;--soft:#c3c2b7;--mute:#898781;
--grid:#2c2c2a;--base:#383835;--edge:rgba(255,255,255,.10);--band:rgba(217,89,38,.22);
--s1:#3987e5;--s2:#199e70;--s3:#c98500;--s4:#9085e9;--s5:#e66767;--s6:#d55181}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1240px;margin:0 auto;padding:32px 20px 64px}h1{font-size:26px;line-height:1.2;margin:0 0 4px}
h2{font-size:17px;margin:36px 0 12px}p{margin:0 0 8px}.sub{color:var(--soft)}
.caveat{border-left:3px solid var(--s3);padding:6px 12px;margin:16px 0 20px;color:var(--soft);background:var(--card)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px}
.tile,.chart{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:14px 16px;margin:0}
.tile b{display:block;overflow-wrap:anywhere;font-size:20px;font-weight:600;line-height:1.25}
.tile span{display:block;color:var(--soft);font-size:13px;line-height:1.35;margin-top:2px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:16px;margin:16px 0 14px}
figcaption{font-weight:600;margin-bottom:6px}.none{color:var(--mute);padding:40px 0;text-align:center}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--soft);font-size:13px;margin-bottom:4px}
.key{display:inline-flex;align-items:center;gap:6px}.key svg{flex:none}
.chart{container-type:inline-size;min-width:0}.plot,.bars{font-size:13px;line-height:1.2;color:var(--mute)}
.plot{display:grid;grid-template-columns:max-content minmax(0,1fr);grid-template-rows:196px auto auto;column-gap:8px;
padding:8px 18px 0 0;font-variant-numeric:tabular-nums}.small .plot{grid-template-rows:88px auto auto}
.ys{display:grid;justify-items:end}.ys span{grid-area:1/1;position:relative;height:0;line-height:0;white-space:nowrap}
.area{position:relative;min-width:0}.area svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.xs,.name{grid-column:2}.xs{position:relative;height:1.2em;margin-top:6px}
.xs span{position:absolute;transform:translateX(-50%);white-space:nowrap}.name{text-align:center;margin-top:2px}
.smalls{display:grid;gap:10px 12px;align-items:end}@container (min-width:430px){.smalls{grid-template-columns:1fr 1fr}}
.small{min-width:0}.small p{margin:0;font-size:13px;color:var(--soft)}.small .more{display:none}
.bars{display:grid;grid-template-columns:fit-content(45%) minmax(0,1fr) max-content;gap:5px 8px;align-items:center}
.label{color:var(--ink);text-align:right;overflow-wrap:anywhere}.bar{height:13px}
.bar svg{display:block;width:100%;height:100%}
.value{text-align:right;font-variant-numeric:tabular-nums}@container (max-width:470px){.more{display:none}}
.grid{stroke:var(--grid);stroke-width:1}.base{stroke:var(--base);stroke-width:1}
.dot{opacity:0}.mark:hover .dot{opacity:1}.mark:hover rect{filter:brightness(1.12)}
.wide{overflow-x:auto;margin-bottom:14px}table{border-collapse:collapse;width:100%;font-size:14px;background:var(--card)}
th,td{text-align:left;padding:6px 12px;border-bottom:1px solid var(--grid);vertical-align:top}
th{font-weight:600;color:var(--soft)}.long{overflow-wrap:anywhere}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.unfold{display:none}details{margin-top:10px}summary{cursor:pointer;color:var(--soft)}code{overflow-wrap:anywhere;font-size:13px}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#0b0b0b;--soft:#52514e;--mute:#6b6a66;
--grid:#e1e0d9;--base:#c3c2b7;--edge:rgba(11,11,11,.10);--band:rgba(235,104,52,.13);
--s1:#2a78d6;--s2:#1baf7a;--s3:#eda100;--s4:#4a3aa7;--s5:#e34948;--s6:#e87ba4}
.unfold{display:block}details::details-content{content-visibility:visible;block-size:auto}
@supports selector(::details-content){.unfold{display:none}}.chart,.tile,tr{break-inside:avoid}
h2,summary{break-after:avoid}.plot{grid-template-rows:150px auto auto}
.wide{overflow:visible}table{font-size:12px}th,td{padding:4px 7px}.tiles{grid-template-columns:repeat(3,1fr)}
*{print-color-adjust:exact}}
"""
_LONG: Final = 24
_NUMBER: Final = re.compile(r"<?-?[\d,]+(\.\d+)?( ?(%|ms|s|min|h|d))?", re.ASCII)
"""A number with or without its unit, which must not stand on a line of its own."""
UNFOLD: Final = '<p class="unfold sub">Lists that are folded are not printed: open them first.</p>'
"""Stands after <details>; shown on paper only, by browsers that do not open them for it."""


def frame_page(title: str, sections: Sequence[str]) -> str:
    """A self-contained page around parts that are HTML already."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{''.join(sections)}</main></body></html>\n"
    )


def frame_tiles(tiles: Sequence[tuple[str, str]]) -> str:
    """Headline figures: (value, what it is)."""
    return f'<section class="tiles" aria-label="Headline figures">{"".join(map(_tile, tiles))}</section>'


def frame_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts; columns that hold numbers only are set right."""
    lines = list(rows)
    if not lines:
        return '<p class="none">Nothing was recorded.</p>'
    numeric = [all(_is_number(row[i]) for row in lines) for i in range(len(names))]
    marks = [' class="n"' if right else "" for right in numeric]
    head = "".join(f"<th{mark}>{escape(name)}</th>" for mark, name in zip(marks, names, strict=True))
    body = "".join(
        "<tr>" + "".join(_cell(mark, cell) for mark, cell in zip(marks, row, strict=True)) + "</tr>" for row in lines
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _tile(tile: tuple[str, str]) -> str:
    return f'<div class="tile"><b>{escape(tile[0])}</b><span>{escape(tile[1])}</span></div>'


def _cell(mark: str, cell: str) -> str:
    """A digest or a path breaks anywhere: on a phone it would push the rest of its table out of sight."""
    is_long = any(len(word) > _LONG for word in cell.split())
    return f"<td{' class=long' if is_long and not mark else mark}>{escape(cell)}</td>"


def _is_number(cell: str) -> bool:
    return cell == "-" or _NUMBER.fullmatch(cell) is not None

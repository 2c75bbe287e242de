"""What a data directory says about its settlement window: its anchor journal, and the report of its run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kedge.risk import BAD_FILE

if TYPE_CHECKING:
    from kedge.risk.evidence import Anchor, Evidence, Run

JOURNAL, REPORT = "anchor.sqlite", "report.json"


def read_evidence(folder: Path) -> Evidence:
    """Read a data directory. Refused (1414) without an anchor journal or two anchors at different times."""
    from kedge.risk.evidence import Evidence

    journal = folder / JOURNAL
    if not journal.is_file():
        raise BAD_FILE.reject(f"{folder} holds no {JOURNAL}: give the data directory of a node, demo, replay or bench")
    anchors, finalising = _read_anchors(journal)
    if len(anchors) < 2 or anchors[-1].mined <= anchors[0].mined:
        raise BAD_FILE.reject(f"{journal} holds {len(anchors)} anchored batches: a window needs two or more")
    report = folder / REPORT
    return Evidence(anchors, _read_run(report) if report.is_file() else None, finalising)


def _read_run(path: Path) -> Run:
    from kedge.lab import read_report
    from kedge.risk.evidence import Run

    report = read_report(path)
    return Run(
        report.run.title,
        report.run.started,
        tuple((sample.time, sample.age) for sample in report.windows),
        tuple((pause.begin, pause.end) for pause in report.pauses),
        tuple(sample.rate / 1e6 for sample in report.margins),
    )


def _read_anchors(path: Path) -> tuple[tuple[Anchor, ...], float]:
    """The anchors, and the gas of making one of them final."""
    from kedge.risk.evidence import Anchor
    from kedge.settlement import AnchorJournal

    journal = AnchorJournal(path)
    try:
        mined = [(one, journal.header(one.number)) for one in journal.all_mined()]
    finally:
        journal.close()
    anchors = tuple(
        Anchor(one.l1_time, header.clock / 1000.0, one.gas_used, one.blob_gas_used, one.fee)
        for one, header in mined
        if one.kind == "submit" and header is not None
    )
    made = {one.number: one.gas_used for one, _ in mined if one.kind == "finalize"}
    final = sum(one.kind == "submit" and one.number <= max(made, default=0) for one, _ in mined)
    return anchors, sum(made.values()) / max(1, final)

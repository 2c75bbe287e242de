"""The demo: interrupted, it leaves what it acknowledged; started again in the same directory, it goes to its end."""

from __future__ import annotations

import time
from pathlib import Path
from signal import SIGINT

from kedge.cli.folder import claim_folder
from kedge.lab import Demo, FlowPlan
from kedge.proving import verify_directory
from kedge.sequencer import DataDirectory, Ledger
from kedge.show import LiveView
from tests.e2e.harness import NodeProcess, journalled, need_anvil, until

PLAN = FlowPlan(orders=300, makers=4, takers=10, gamblers=3, liquidators=1, withdrawals=2)


def test_interrupted_and_then_to_the_end(tmp_path: Path) -> None:
    need_anvil()
    folder = tmp_path / "demo"
    interrupted = NodeProcess(folder, "demo", "--data", str(folder), "--seconds", "30")
    until("orders are journalled", lambda: count_orders(folder) > 20)
    assert interrupted.end(SIGINT) == 130
    assert "stopped before the end" in interrupted.log.read_text()
    assert count_orders(folder) > 20

    claim_folder(folder, "demo")
    assert count_orders(folder) == 0
    with LiveView(None) as view:
        outcome = Demo(folder, view, 5.0, PLAN).run("a test")
    assert outcome.complete
    summary = outcome.summary
    assert summary["accounts with deposits from L1"] == 18
    assert float(summary["withdrawn on L1 (coins)"]) > 0
    assert int(summary["fills"]) > 0
    assert int(summary["records rebuilt from L1 alone, root equal"]) > 18
    assert outcome.page is not None
    assert "settlement window" in outcome.page.read_text()
    verdict = verify_directory(folder)
    assert verdict.holds, verdict.findings
    assert verdict.transactions == summary["transactions settled"]


def count_orders(folder: Path) -> int:
    """Orders in the journal of a directory; 0 while there is none."""
    directory = DataDirectory(folder)
    if not directory.journal.exists() or not directory.program.exists():
        time.sleep(0.2)
        return 0
    with Ledger(directory):
        return sum(item.step == "place" for item in journalled(folder))

"""kedge risk toxic-flow, anchoring, incidents, backtest, sampling and kedge measure: bare, with files, and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kedge.cli.commands import app
from kedge.risk import RiskInputError

RUNNER = CliRunner()
FEES = "l1/eth_base_fee_every15blocks_2021-08_12.csv.gz"
BLOCKS = "l1/l1_full_blocks_receipts_17686110_17686132.jsonl.gz"


def _run(folder: Path, *words: str) -> dict[str, Any]:
    out = folder / "out.json"
    done = RUNNER.invoke(app, [*words, "--json", str(out)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    result: dict[str, Any] = json.loads(out.read_text())
    return result


@pytest.mark.parametrize("command", ["toxic-flow", "anchoring", "incidents", "sampling", "backtest"])
def test_every_command_runs_bare_and_draws(tmp_path: Path, command: str) -> None:
    picture = tmp_path / "p.svg"
    result = _run(tmp_path, "risk", command, "--plot", str(picture))
    assert all(table["rows"] for table in result["tables"])
    assert picture.read_text().lstrip().startswith("<?xml")


def test_flags_and_files_give_the_same(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[toxic-flow]\nfee = "30bp"\nvolatility = "60%/yr"\n')
    flags = _run(tmp_path, "risk", "toxic-flow", "--fee", "30bp", "--volatility", "60%/yr")
    file = _run(tmp_path, "risk", "toxic-flow", "--config", str(tmp_path / "c.toml"))
    assert flags["tables"] == file["tables"]


def test_theory_outside_the_measured_band_is_flagged(tmp_path: Path) -> None:
    assert any("OUTSIDE the 20%-70%" in note for note in _run(tmp_path, "risk", "toxic-flow")["notes"])
    wide = _run(tmp_path, "risk", "toxic-flow", "--fee", "0.1bp")
    assert any(": inside the" in note for note in wide["notes"])


def test_recorded_fees_show_savings_beside_the_published(tmp_path: Path, recorded: Callable[[str], Path]) -> None:
    result = _run(tmp_path, "risk", "anchoring", "--fees", str(recorded(FEES)), "--plot", str(tmp_path / "a.svg"))
    judged = next(table for table in result["tables"] if table["title"].startswith("Recorded fees"))
    assert {row["policy"] for row in judged["rows"]} >= {"clock", "decision process", "hindsight (bound)"}
    assert any("8-29" in name for name in judged["units"])
    posting = next(table for table in result["tables"] if table["title"].startswith("Posting against"))
    assert all(row["published"] == "8-29" for row in posting["rows"])


def test_backtest_states_its_overlap(tmp_path: Path) -> None:
    notes = " ".join(_run(tmp_path, "risk", "backtest", "--models", "ewma")["notes"])
    assert "windows of more than one bar overlap" in notes
    assert "the record is simulated" in notes
    alone = " ".join(_run(tmp_path, "risk", "backtest", "--models", "ewma", "--windows", "5min")["notes"])
    assert "do not overlap" in alone


def test_backtest_on_recorded_prices(tmp_path: Path, recorded: Callable[[str], Path]) -> None:
    path = recorded("prices/binance_usdm_btc_eth_perp_1h_2023_2026.csv.gz")
    words = [
        "--symbol",
        "ETHUSDT",
        "--windows",
        "1h,4h",
        "--lookback",
        "60d",
        "--half-life",
        "3d",
        "--models",
        "filtered",
    ]
    result = _run(tmp_path, "risk", "backtest", "--prices", str(path), *words)
    tests, figures = result["tables"]
    assert [row["zone"] for row in tests["rows"]]
    assert all(row["windows"] > 5000 for row in tests["rows"])
    assert all(row["10-day rise"] > 0 for row in figures["rows"])
    assert not any("simulated" in note for note in result["notes"])


def test_measure_receipts(tmp_path: Path, recorded: Callable[[str], Path]) -> None:
    result = _run(tmp_path, "measure", "receipts", str(recorded(BLOCKS)))
    systems, gas, aside = result["tables"]
    rows = {row["system"]: row for row in systems["rows"]}
    assert gas["units"]["gas per anchor"] == "gas"
    assert not any("settlement" in name for name in gas["units"])
    assert rows["Arbitrum One"]["intervals"] == 4
    assert rows["Base"]["mean"] == pytest.approx(63.0)
    assert (
        sum(row["receipts"] for row in aside["rows"]) + sum(row["data"] + row["states"] for row in systems["rows"])
        == 4416
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("risk", "toxic-flow", "--fee", "5"), None),
        (("risk", "toxic-flow", "--volatility", "60%"), 1405),
        (("risk", "toxic-flow", "--volatility", "-60%/yr"), 1402),
        (("risk", "toxic-flow", "--intervals", "5 parsecs"), 1405),
        (("risk", "toxic-flow", "--fee", "nan"), 1401),
        (("risk", "incidents", "--fund", "5 BTC"), 1406),
        (("risk", "anchoring", "--open-interest", "100M EUR"), 1406),
        (("risk", "anchoring", "--base-fee", "0"), 1412),
        (("risk", "anchoring", "--fees", "absent.csv"), 1414),
        (("risk", "backtest", "--windows", "1min"), 1408),
        (("risk", "backtest", "--lookback", "700d"), 1407),
        (("risk", "sampling", "--samples", "eight"), 1401),
        (("risk", "sampling", "--columns", "127"), 1408),
        (("measure", "receipts", "absent.jsonl"), 1414),
        (("measure", "receipts", "absent.jsonl", "--covered", "9-1"), 1408),
        (("measure", "receipts", "absent.jsonl", "--covered", "\u00b2-\u00b3"), 1408),
    ],
)
def test_bad_input_is_a_named_error(words: tuple[str, ...], code: int | None) -> None:
    done = RUNNER.invoke(app, list(words))
    if code is None:
        assert done.exit_code == 0  # a bare number is a fraction already: 5 means 500 %
        return
    assert isinstance(done.exception, RiskInputError), done.output
    assert done.exception.code == code

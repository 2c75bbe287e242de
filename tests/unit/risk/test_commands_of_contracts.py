"""kedge risk options, portfolio and cross-rollup: bare, with flags and files, and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kedge.cli.commands import app
from kedge.risk import RiskInputError

MINE = ("options", "portfolio", "cross-rollup")


def _run(folder: Path, *words: str) -> dict[str, Any]:
    out = folder / "out.json"
    done = CliRunner().invoke(app, ["risk", *words, "--json", str(out)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.mark.parametrize("command", MINE)
def test_runs_bare_and_draws(command: str, tmp_path: Path) -> None:
    picture = tmp_path / "p.svg"
    found = _run(tmp_path, command, "--plot", str(picture))
    assert all(set(row) == set(table["units"]) for table in found["tables"] for row in table["rows"])
    assert all(len(set(table["units"])) >= 5 for table in found["tables"])
    assert "</svg>" in picture.read_text()


def test_options_show_hourly_beside_minutely(tmp_path: Path) -> None:
    found = _run(tmp_path, "options", "--contracts", "up-and-out-call", "--marks", "1h,1min")
    (table,) = found["tables"]
    minutely, hourly = table["rows"]
    assert (minutely["marks"], hourly["marks"]) == (1440, 24)
    assert hourly["cost"] == pytest.approx(49.48, abs=0.01)
    assert hourly["cost"] > 6 * minutely["cost"] > 0


def test_options_in_euros(tmp_path: Path) -> None:
    words = (
        "options",
        "--contracts",
        "up-and-out-call",
        "--marks",
        "1h",
        "--strike",
        "60000 EUR",
        "--barrier",
        "€63000",
    )
    found = _run(tmp_path, *words, "--spot", "€60000")
    assert found["tables"][0]["units"]["on marks"] == "EUR"
    assert found["tables"][0]["rows"][0]["cost"] == pytest.approx(49.48, abs=0.01)


def test_options_with_jumps_have_no_closed_form(tmp_path: Path) -> None:
    jumps = ("--jump-rate", "50/yr", "--jump-mean", "0%", "--jump-deviation", "3%")
    found = _run(tmp_path, "options", "--contracts", "lookback-put", "--marks", "1h", *jumps)
    row = found["tables"][0]["rows"][0]
    assert row["on marks"] > 0
    assert row["corrected"] is row["continuous"] is row["cost"] is None


def test_portfolio_reads_a_book(tmp_path: Path) -> None:
    """The perpetual of Deribit's example, from a file."""
    book = tmp_path / "book.toml"
    book.write_text('[[position]]\nkind = "future"\nsize = 0.314538364\n')
    found = _run(tmp_path, "portfolio", "--book", str(book), "--inverse", "--grids", "deribit")
    cells = {row["price"]: row["volatility same"] for row in found["tables"][1]["rows"]}
    assert cells[-16.0] == pytest.approx(-0.05991207, abs=1e-8)
    assert cells[8.0] == pytest.approx(0.02329914, abs=1e-8)


def test_cross_rollup_with_three_legs(tmp_path: Path) -> None:
    words = ("--legs", "$1M,$-1M,$2M", "--volatilities", "60%/yr,60%/yr,80%/yr", "--correlation", "0.9,0.5,0.5")
    found = _run(tmp_path, "cross-rollup", *words)
    saved = [row["saved"] for row in found["tables"][0]["rows"]]
    assert saved == sorted(saved, reverse=True)
    assert saved[-1] == 0.0


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["options", "--volatility", "-60%/yr"], "NEGATIVE_VOLATILITY", "-60%"),
        (["options", "--strike", "60000 EUR"], "MIXED_CURRENCIES", "EUR"),
        (["options", "--marks", "2day"], "WINDOW_TOO_LONG", "172800"),
        (["options", "--contracts", "swing"], "UNKNOWN_NAME", "swing"),
        (["options", "--jump-rate", "50/yr"], "MISSING_CALIBRATION", "jump"),
        (["options", "--spot", "60000"], "UNKNOWN_UNIT", "60000"),
        (["options", "--spot", "€64000"], "MIXED_CURRENCIES", "USD where EUR"),
        (["options", "--spot", "₿1"], "UNKNOWN_CURRENCY", "₿"),
        (["options", "--barrier", "$50000"], "OUT_OF_DOMAIN", "50000"),
        (["portfolio", "--positions", "call:1:70000"], "OUT_OF_DOMAIN", "call:1:70000"),
        (["portfolio", "--positions", "call:nan:70000:1day:60%/yr"], "NOT_A_NUMBER", "nan"),
        (["portfolio", "--grids", "span"], "UNKNOWN_NAME", "span"),
        (["cross-rollup", "--legs", "$1M,1M EUR"], "MIXED_CURRENCIES", "EUR"),
        (["cross-rollup", "--correlation", "1.5"], "OUT_OF_DOMAIN", "1.5"),
        (["cross-rollup", "--correlation", "0.1,0.2"], "DIFFERENT_LENGTHS", "2 correlations"),
        (["cross-rollup", "--window", "1"], "UNKNOWN_UNIT", "no unit"),
    ],
)
def test_bad_input_is_refused_with_its_value(words: list[str], name: str, value: str) -> None:
    error = CliRunner().invoke(app, ["risk", *words]).exception
    assert isinstance(error, RiskInputError)
    assert error.name == name
    assert value in str(error)

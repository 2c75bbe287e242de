"""The frame of `kedge risk`: bare runs, flags, TOML, JSON, pictures; and the commands of A1 to A5."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kedge.cli.commands import app
from kedge.risk import RiskInputError
from kedge.units.errors import Fault

MINE = ("insolvency", "margin", "overshoot", "venues", "window")
QUICK = {"window": ["--paths", "20000"], "overshoot": ["--paths", "5000"]}


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["risk", *arguments])


def _json(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    out = tmp_path / "out.json"
    outcome = _run(*arguments, "--json", str(out))
    assert outcome.exit_code == 0, outcome.output
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.mark.parametrize("command", MINE)
def test_runs_bare_and_hands_out_its_numbers(command: str, tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    found = _json(tmp_path, command, *QUICK.get(command, []), "--plot", str(picture))
    assert found["tables"][0]["rows"]
    assert all(set(row) == set(table["units"]) for table in found["tables"] for row in table["rows"])
    assert found["inputs"]
    assert "</svg>" in picture.read_text()


def test_examples_are_called_examples_and_never_calibrations() -> None:
    assert "Example inputs (not a calibration): " in _run("venues").output
    output = _run("venues", "--vol", "80%/yr").output
    assert "Given: vol 80%/yr" in output


def test_every_command_has_the_frame() -> None:
    listed = _run("--help").output
    for command in MINE:
        assert re.search(rf"\b{command}\b", listed)
        text = _run(command, "--help").output
        assert all(flag in text for flag in ("--config", "--json", "--plot"))


def test_toml_gives_defaults_and_flags_win(tmp_path: Path) -> None:
    file = tmp_path / "case.toml"
    file.write_text('[venues]\nvenue = "dydx"\nsize = 2.0\n[window]\npaths = 5\n')
    found = _json(tmp_path, "venues", "--config", str(file), "--size", "3")
    assert found["inputs"]["venue"] == {"value": "dydx", "from": "file"}
    assert found["inputs"]["size"] == {"value": 3.0, "from": "flag"}
    assert found["inputs"]["level"]["from"] == "example"
    assert [row["venue"] for row in found["tables"][0]["rows"]] == ["dydx"]


@pytest.mark.parametrize(("content", "number"), [("nonsense = 1", 1413), ("= 1", 1414)])
def test_a_wrong_toml_file_is_refused_by_number(content: str, number: int, tmp_path: Path) -> None:
    file = tmp_path / "case.toml"
    file.write_text(content)
    error = _run("venues", "--config", str(file)).exception
    assert isinstance(error, RiskInputError)
    assert error.code == number
    assert isinstance(_run("venues", "--config", str(tmp_path / "nowhere.toml")).exception, RiskInputError)


BAD = [
    (["window", "--vol", "-60%/yr"], 1402, "-60%/yr"),
    (["window", "--vol", "nan%/yr"], 1401, "nan"),
    (["window", "--anchoring", "3 moons"], 1405, "moons"),
    (["window", "--tier", "galaxy"], 1413, "galaxy"),
    (["venues", "--equity", "5 BTC"], 1406, "5 BTC"),
    (["venues", "--venue", "mtgox"], 1413, "mtgox"),
    (["margin", "--jumps", "50"], 1405, "50"),
    (["margin", "--prices", "nowhere.csv"], 1414, "nowhere.csv"),
    (["insolvency", "--book", "nowhere.csv"], 1414, "nowhere.csv"),
    (["overshoot", "--anchors", "whenever"], 1413, "whenever"),
]


@pytest.mark.parametrize(("arguments", "number", "value"), BAD, ids=[" ".join(case[0]) for case in BAD])
def test_bad_input_is_a_numbered_refusal_with_its_value(arguments: list[str], number: int, value: str) -> None:
    error = _run(*arguments).exception
    assert isinstance(error, RiskInputError), error
    assert error.code == number
    assert value in error.text


def test_a_book_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "book.csv"
    file.write_text("account,notional,equity\na,$1M,$30k\nb,-2M USD,$50k\n")
    found = _json(tmp_path, "insolvency", "--book", str(file), "--anchoring", "1h")
    assert [row["account"] for row in found["tables"][1]["rows"]] == ["a", "b"]
    for content, number in (("account,notional\na,$1M\n", 1414), ("account,notional,equity\na,$1M,1 BTC\n", 1406)):
        file.write_text(content)
        error = _run("insolvency", "--book", str(file)).exception
        assert isinstance(error, RiskInputError)
        assert error.code == number


def test_a_book_may_begin_with_a_mark_and_name_its_columns_in_capitals(tmp_path: Path) -> None:
    file = tmp_path / "book.csv"
    file.write_text("\ufeffAccount,Notional,Equity\r\na,$1M,$50k\r\n\r\n", encoding="utf-8")
    found = _json(tmp_path, "insolvency", "--book", str(file), "--anchoring", "1h")
    assert [row["margin"] for row in found["tables"][1]["rows"]] == [5.0]
    book = tmp_path / "book.toml"
    book.write_text('\ufeff[[position]]\nkind = "future"\nsize = 1.0\n', encoding="utf-8")
    assert _json(tmp_path, "portfolio", "--book", str(book), "--grids", "deribit")["tables"][0]["rows"]
    config = tmp_path / "case.toml"
    config.write_text("\ufeffsize = 2.0\n", encoding="utf-8")
    assert _json(tmp_path, "venues", "--config", str(config))["inputs"]["size"]["value"] == 2.0


MEASURED = {
    "anchoring": ("best interval",),
    "incidents": ("unwatched",),
    "overshoot": ("mean simulated", "q99 simulated"),
    "portfolio": ("worst move", "its weight"),
    "sampling": ("fooled",),
    "window": ("VaR simulated", "ES simulated", "share of W in a breach"),
}


@pytest.mark.parametrize("command", MEASURED)
def test_numbers_are_numbers_in_every_json(command: str, tmp_path: Path) -> None:
    tables = _json(tmp_path, command, *QUICK.get(command, []))["tables"]
    for name in MEASURED[command]:
        cells = [row[name] for table in tables for row in table["rows"] if name in row]
        assert cells
        for cell in cells:
            assert isinstance(cell, float) or (set(cell) == {"value", "error"} and cell["error"] > 0.0)
    texts = [cell for table in tables for row in table["rows"] for cell in row.values() if isinstance(cell, str)]
    assert not any("±" in text for text in texts)


def test_margin_from_recorded_prices(tmp_path: Path) -> None:
    lines, price = ["open_time_s,close"], 100.0
    for hour in range(3000):
        price *= 1.0 + 0.004 * ((hour * 7919 % 101) / 50.0 - 1.0)
        lines.append(f"{hour * 3600},{price}")
    file = tmp_path / "prices.csv"
    file.write_text("\n".join(lines))
    found = _json(tmp_path, "margin", "--prices", str(file), "--anchoring", "1h,1min", "--budget", "40")
    hour, minute = found["tables"][1]["rows"]
    assert hour["FHS"] > 0
    assert minute["FHS"] is None
    assert "shorter than one step" in minute["why not FHS"]


def test_simulated_numbers_are_two_numbers(tmp_path: Path) -> None:
    summary, stages, _ = _json(tmp_path, "window", "--paths", "20000")["tables"]
    for row in summary["rows"]:
        assert row["VaR simulated"]["value"] == pytest.approx(row["VaR"], rel=0.1)
        assert 0.0 < row["VaR simulated"]["error"] < 0.1
        assert set(row["ES simulated"]) == {"value", "error"}
    assert sum(row["share of W in a breach"]["value"] for row in stages["rows"]) == pytest.approx(200.0)
    assert " ± " in _run("window", "--paths", "20000").output


def test_pictures_need_matplotlib_and_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    error = _run("venues", "--plot", str(tmp_path / "a.svg")).exception
    assert isinstance(error, Fault)
    assert "kedge[plot]" in str(error)


def test_pictures_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.svg", "b.svg")]
    for file in files:
        assert _run("insolvency", "--plot", str(file)).exit_code == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert isinstance(_run("venues", "--plot", "a.gif").exception, Fault)

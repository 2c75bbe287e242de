"""Margin terms for a market file: what `kedge risk margin --toml` prints is read by the project, and holds."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from kedge.cli.commands import app
from kedge.machine import OracleEngine
from kedge.risk import RiskInputError, constants
from kedge.risk.market_terms import BOUNDS, DEFAULT_FLOOR
from kedge.risk.montecarlo import get_stream
from kedge.rules import rules
from kedge.rules.margin import CLOSE_OUT, MAINTENANCE, PROPORTION
from kedge.rules.market import TERMS
from kedge.venue import read_markets

HEAD = '[[market]]\nnumber = 0\nname = "BTC-PERP"\ntick_places = 1\nmark = 617500\n'
CASES = {
    "as it comes": [],
    "anchored every minute": ["--anchoring", "1min"],
    "no time to react": ["--reaction", "0s"],
    "long to execute": ["--execution", "2h", "--reaction", "5min"],
    "a day to react": ["--reaction", "1d", "--anchoring", "12s"],
    "slow anchors": ["--anchoring", "12h,1min"],
    "calm": ["--vol", "10%/yr", "--jumps", "2/yr", "--jump-size", "1%"],
    "no jumps": ["--jumps", "0/yr"],
}


def _print(*words: str) -> str:
    done = CliRunner().invoke(app, ["risk", "margin", "--toml", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def _json(folder: Path, *words: str) -> dict[str, Any]:
    out = folder / "out.json"
    assert CliRunner().invoke(app, ["risk", "margin", *words, "--json", str(out)]).exit_code == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def _rate(text: str, age: float) -> int:
    """Initial margin in ppm that the rules themselves compute for a market with these terms, `age` in seconds."""
    (market,) = read_markets(HEAD + text)
    start = 10_000_000_000
    engine = OracleEngine(rules, lambda words: [0, 0, 0, 0])
    steps = [("window_update", [start, start - round(age * 1000)]), market.opening(), ("margin_update", [0])]
    for step, args in steps:
        code, events, _ = engine.submit(step, args)
        assert code == 0, (step, code)
    ((_, (_, _, target, _)),) = events
    return int(target)


@pytest.mark.parametrize("words", CASES.values(), ids=CASES)
def test_the_lines_are_a_market_file_whose_rate_covers_every_law(words: list[str], tmp_path: Path) -> None:
    text = _print(*words)
    (market,) = read_markets(HEAD + text)
    for name in ("floor", "sigma", "z", "delay", "ramp"):
        assert f"\n{name} = {getattr(market.terms, name)}\n" in text
        assert re.search(rf"\n# [^\n]+\n{name} = ", text), f"{name} has no derivation"
    execution = 7200.0 if "2h" in words else 120.0
    for row in _json(tmp_path, *words)["tables"][0]["rows"]:
        rate = _rate(text, 60.0 * row["mean W"] - execution) / 1e4
        assert rate >= row["initial"] - 1e-9
        assert rate * MAINTENANCE / PROPORTION >= row["maintenance"] - 1e-9


def test_the_floor_agrees_with_the_page_or_says_why_the_default_does_not() -> None:
    (market,) = read_markets(HEAD)
    assert market.terms.floor == DEFAULT_FLOOR
    assert "A market file that names no floor has 25000, maintenance of 1.5 %" in _print()
    assert "more than these laws ask for" in _print("--vol", "5%/yr", "--jumps", "0/yr")
    floor = int(re.findall(r"floor = (\d+)", _print())[0])
    assert floor * MAINTENANCE / PROPORTION > 61_600, "maintenance is above the jump floor of the risk page, 6.16 %"


def test_shares_and_bounds_are_those_of_the_rules() -> None:
    assert (constants.MAINTENANCE, constants.CLOSE_OUT) == (MAINTENANCE / PROPORTION, CLOSE_OUT / PROPORTION)
    assert {name: TERMS[name].hi for name in BOUNDS} == BOUNDS


def test_an_owner_at_initial_margin_has_the_time_asked_for() -> None:
    (market,) = read_markets(HEAD + _print("--reaction", "30min"))
    risen = market.terms.floor + market.terms.ramp * 1800
    assert risen * MAINTENANCE // PROPORTION <= market.terms.floor


def test_what_no_market_can_hold_is_refused() -> None:
    for words in (["--jump-size", "90%", "--jumps", "5000/yr"], ["--vol", "90000%/yr"]):
        error = CliRunner().invoke(app, ["risk", "margin", "--toml", *words]).exception
        assert isinstance(error, RiskInputError), words
        assert error.code == 1408


def _prices(folder: Path, vol: float, name: str = "prices.csv", jump: float = 0.06) -> Path:
    """Two years of hourly prices with a jump every 200 hours."""
    returns = get_stream(3).standard_normal(17_000) * vol / np.sqrt(8766.0)
    returns[::200] = jump * np.where(np.arange(85) % 2, 1.0, -1.0)
    prices = 100.0 * np.exp(np.cumsum(returns))
    path = folder / name
    path.write_text("open_time_s,close\n" + "".join(f"{1_600_000_000 + 3600 * n},{p}\n" for n, p in enumerate(prices)))
    return path


def test_prices_move_every_table_and_the_lines(tmp_path: Path) -> None:
    calm, wild = _prices(tmp_path, 0.4), _prices(tmp_path, 0.8, "wild.csv", 0.1)
    both = [_json(tmp_path, "--prices", str(path)) for path in (calm, wild)]
    for first, second in zip(*(found["tables"] for found in both), strict=True):
        for a, b in zip(first["rows"], second["rows"], strict=True):
            moved = [key for key in ("initial", "maintenance", "close-out", "Gauss") if key in a]
            assert moved
            assert all(b[key] > 1.3 * a[key] for key in moved)
    assert both[0]["inputs"]["vol"]["from"] == "record"
    assert float(both[0]["inputs"]["vol"]["value"].removesuffix("%/yr")) == pytest.approx(40.0, rel=0.02)
    assert float(both[0]["inputs"]["jumps"]["value"].removesuffix("/yr")) == pytest.approx(43.8, rel=0.05)
    floors = [float(re.findall(r"floor = (\d+)", _print("--prices", str(path)))[0]) for path in (calm, wild)]
    assert floors[1] > 1.3 * floors[0]
    curves = [max(found["figures"][0]["series"][1]["y"]) for found in both]
    assert curves[1] > 1.3 * curves[0]


def test_what_is_given_stays_given(tmp_path: Path) -> None:
    path = _prices(tmp_path, 0.4)
    some = _json(tmp_path, "--prices", str(path), "--vol", "90%/yr")
    assert some["inputs"]["vol"] == {"value": "90%/yr", "from": "flag"}
    assert some["inputs"]["jumps"]["from"] == "record"
    assert any("As given: vol." in note for note in some["notes"])
    given = ["--vol", "50%/yr", "--jumps", "50/yr", "--jump-size", "3%"]
    every = _json(tmp_path, "--prices", str(path), *given)
    assert every["tables"][0] == _json(tmp_path, *given)["tables"][0]
    assert any("the record only moves its own table" in note for note in every["notes"])


def test_a_year_of_business_days_is_252_in_every_table(tmp_path: Path) -> None:
    """Daily bars without weekends: one bar is 1/252 of a year, for the volatility and for the budget."""
    path, lines, price, day = tmp_path / "days.csv", ["date,close"], 100.0, np.datetime64("2015-01-01")
    for number in range(1500):
        price *= 1.0 + (0.01 if number % 2 else -0.00990099)
        lines.append(f"{np.busday_offset(day, number, roll='forward')},{price}")
    path.write_text("\n".join(lines))
    words = ("--prices", str(path), "--anchoring", "1d", "--budget", "2.52")
    found, asked = _json(tmp_path, *words), _json(tmp_path, *words, "--calendar", "continuous")
    rows = [tables["tables"][1]["rows"][0] for tables in (found, asked)]
    assert rows[0]["volatility"] == pytest.approx(100 * 0.00995 * np.sqrt(252), rel=1e-3)
    assert rows[1]["volatility"] == pytest.approx(100 * 0.00995 * np.sqrt(365.25), rel=1e-3)
    assert rows[0]["Gauss"] == pytest.approx(2.3263 * 0.995, rel=1e-3)  # 2.52 breaches a year in 252 windows: 1 %
    assert any("calendar business (252 days a year" in note for note in found["notes"])
    assert all(
        b["close-out"] != a["close-out"] for a, b in zip(*(t["tables"][0]["rows"] for t in (found, asked)), strict=True)
    )


def test_the_name_of_a_record_cannot_leave_its_comment(tmp_path: Path) -> None:
    path = _prices(tmp_path, 0.4, "a\nfloor = 1\n[x].csv")
    text = _print("--prices", str(path))
    (market,) = read_markets(HEAD + text)
    assert market.terms.floor > 1
    assert "a?floor = 1?[x]" in text


def test_longer_windows_never_ask_for_less() -> None:
    text = _print("--anchoring", "1h")
    rates = [_rate(text, age) for age in (0.0, 60.0, 3600.0, 86_400.0, 864_000.0)]
    assert all(a <= b for a, b in pairwise(rates))
    assert rates[-1] > rates[0]

"""Gaps and calendars of a record, and the backtest that counts a move over a gap."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from kedge.cli.commands import app
from kedge.risk import RiskInputError, gaps
from kedge.risk.calendars import choose_calendar
from kedge.risk.montecarlo import get_stream

MONDAY = datetime(2018, 1, 1, tzinfo=UTC)
HOLIDAY = MONDAY + timedelta(days=9)


def business_days(count: int) -> list[datetime]:
    """Weekdays from Monday on, without one Wednesday."""
    days = [MONDAY + timedelta(days=number) for number in range(2 * count)]
    return [day for day in days if day.weekday() < 5 and day != HOLIDAY][:count]


def stamps(days: list[datetime]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([day.timestamp() for day in days])


def test_the_spacing_shows_the_calendar() -> None:
    daily = choose_calendar(stamps(business_days(60)))
    assert (daily.name, daily.per_day, daily.per_year, daily.closed) == ("business", 1.0, 252.0, frozenset({5, 6}))
    assert daily.pace == pytest.approx(365.25 / 252)
    hours = choose_calendar(stamps([day + timedelta(hours=h) for day in business_days(30) for h in range(14, 21)]))
    assert (hours.name, hours.per_day, hours.per_year) == ("business", 7.0, 7 * 252)
    always = choose_calendar(np.arange(1000) * 3600.0)
    assert (always.name, always.per_year, always.pace) == ("continuous", 8766.0, 1.0)
    assert choose_calendar(np.arange(100) * 60.0).reason == "less than two weeks on record"


def test_bars_longer_than_a_day_say_themselves_how_many_make_a_year() -> None:
    weeks = np.arange(60) * 604_800.0
    assert choose_calendar(weeks).name == "continuous"
    for name in ("business", "continuous"):
        assert choose_calendar(weeks, name).per_year == pytest.approx(365.25 / 7)


def test_a_calendar_can_be_chosen_and_must_exist() -> None:
    assert choose_calendar(stamps(business_days(60)), "continuous").per_year == 365.25
    assert choose_calendar(np.arange(1000) * 3600.0, "business").per_year == 252 * 24
    with pytest.raises(RiskInputError, match=r"1413 .*\[/x\]"):
        choose_calendar(np.arange(1000) * 3600.0, "[/x]")


def test_gaps_have_names() -> None:
    days = stamps(business_days(30))
    found = gaps.find_gaps(days, choose_calendar(days))
    assert [gap.kind for gap in found].count("weekend") == 6
    (holiday,) = (gap for gap in found if gap.kind == "holiday")
    assert holiday.date == "2018-01-09 00:00"
    assert holiday.seconds == 2 * 86_400
    sessions = stamps([day + timedelta(hours=h) for day in business_days(30) for h in range(14, 21)])
    kinds = [gap.kind for gap in gaps.find_gaps(sessions, choose_calendar(sessions))]
    assert (kinds.count("night"), kinds.count("weekend"), kinds.count("holiday")) == (22, 6, 1)
    broken = np.delete(np.arange(10_000) * 60.0, range(500, 530))
    (outage,) = gaps.find_gaps(broken, choose_calendar(broken))
    assert (outage.kind, outage.at, outage.seconds) == ("outage", 499, 31 * 60)
    late = gaps.find_late(broken, 600.0, (outage,))
    assert np.flatnonzero(late == 0).tolist() == list(range(490, 500))


def _run(folder: Path, *words: str) -> dict[str, Any]:
    out = folder / "out.json"
    done = CliRunner().invoke(app, ["risk", *words, "--json", str(out)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.fixture
def mondays(tmp_path: Path) -> Path:
    """Business days on which nothing much happens, but every eighth Monday opens 5 % lower."""
    noise, price, lines = get_stream(1).standard_normal(600), 100.0, ["Date,Close"]
    for number, day in enumerate(business_days(600)):
        fall = -0.05 if day.weekday() == 0 and day.isocalendar().week % 8 == 0 else 0.05 / 40
        price *= np.exp(fall + 0.002 * noise[number])
        lines.append(f"{day:%Y-%m-%d},{price:.6f}")
    path = tmp_path / "mondays.csv"
    path.write_text("\n".join(lines))
    return path


WORDS = ("--windows", "1d", "--lookback", "40d", "--half-life", "10d", "--models", "ewma")


def test_a_fall_over_a_weekend_is_a_breach(tmp_path: Path, mondays: Path) -> None:
    counted = _run(tmp_path, "backtest", "--prices", str(mondays), *WORDS)
    tests, _, table = counted["tables"]
    skipped = _run(tmp_path, "backtest", "--prices", str(mondays), *WORDS, "--gaps", "skip")
    assert tests["rows"][0]["breaches"] >= 12
    assert skipped["tables"][0]["rows"][0]["breaches"] == 0
    rows = {row["gap"]: row for row in table["rows"]}
    assert rows["holiday"]["number"] == 1
    assert rows["weekend"]["number"] == 120
    ending = rows["weekend"]["24 h windows that end in it"]
    assert rows["weekend"]["their worst loss, 24 h"] == pytest.approx(5.0, abs=0.6)
    assert rows["weekend"]["longest"] == 72.0
    left = skipped["tables"][0]["rows"][0]["windows"]
    assert left == tests["rows"][0]["windows"] - ending - rows["holiday"]["24 h windows that end in it"]
    assert any(f"windows that end in one: {ending} of 24 h; they are left out" in n for n in skipped["notes"])


def test_the_calendar_is_stated_and_sets_the_days_of_a_rise(tmp_path: Path, mondays: Path) -> None:
    notes = " ".join(_run(tmp_path, "backtest", "--prices", str(mondays), *WORDS)["notes"])
    assert "calendar business (252 days a year, 1 bar a day; 2 of 7 weekdays are missing)" in notes
    assert "prices from close, times from date (ISO dates" in notes
    asked = _run(tmp_path, "backtest", "--prices", str(mondays), *WORDS, "--calendar", "continuous")
    assert "calendar continuous (365.25 days a year, 1 bar a day; as asked)" in " ".join(asked["notes"])


def test_estimates_are_two_numbers(tmp_path: Path) -> None:
    found = _run(tmp_path, "backtest", "--models", "ewma", "--windows", "5min")
    overlap = found["tables"][0]["rows"][0]["overlap"]
    assert set(overlap) == {"value", "error"}
    assert 0.5 < overlap["value"] < 2.0
    assert isinstance(found["tables"][0]["rows"][0]["in 250"], int)


def test_an_unknown_treatment_of_gaps_is_refused() -> None:
    error = CliRunner().invoke(app, ["risk", "backtest", "--gaps", "[/x]"]).exception
    assert isinstance(error, RiskInputError)
    assert (error.code, "[/x]" in error.text) == (1413, True)


def test_the_index_of_twenty_years_breaches_on_its_mondays(tmp_path: Path) -> None:
    """The S&P 500, 1999 to 2018: 47 breaches at 99 % when a weekend counted as no move, 64 by the next bar."""
    sp500 = pytest.importorskip("arch.data.sp500")
    path = tmp_path / "sp500.csv"
    sp500.load().to_csv(path)
    words = ("--windows", "1d", "--lookback", "250d", "--half-life", "11d", "--models", "historical")
    found = _run(tmp_path, "backtest", "--prices", str(path), *words)
    assert found["tables"][0]["rows"][0]["breaches"] == 64

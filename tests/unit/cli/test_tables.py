"""Tables of analyses on narrow terminals: no name and no number is broken, whatever the width."""

from __future__ import annotations

import re

import pytest

from kedge.cli.risk.screen import show
from kedge.risk.montecarlo import Estimate
from kedge.risk.result import Column, Result, Table

NAMES = ("starknet-2025-09", "black-thursday", "[/x] another name")
COLUMNS = (Column("incident"), *(Column(f"loss of the fund {n}", "k$", ",.1f") for n in range(8)), Column("simulated"))
ROWS = tuple((name, *(12_345.6 * 10**n for n in range(8)), Estimate(1.25, 0.5, 100)) for name in NAMES)


@pytest.mark.parametrize("width", [30, 40, 80, 120, 200, 400])
def test_names_and_numbers_stay_whole(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    show(Result("Title", (Table(COLUMNS, ROWS, "Losses"),)), {})
    said = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, said.splitlines())) <= width
    for name in ("starknet-2025-09", "black-thursday", "[/x]", "another"):
        assert said.count(name) == 1
    for n in range(8):
        assert said.count(f"{12_345.6 * 10**n:,.1f}") >= len(NAMES)
    assert said.count("1.25") == len(NAMES)


def test_a_wide_screen_has_a_row_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    show(Result("Title", (Table(COLUMNS, ROWS),)), {})
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert [line.strip().split("  ")[0] for line in lines if "12,345.6" in line] == list(NAMES)

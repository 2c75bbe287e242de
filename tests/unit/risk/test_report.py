"""kedge risk report: a node's window from its own journal, and the page about it; the table of intervals behind it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner, Result

from kedge.batching import Header
from kedge.cli.commands import app
from kedge.cli.risk.evidence import read_evidence
from kedge.risk import YEAR_SECONDS, RiskInputError
from kedge.risk.capital import Exposure, compute_rows, judge_window
from kedge.risk.laws import Fixed
from kedge.risk.models import Merton, fixed_window, jump_floor
from kedge.settlement import AnchorJournal, Mined
from kedge.units.errors import Fault

DAY0 = 1_800_000_000
INTERVALS = [12.0, 60.0, 900.0, 3_600.0, 14_400.0]
MODEL = Merton(0.5, 50.0, 0.03)
STAKE = Exposure(100e6, 0.1, 0.025, 1.0, 0.05)


def _header(number: int, clock: int) -> Header:
    root = bytes(32)
    return Header(number, root, root, root, number, number, 0, root, 0, root, clock, clock - 1)


def _mined(number: int, moment: int, kind: Literal["submit", "finalize"] = "submit") -> Mined:
    return Mined(kind, number, bytes([number]) * 32, number, bytes(32), moment, 100_000, 131_072, 2 * 10**14)


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """Four anchors, a minute apart, the last after five; each state is 10 s old when it is anchored."""
    journal = AnchorJournal(tmp_path / "anchor.sqlite")
    for number, moment in enumerate((60, 120, 180, 480), 1):
        journal.add_batch(_header(number, (DAY0 + moment - 10) * 1000), b"")
        journal.add_mined(_mined(number, DAY0 + moment))
    journal.close()
    return tmp_path


def _report(node: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["risk", "report", "--data", str(node), *words])


def test_the_window_is_read_from_the_journal(node: Path) -> None:
    found = read_evidence(node)
    assert found.intervals == [60, 60, 300]
    assert found.lags == [10, 10, 10, 10]
    ages = found.sample_ages()
    mean = (60 * 40 + 60 * 40 + 300 * 160) / 420
    assert sum(ages) / len(ages) == pytest.approx(mean, rel=2e-3)
    assert max(age for _, age in found.compute_saw()) == 310
    assert found.gas == 100_000
    assert found.blobs == 1
    assert found.gas_price == 2e9


def test_the_page_is_self_contained_and_says_everything(node: Path) -> None:
    done = _report(node, "--gas-price", "5")
    assert done.exit_code == 0, done.output
    page = (node / "risk.html").read_text()
    assert not re.search(r"(src|href|action)=|https?://|url\(|@import|<script", page), (
        "nothing is loaded from elsewhere"
    )
    for heading in (
        "Settlement window of this node",
        "fixed margin",
        "Capital released",
        "bad debt",
        "interval at today",
    ):
        assert heading in page
    assert page.count("<svg viewBox") >= 4
    for words in (
        "5,260 times a year",
        "jump floor does not shrink",
        "rollbacks and downtime",
        "12 s",
        "15 min",
        "4 h",
    ):
        assert words in page
    # 100,000 gas and one blob at the reserve price, at 5 gwei and 3,000 dollars
    assert f"{(100_000 + 8_192) * 5e-9 * 3_000:.2f}" in page
    assert "above its jump floor of" in page
    assert not re.search(r"\d[eE][+-]\d|<text", page)
    assert "expected bad debt a year at the fixed margin (example inputs)" in page
    given = _report(node, "--fixed-margin", "6%")
    assert given.exit_code == 0
    assert "fixed margin beside it<" in (node / "risk.html").read_text(), "a figure that was given is no example"


def test_making_final_costs_gas_too(node: Path) -> None:
    journal = AnchorJournal(node / "anchor.sqlite")
    for number in (1, 3):  # one transaction makes batch 1 final, another batches 2 and 3; 4 is not yet
        journal.add_mined(_mined(number, DAY0 + 500 + number, "finalize"))
    journal.close()
    assert read_evidence(node).gas == pytest.approx(100_000 + 200_000 / 3)
    assert _report(node, "--gas-price", "5").exit_code == 0
    page = (node / "risk.html").read_text()
    assert "166,667, 1 blob" in page
    assert f"{(166_667 + 8_192) * 5e-9 * 3_000:.2f}" in page


def test_prices_of_gas_have_their_unit_in_the_list_of_inputs(node: Path) -> None:
    assert _report(node, "--gas-price", "5", "--blob-price", "0.25").exit_code == 0
    page = (node / "risk.html").read_text()
    assert "<td>gas-price</td><td>5 gwei</td>" in page
    assert "<td>blob-price</td><td>0.25 gwei</td>" in page


def test_without_a_price_gas_costs_what_the_node_paid(node: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere" / "page.html"
    done = _report(node, "--out", str(out))
    assert "0.6 USD per anchor" in done.output, "2e14 wei at 3,000 dollars"
    assert "what the node paid" in out.read_text()


EXAMPLE = "(example inputs)"
OWN = {"median settlement window", "longest settlement window"}
MARKET = ["--budget", "2/yr", "--volatility", "40%/yr", "--jumps", "20/yr", "--jump-deviation", "2%", "--detect", "1s"]
STAKES = ["--open-interest", "$2bn", "--at-margin", "20%", "--fixed-margin", "3%", "--execution", "1min"]
COSTS = ["--capital", "4%/yr", "--gas-price", "5", "--blob-price", "1", "--ether", "$2500"]


def _cards(node: Path, *words: str) -> dict[str, str]:
    """Headline figures of the page: what each is, and its value."""
    assert _report(node, *words).exit_code == 0
    found = re.findall(r'<div class="tile"><b>(.*?)</b><span>(.*?)</span>', (node / "risk.html").read_text())
    return {what: value for value, what in found}


def test_a_card_says_whether_it_rests_on_example_inputs(node: Path) -> None:
    bare = _cards(node)
    assert {what for what in bare if not what.endswith(EXAMPLE)} == OWN
    assert len(bare) == 7
    fixed = _cards(node, "--fixed-margin", "3%")
    assert fixed["fixed margin beside it"] == "3.00%"
    assert sum(what.endswith(EXAMPLE) for what in fixed) == 4
    given = _cards(node, *MARKET, *STAKES, *COSTS)
    assert not [what for what in given if EXAMPLE in what]
    costs = _cards(node, *MARKET, *STAKES)
    assert [what for what in costs if EXAMPLE in what] == [f"best interval at today&#x27;s gas {EXAMPLE}"]


@pytest.mark.parametrize("interest", ["$1k", "$999999", "$4190bn", "$1900000bn"])
def test_money_is_never_a_power_of_ten(node: Path, interest: str) -> None:
    done = _report(node, "--open-interest", interest, "--gas-price", "60000", "--ether", "$41900")
    page = (node / "risk.html").read_text()
    assert done.exit_code == 0
    assert not re.findall(r"\d[.\d]*e[+-]\d+", done.output + re.sub(r"<style>.*?</style>", "", page))


def test_an_unwritable_page_is_a_fault_that_names_it(node: Path) -> None:
    (node / "[x]").write_text("")
    error = _report(node, "--out", str(node / "[x]" / "page.html")).exception
    assert isinstance(error, Fault)
    assert "[x]" in str(error)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--volatility", "-1%/yr"], "NEGATIVE_VOLATILITY"),
        (["--ether", "3000 EUR"], "MIXED_CURRENCIES"),
        (["--intervals", "1h,1h"], "UNSORTED_TIMES"),
        (["--gas-price", "nan"], "NOT_A_NUMBER"),
        (["--fixed-margin", "120%"], "NOT_A_PROBABILITY"),
    ],
)
def test_bad_input_is_refused(node: Path, words: list[str], name: str) -> None:
    error = _report(node, *words).exception
    assert isinstance(error, RiskInputError)
    assert error.name == name


def test_a_folder_without_anchors_is_refused(tmp_path: Path) -> None:
    nothing = _report(tmp_path).exception
    assert isinstance(nothing, RiskInputError)
    assert "anchor.sqlite" in str(nothing)
    AnchorJournal(tmp_path / "anchor.sqlite").close()
    empty = _report(tmp_path).exception
    assert isinstance(empty, RiskInputError)
    assert "0 anchored batches" in str(empty)


def test_capital_is_released_down_to_the_jump_floor() -> None:
    rows = compute_rows(MODEL, {"execution": Fixed(120.0)}, STAKE, INTERVALS, 1.0)
    assert [row.interval for row in rows] == INTERVALS
    released = [row.released for row in rows]
    assert released == sorted(released, reverse=True)
    assert released[-1] == 0.0
    floor = jump_floor(MODEL, 1.0)
    assert floor == pytest.approx(0.0616, abs=5e-5), "risk memo, table 1.5"
    for row in rows:
        assert row.margin >= row.floor == pytest.approx(floor)
        assert row.released == pytest.approx((rows[-1].margin - row.margin) * 100e6)
        assert row.gas == pytest.approx(YEAR_SECONDS / row.interval)
    assert rows[0].diffusive / rows[-1].diffusive < rows[0].margin / rows[-1].margin, "jumps keep margin up"


def test_verdict_matches_the_memos_table_of_annual_budgets() -> None:
    """Section 1.5: an hour, GBM 2.14 %, Merton 6.26 %, bad debt .20 bp a window at 2.5 %; twelve hours 10.3 / 10.4."""
    hour = judge_window(MODEL, fixed_window(3_600.0), STAKE)
    assert hour.diffusive == pytest.approx(0.0214, abs=6e-5)
    assert hour.margin == pytest.approx(0.0626, abs=6e-5)
    windows = YEAR_SECONDS / 3_600.0
    assert hour.bad_debt_jumps / windows / 10e6 * 1e4 == pytest.approx(0.20, abs=0.005)
    half_day = judge_window(MODEL, fixed_window(12 * 3_600.0), STAKE)
    assert half_day.bad_debt / (windows / 12) / 10e6 * 1e4 == pytest.approx(10.3, abs=0.05)
    assert half_day.bad_debt_jumps / (windows / 12) / 10e6 * 1e4 == pytest.approx(10.4, abs=0.05)

"""Books from files and from a line: what is read, and every way to get one wrong, with text that means mischief."""

from __future__ import annotations

from pathlib import Path

import pytest

from kedge.risk import RiskInputError
from kedge.risk.books import parse_positions, read_accounts, read_positions
from kedge.risk.cross_rollup import fill_matrix
from kedge.risk.underlying import Jumps
from kedge.risk.units import counts

HOSTILE = "[/bold][red]\x1b[2J"


def test_accounts_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "book.csv"
    file.write_text(f'account,notional,equity\n"{HOSTILE}",$1M,$30k\nb,$-2M,$50k\n')
    names, book = read_accounts(file)
    assert names == [HOSTILE, "b"]
    assert book.notionals.tolist() == [1e6, -2e6]
    assert book.margins.tolist() == [0.03, 0.025]


def test_without_a_file_there_is_an_example() -> None:
    names, book = read_accounts(None)
    assert len(names) == book.notionals.size == 4
    assert min(book.notionals) < 0 < max(book.notionals)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (f"account,notional\n{HOSTILE},$1M\n", "BAD_FILE"),
        (f"account,notional,equity\na,$1M,{HOSTILE}\n", "NOT_A_NUMBER"),
        ("account,notional,equity\na,$1M,1 BTC\n", "MIXED_CURRENCIES"),
        ("account,notional,equity\n", "EMPTY_SERIES"),
        ("", "EMPTY_SERIES"),
    ],
)
def test_a_wrong_file_of_accounts_is_refused(content: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / "book.csv"
    file.write_text(content)
    with pytest.raises(RiskInputError) as refused:
        read_accounts(file)
    assert refused.value.name == name


def test_positions_of_a_line_and_of_a_file_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "book.toml"
    file.write_text(
        '[[position]]\nkind = "call"\nsize = -10\nstrike = 70000\nexpiry = "14day"\nvolatility = "65%/yr"\n'
        '[[position]]\nkind = "future"\nsize = 2\n'
    )
    assert read_positions(file) == parse_positions("call:-10:70000:14day:65%/yr, future:2")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("= 1", "BAD_FILE"),
        ("x = 1", "BAD_FILE"),
        ("position = [1, 2]", "BAD_FILE"),
        (f'[[position]]\n"{HOSTILE[:-5]}" = 1\n', "UNKNOWN_NAME"),
        ('[[position]]\nkind = "future"\n', "MISSING_CALIBRATION"),
        ('[[position]]\nkind = "future"\nsize = 1\nbasis = "[/x]"\n', "NOT_A_NUMBER"),
        ('[[position]]\nkind = "[/x]"\nsize = 1\nstrike = 1\nexpiry = "1d"\nvolatility = "1%/yr"\n', "UNKNOWN_NAME"),
    ],
)
def test_a_wrong_file_of_positions_is_refused(content: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / "book.toml"
    file.write_text(content)
    with pytest.raises(RiskInputError) as refused:
        read_positions(file)
    assert refused.value.name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [(HOSTILE, "UNKNOWN_NAME"), ("call:3", "OUT_OF_DOMAIN"), ("future:[/x]", "NOT_A_NUMBER"), ("", "UNKNOWN_NAME")],
)
def test_a_wrong_line_of_positions_is_refused(text: str, name: str) -> None:
    with pytest.raises(RiskInputError) as refused:
        parse_positions(text)
    assert refused.value.name == name


def test_a_matrix_is_filled_from_above_its_diagonal() -> None:
    assert fill_matrix([0.5, 0.4, -0.3], 3) == [[1.0, 0.5, 0.4], [0.5, 1.0, -0.3], [0.4, -0.3, 1.0]]
    for above, name in (([0.5], "DIFFERENT_LENGTHS"), ([0.5, 0.4, 1.1], "OUT_OF_DOMAIN")):
        with pytest.raises(RiskInputError) as refused:
            fill_matrix(above, 3)
        assert refused.value.name == name


def test_jumps_are_given_whole_or_not_at_all() -> None:
    assert Jumps.parse(None, None, None) is None
    assert Jumps.parse("50/yr", "0%", "3%") == Jumps(50.0, 0.0, 0.03)
    with pytest.raises(RiskInputError) as refused:
        Jumps.parse(HOSTILE, None, None)
    assert refused.value.name == "MISSING_CALIBRATION"


def test_counts_are_whole_numbers() -> None:
    assert counts("4, 8,16") == [4, 8, 16]
    with pytest.raises(RiskInputError) as refused:
        counts(f"4,{HOSTILE}", "samples")
    assert refused.value.name == "NOT_A_NUMBER"
    assert "samples" in refused.value.text


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('[[position]]\nkind = "future"\nsize = ' + "9" * 400, "NOT_A_NUMBER"),
        ('[[position]]\nkind = "future"\nsize = ' + "9" * 5000, "BAD_FILE"),
        ('[[position]]\nkind = "future"\nsize = true', "NOT_A_NUMBER"),
        ('[[position]]\nkind = "future"\nsize = 1\nstrike = 5', "UNKNOWN_NAME"),
        ("[[position]]\nkind = 1\nsize = 1", "UNKNOWN_NAME"),
        ('spot = 5\n[[position]]\nkind = "future"\nsize = 1', "UNKNOWN_NAME"),
    ],
)
def test_what_a_book_says_is_read_or_refused(content: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / "book.toml"
    file.write_text(content)
    with pytest.raises(RiskInputError) as refused:
        read_positions(file)
    assert refused.value.name == name

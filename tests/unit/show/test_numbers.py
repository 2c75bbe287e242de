"""Numbers as people read them: few digits, no exponents, money to the cent."""

from __future__ import annotations

import pytest

from kedge.show import format_figure, format_money, format_short


@pytest.mark.parametrize(
    ("value", "figure", "short"),
    [
        (0, "0", "0"),
        (1.23456, "1.235", "1.235"),
        (-2.5, "-2.5", "-2.5"),
        (999.94, "999.9", "999.9"),
        (999.996, "1,000", "1,000"),
        (9_999.6, "10,000", "10,000"),
        (12_345, "12,345", "12.3k"),
        (999_960, "999,960", "1,000k"),
        (1.5e9, "1,500,000,000", "1.5bn"),
        (4e18, "4,000,000,000,000,000,000", "4,000,000tn"),
        (0.000012348, "0.00001235", "0.00001235"),
        (6e-7, "0.0000006", "0.0000006"),
        (1e-14, "0", "0"),
        (-1e-14, "0", "0"),
    ],
)
def test_figures(value: float, figure: str, short: str) -> None:
    assert (format_figure(value), format_short(value)) == (figure, short)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0.00"),
        (1_234_567.8, "1,234,568"),
        (999.5, "999.50"),
        (1.6229, "1.62"),
        (0.00321, "0.0032"),
        (1e-9, "<0.0001"),
    ],
)
def test_money(value: float, words: str) -> None:
    assert format_money(value) == words

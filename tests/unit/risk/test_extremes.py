"""Inputs that no market has, alone and together: a refusal by number, never a traceback, an infinity or a warning."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from kedge.cli.app import run
from kedge.cli.commands import app
from kedge.risk import units
from kedge.risk.errors import BAD_FILE, NOT_A_PROBABILITY, OUT_OF_DOMAIN, RiskInputError, RiskRefusal
from kedge.risk.result import Column, Table
from kedge.risk.roots import find_root

assert app, "registers the commands"


def ask(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Exit status of a command."""
    monkeypatch.setattr(sys, "argv", ["kedge", "risk", *arguments])
    return run()


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (units.time, "1e300yr"), (units.time, "1e-300s"), (units.time, "1001yr"), (units.fraction, "1e15"),
        (units.fraction, "-1e300%"), (units.fraction, "1e-12"), (units.rate, "1e18/yr"), (units.rate, "1/ms"),
        (units.volatility, "1e9%/s"), (units.amount, "$1e300"), (units.amount, "$-1e-300"),
    ],
)  # fmt: skip
def test_a_quantity_that_no_market_has_is_refused_with_its_bounds(read: object, text: str) -> None:
    assert callable(read)
    with pytest.raises(RiskInputError, match="must be 0 or between 1e-09 and") as refused:
        read(text, "it")
    assert refused.value.code == OUT_OF_DOMAIN.code
    assert text in refused.value.text


def test_what_markets_have_is_not() -> None:
    assert units.time("0s") == 0
    assert units.time("1000yr") == pytest.approx(1_000 * 365.25 * 86_400)
    assert units.rate("100%/min") == pytest.approx(365.25 * 1_440)
    assert units.amount("900000000bn VND").value == 9e17
    assert units.fraction("0.001ppm") == 1e-9


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["anchoring", "--open-interest", "$1e300"], OUT_OF_DOMAIN),
        (["anchoring", "--intervals", "1e-300s"], OUT_OF_DOMAIN),
        (["anchoring", "--ether", "1e300"], OUT_OF_DOMAIN),
        (["insolvency", "--jump-size", "1e6"], OUT_OF_DOMAIN),
        (["margin", "--jump-size", "1e6"], OUT_OF_DOMAIN),
        (["sampling", "--confidence", "1000000"], NOT_A_PROBABILITY),
        (["sampling", "--confidence", "100%"], NOT_A_PROBABILITY),
        (["toxic-flow", "--fee", "1e6"], OUT_OF_DOMAIN),
        (["venues", "--size", "0"], OUT_OF_DOMAIN),
        (["window", "--detect", "1e300yr", "--paths", "1000"], OUT_OF_DOMAIN),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_command_refuses_what_its_formulas_cannot_bear(
    arguments: list[str], refusal: RiskRefusal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(monkeypatch, *arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith(f"rejected: {refusal.code} {refusal.name}: ")


def test_a_root_that_is_not_there_and_a_figure_that_is_none_are_refused() -> None:
    with pytest.raises(RiskInputError, match="no fee between 1 and 2 can be computed") as refused:
        find_root(lambda x: x, 1.0, 2.0, "fee", xtol=1e-9)
    assert refused.value.code == OUT_OF_DOMAIN.code
    columns = (Column("name"), Column("loss", "USD"))
    for value in (float("inf"), float("-inf"), float("nan")):
        with pytest.raises(RiskInputError, match=r"loss \[USD\] = "):
            Table(columns, (("a", 1.0), ("b", value)))
    assert Table(columns, (("a", None),)).rows


@pytest.mark.parametrize(
    "arguments",
    [
        ["window", "--config", "FILE"],
        ["window", "--detect", "file:FILE"],
        ["portfolio", "--config", "FILE"],
        ["insolvency", "--book", "FILE"],
        ["anchoring", "--fees", "FILE"],
        ["backtest", "--prices", "FILE"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("file", ["/dev/zero", "zeros.gz"])
def test_a_file_without_an_end_is_refused_before_it_fills_the_memory(
    file: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path(file).is_absolute():
        file = str(tmp_path / file)
        Path(file).write_bytes(gzip.compress(bytes(1 << 24)))
    elif not Path(file).exists():
        pytest.skip(f"there is no {file}")
    assert ask(monkeypatch, *(argument.replace("FILE", file) for argument in arguments)) == 1
    assert f"rejected: {BAD_FILE.code} " in capsys.readouterr().err

"""Files of prices and fees: read as they are, refused by number when they are something else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kedge.risk import recorded as files
from kedge.risk.errors import RiskInputError


def _write(folder: Path, text: str, name: str = "prices.csv") -> Path:
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


@pytest.mark.parametrize(("unit", "scale"), [("s", 1), ("ms", 1000), ("us", 10**6)])
def test_prices_in_any_unit_of_time(tmp_path: Path, unit: str, scale: int) -> None:
    path = _write(tmp_path, f"open_time_{unit},close\n{60 * scale},1.5\n{120 * scale},1.25\n", "p.csv.gz")
    found = files.read_prices(path)
    assert found.times.tolist() == [60.0, 120.0]
    assert found.prices.tolist() == [1.5, 1.25]
    assert found.step == 60.0


def test_one_symbol_of_several(tmp_path: Path) -> None:
    path = _write(tmp_path, "symbol,open_time_s,close\nA,1,10\nA,2,11\nB,1,20\nB,2,21\n")
    assert files.read_prices(path).prices.tolist() == [10, 11]
    assert files.read_prices(path, "B").prices.tolist() == [20, 21]
    with pytest.raises(RiskInputError, match=r"1413 .*'C'.*known: A, B"):
        files.read_prices(path, "C")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("open_time_s,close\n", 1403),
        ("open_time_s,close\n1,10\n", 1403),
        ("open_time_s,close\n2,10\n1,11\n", 1404),
        ("open_time_s,close\n1,10\n2,nan\n", 1401),
        ("open_time_s,close\n1,10\n2,ten\n", 1401),
        ("open_time_s,close\n1,10\n2,-1\n", 1412),
        ("open_time_s,close\n1,10\n2,\n", 1414),
        ("open_time_min,close\n1,10\n2,11\n", 1405),
        ("time,close\n1,10\n2,11\n", 1414),
        ("open_time_s,price\n1,10\n2,11\n", 1414),
    ],
)
def test_bad_prices_are_named(tmp_path: Path, text: str, code: int) -> None:
    with pytest.raises(RiskInputError) as refused:
        files.read_prices(_write(tmp_path, text))
    assert refused.value.code == code


def test_base_fees_in_wei_or_gwei(tmp_path: Path) -> None:
    gwei = files.read_base_fees(_write(tmp_path, "block_number,base_fee_gwei\n15,2.5\n30,3\n45,4\n"))
    assert gwei.fees.tolist() == [2.5e9, 3e9, 4e9]
    assert gwei.step == 180.0
    path = _write(tmp_path, "window,block_number,base_fee_wei\na,1,7\na,2,8\nb,8,9\nb,9,9\nb,10,9\n", "f.csv")
    assert files.read_windows(path) == ["a", "b"]
    assert files.read_base_fees(path).fees.tolist() == [9, 9, 9]
    assert files.read_base_fees(path, "a").fees.tolist() == [7, 8]
    with pytest.raises(RiskInputError, match="1405 UNKNOWN_UNIT"):
        files.read_base_fees(_write(tmp_path, "block_number,base_fee\n1,7\n2,8\n", "g.csv"))


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"no gzip at all")
    for path in (broken, tmp_path / "absent.csv"):
        with pytest.raises(RiskInputError, match="1414 BAD_FILE"):
            files.read_prices(path)

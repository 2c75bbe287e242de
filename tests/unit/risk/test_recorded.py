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
        ("number,close\n1,10\n2,11\n", 1414),
        ("open_time_s,volume\n1,10\n2,11\n", 1414),
        ("date,close\n01/02/2020,10\n01/03/2020,11\n", 1401),
        ("symbol,open_time_s,close\nA,1,10\n,2,11\n", 1414),
        ("1,2,3\n4,5,6\n", 1414),
        ("date,close\n2020-01-02,[/x]\n2020-01-03,11\n", 1401),
        ("[/x],close\n1,10\n2,11\n", 1414),
    ],
)
def test_bad_prices_are_named(tmp_path: Path, text: str, code: int) -> None:
    with pytest.raises(RiskInputError) as refused:
        files.read_prices(_write(tmp_path, text))
    assert refused.value.code == code


DAY = 1_577_923_200  # 2020-01-02
KLINE = "1,3,1,{close},7,{end},70,5,3,30,0"


def _klines(scale: int) -> str:
    ends = [(DAY + 60 * minute) * scale + 60 * scale - 1 for minute in range(3)]
    return "".join(f"{(DAY + 60 * m) * scale},{KLINE.format(close=10 + m, end=ends[m])}\n" for m in range(3))


VENDORS = {
    "business days with both closes": "Date,Open,Close,Adj Close,Volume\n2020-01-02,1,20,10,5\n2020-01-03,1,21,11,5\n",
    "upper case": "TIMESTAMP,CLOSE\n1577923200,10\n1578009600,11\n",
    "a mark before the header": "\ufeffdate,close\n2020-01-02,10\n2020-01-03,11\n",
    "camel case in ms": "openTime,close\n1577923200000,10\n1578009600000,11\n",
    "spaces and us": "Open time, Close\n1577923200000000, 10\n1578009600000000, 11\n",
    "ns": "time,price\n1577923200000000000,10\n1578009600000000000,11\n",
    "ISO dates with a zone": "datetime,close\n2020-01-02T02:00:00+02:00,10\n2020-01-03 00:00:00 UTC,11\n",
    "ISO dates without dashes": "date,close\n20200102,10\n20200103,11\n",
    "the unit changes on the way": "open_time,close\n1577923200000,10\n1578009600000000,11\n",
    "the name has the wrong unit": "open_time_ms,close\n1577923200,10\n1578009600,11\n",
    "the close's time before the open's": "open_time,close_time,close\n5,1577923200,10\n6,1578009600,11\n",
    "blank lines": "date,close\n\n2020-01-02,10\n  \n2020-01-03,11\n\n",
    "windows lines": "date,close\r\n2020-01-02,10\r\n2020-01-03,11\r\n",
}


@pytest.mark.parametrize("text", VENDORS.values(), ids=VENDORS)
def test_prices_as_vendors_publish_them(tmp_path: Path, text: str) -> None:
    found = files.read_prices(_write(tmp_path, text))
    assert found.times.tolist() == [DAY, DAY + 86_400.0]
    assert found.prices.tolist() == [10, 11]
    assert "prices from" in found.source


@pytest.mark.parametrize("header", ["", "open_time,open,high,low,close,volume,close_time,q,n,tb,tq,ignore\n"])
@pytest.mark.parametrize("scale", [1_000, 1_000_000])
def test_klines_with_and_without_a_header_are_known_at_their_close(tmp_path: Path, header: str, scale: int) -> None:
    found = files.read_prices(_write(tmp_path, header + _klines(scale)))
    assert found.times == pytest.approx([DAY + 60 * (m + 1) for m in range(3)], abs=2e-3)
    assert found.prices.tolist() == [10, 11, 12]
    assert "close_time" in found.source


def test_what_was_understood_is_said(tmp_path: Path) -> None:
    wrong = files.read_prices(_write(tmp_path, VENDORS["the name has the wrong unit"]))
    assert "s by magnitude, although the column says ms" in wrong.source
    both = files.read_prices(_write(tmp_path, VENDORS["business days with both closes"]))
    assert "adj_close" in both.source
    assert "ISO dates" in both.source
    mixed = files.read_prices(_write(tmp_path, VENDORS["the unit changes on the way"]))
    assert "ms and us" in mixed.source


def test_a_refusal_names_the_line_and_quotes_the_cell(tmp_path: Path) -> None:
    with pytest.raises(RiskInputError, match=r"line 4: no close"):
        files.read_prices(_write(tmp_path, "date,close\n\n2020-01-02,10\n2020-01-03,\n"))
    with pytest.raises(RiskInputError, match=r"line 2: no close"):
        files.read_prices(_write(tmp_path, "date,close\n2020-01-02\n2020-01-03,11\n"))
    with pytest.raises(RiskInputError, match=r"'\[/x\]' is neither a number nor an ISO date"):
        files.read_prices(_write(tmp_path, "date,close\n[/x],10\n2020-01-03,11\n"))


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


LOST = {
    "more cells than columns": ("date,close\n2020-01-02,65,000.5\n2020-01-03,66,000.5\n", 1414, "line 2: 3 cells"),
    "a decimal comma": ("date,close\n2020-01-02,10\n2020-01-03,11,5\n", 1414, "line 3: 3 cells"),
    "two prices": ("date,close,Close\n2020-01-02,1,2\n2020-01-03,1,2\n", 1414, "more than one column is called close"),
    "a cell that swallows": (
        'date,close,n\n2020-01-02,1,"a\n2020-01-03,1,b"\n2020-01-04,1,c\n',
        1414,
        "line 2: a quot",
    ),
    "months": ("date,close\n202001,10\n202002,11\n", 1405, "line 2: date = '202001'"),
    "years": ("date,close\n1999,10\n2000,11\n", 1405, "line 2: date = '1999'"),
    "days of a spreadsheet": ("timestamp,close\n43832,10\n43833,11\n", 1405, "line 2: timestamp = '43832'"),
    "dates among seconds": ("date,close\n20200102,10\n1578009600,11\n", 1405, "line 2: date = '20200102'"),
    "a word among numbers": ("time,close\n1577923200,10\n[/x],11\n", 1401, "line 3: time = '[/x]'"),
    "digits of another script": ("date,close\n2020-01-02,10\n2020-01-03,٣\n", 1401, "line 3: close = '٣'"),
    "an underscore": ("date,close\n2020-01-02,1_0\n2020-01-03,11\n", 1401, "line 2: close = '1_0'"),
    "newest first": ("date,close\n2020-01-03,10\n2020-01-02,11\n", 1404, "line 3: date = '2020-01-02' follows"),
    "below zero": ("date,close\n2020-01-03,10\n\n2020-01-04,-1\n", 1412, "line 4: close = -1"),
    "a zero byte": (
        "date,close\n2020-01-03,1" + " " * 5000 + "\n2020-01-04,1\0\n",
        1414,
        "line 3: a character of code",
    ),
}


@pytest.mark.parametrize(("text", "code", "said"), LOST.values(), ids=LOST)
def test_no_row_and_no_digit_is_lost_unseen(tmp_path: Path, text: str, code: int, said: str) -> None:
    with pytest.raises(RiskInputError) as refused:
        files.read_prices(_write(tmp_path, text))
    assert refused.value.code == code
    assert said in str(refused.value)


@pytest.mark.parametrize("column", ["symbol", "pair", "Ticker", "instrument", "productId"])
def test_series_are_told_apart_wherever_a_column_names_them(tmp_path: Path, column: str) -> None:
    path = _write(tmp_path, f"{column},open_time_s,close\nA,1,10\nB,2,20\nA,3,11\nB,4,21\n")
    assert files.read_prices(path).prices.tolist() == [10, 11]
    chosen = files.read_prices(path, "B")
    assert chosen.prices.tolist() == [20, 21]
    assert chosen.name == "prices B"


def test_a_symbol_that_nothing_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RiskInputError, match=r"1413 .*'BTC'.*no column"):
        files.read_prices(_write(tmp_path, "date,close\n2020-01-02,10\n2020-01-03,11\n"), "BTC")
    many = "".join(f"S{number},1,10\n" for number in range(1000))
    with pytest.raises(RiskInputError, match="1413") as refused:
        files.read_prices(_write(tmp_path, "symbol,open_time_s,close\n" + many), "BTC")
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gzip.compress(b"date,close\n2020-01-02,1\n" + b"\n" * (70 << 20)), "line"),
        (gzip.compress(b"date,close\n" + b"9" * (2 << 20)), "line 2: it is longer"),
        (gzip.compress(b"date,close\n2020-01-02,1\n" * 4000)[:-9] + b"?" * 9, "prices.csv"),
        ("date,close\n2020-01-02,1\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04" + bytes(40), "ZIP archive"),
    ],
    ids=["a bomb", "a line without end", "damaged", "UTF-16", "zip"],
)
def test_files_out_of_all_bounds_are_refused_at_a_bounded_cost(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(data)
    with pytest.raises(RiskInputError, match="1414 BAD_FILE") as refused:
        files.read_prices(path)
    assert said in str(refused.value)


def test_a_gzip_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(gzip.compress(b"date,close\n2020-01-02,10\n2020-01-03,11\n"))
    assert files.read_prices(path).prices.tolist() == [10, 11]

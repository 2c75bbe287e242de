"""Recorded files: what is read, and what is refused with which number and row."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from kedge.lab.tape import (
    TAPE_COLUMNS,
    TAPE_EMPTY,
    TAPE_MISSING,
    TAPE_RANGE,
    TAPE_ROW,
    TAPE_UNREADABLE,
    TapeError,
    name_from_path,
    read_trades,
    scan_tape,
)

MANY = "market,symbol,trade_id,trade_time_ms,event_time_ms,local_time_ns,price,quantity,order_type,taker_side\n"
MANY_ROWS = "usdm,AB,1,1000,1000,1,61800.30,0.006,MARKET,buy\ncoinm,CD,2,1001,1001,1,2.50,7,MARKET,sell\n"
ONE = "timestamp_us,recv_delay_us,trade_id,side,price,contracts\n"
ONE_ROWS = "1000000,5,1,buy,7.858,1\n2000000,5,2,sell,7.86,19\n"


def write(folder: Path, text: str, name: str = "binance_coinm_uniusd_perp_trades_x.csv.gz") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_both_formats(tmp_path: Path) -> None:
    many = list(read_trades(write(tmp_path, MANY + MANY_ROWS)))
    assert many[0] == ("AB", 0, Decimal("61800.30"), Decimal("0.006"), 1_000)
    assert many[1] == ("CD", 1, Decimal("2.50"), Decimal(7), 1_001)
    one = list(read_trades(write(tmp_path, ONE + ONE_ROWS)))
    assert one[1] == ("UNIUSD_PERP", 1, Decimal("7.86"), Decimal(19), 2_000)


def test_scan_states_markets_and_extremes(tmp_path: Path) -> None:
    seen: list[int] = []
    tape = scan_tape(write(tmp_path, MANY + MANY_ROWS), progress=seen.append)
    assert [market.name for market in tape.markets] == ["AB", "CD"]
    assert (tape.count, tape.first, tape.last) == (2, 1_000, 1_001)
    assert tape.turnover == Decimal("61800.30") * Decimal("0.006") + Decimal("17.5")
    assert seen == [3]
    cut = scan_tape(write(tmp_path, MANY + MANY_ROWS), skip=1, limit=5)
    assert [market.name for market in cut.markets] == ["CD"]


def test_plain_text_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "abc_trades.csv"
    path.write_text(ONE + ONE_ROWS)
    assert [trade.market for trade in read_trades(path)] == ["ABC", "ABC"]


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        ("", TAPE_COLUMNS, 1),
        ("a,b,c\n1,2,3\n", TAPE_COLUMNS, 1),
        (ONE, TAPE_EMPTY, 0),
        (ONE + ONE_ROWS + "3,5,3,buy\n", TAPE_ROW, 4),
        (ONE + "x,5,1,buy,7.858,1\n", TAPE_ROW, 2),
        (ONE + "1000000,5,1,hold,7.858,1\n", TAPE_ROW, 2),
        (ONE + "1000000,5,1,buy,-7.858,1\n", TAPE_ROW, 2),
        (ONE + "1000000,5,1,buy,0,1\n", TAPE_ROW, 2),
        (ONE + "1000000,5,1,buy,NaN,1\n", TAPE_ROW, 2),
        (ONE + "1000000,5,1,buy,1e400,1\n", TAPE_ROW, 2),
        (ONE + "1000000,5,1,buy,1." + "0" * 30 + ",1\n", TAPE_ROW, 2),
        (ONE + "0,5,1,buy,7.858,1\n", TAPE_ROW, 2),
        (ONE + '1000000,5,1,"buy,7.858,1\n', TAPE_UNREADABLE, 1),
        (ONE + "1000000,5,1,buy,100000000,100000000\n", TAPE_RANGE, 0),
    ],
)
def test_bad_files_are_refused_with_number_and_row(tmp_path: Path, text: str, code: int, row: int) -> None:
    with pytest.raises(TapeError) as refused:
        scan_tape(write(tmp_path, text))
    assert (refused.value.code, refused.value.row) == (code, row)


def test_missing_cut_and_garbled(tmp_path: Path) -> None:
    with pytest.raises(TapeError) as missing:
        scan_tape(tmp_path / "none.csv.gz")
    assert missing.value.code == TAPE_MISSING
    with pytest.raises(TapeError) as folder:
        scan_tape(tmp_path)
    assert folder.value.code == TAPE_MISSING
    path = write(tmp_path, ONE + ONE_ROWS * 2_000)
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], whole[:50] + b"\xff" * 40 + whole[90:], b"\x00\xff" * 40):
        path.write_bytes(data)
        with pytest.raises(TapeError) as garbled:
            scan_tape(path)
        assert garbled.value.code in (TAPE_UNREADABLE, TAPE_COLUMNS)


def test_names_of_files_that_hold_one_market() -> None:
    assert name_from_path(Path("binance_coinm_bchusd_perp_trades_2025-10-10.csv.gz")) == "BCHUSD_PERP"
    assert name_from_path(Path("trades.csv")) == "MARKET"

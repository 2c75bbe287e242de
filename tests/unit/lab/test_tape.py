"""Recorded files: what is read, and what is refused with which number and row."""

from __future__ import annotations

import csv
import gzip
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from kedge.lab.refusals import (
    TAPE_COLUMNS,
    TAPE_EMPTY,
    TAPE_LINE,
    TAPE_MARKETS,
    TAPE_MISSING,
    TAPE_ORDER,
    TAPE_RANGE,
    TAPE_ROW,
    TAPE_UNREADABLE,
    TapeError,
)
from kedge.lab.tape import name_from_path, read_trades, scan_tape
from kedge.lab.tapefile import LONGEST_LINE
from kedge.rules import MOST_MARKETS

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
        (ONE + '1000000,5,1,"buy,7.858,1\n', TAPE_UNREADABLE, 2),
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
    assert name_from_path(Path("BTCUSDT-aggTrades-2025-10-04.zip")) == "BTCUSDT"
    assert name_from_path(Path("BTCUSDT2024-01-04.csv.gz")) == "BTCUSDT"
    assert name_from_path(Path("XBTUSD.csv")) == "XBTUSD"


OPEN = "symbol,timestamp_us,trade_id,side,price,amount\n"


def plain(folder: Path, data: str | bytes, name: str = "tape.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def refused(path: Path) -> TapeError:
    with pytest.raises(TapeError) as refusal:
        scan_tape(path)
    return refusal.value


@pytest.mark.parametrize("cell", ["[/x]", "[bold]buy", "buy\x1b[2J", "{0}%s", "<b>", "买"])
def test_a_refusal_quotes_the_cell_as_it_is(tmp_path: Path, cell: str) -> None:
    found = refused(plain(tmp_path, OPEN + f"A,1000000,1,{cell},5,1\n", "x[b].csv"))
    assert (found.code, found.row) == (TAPE_ROW, 2)
    assert f"`{cell}`".replace("\x1b", "\\x1b") in str(found)
    assert "x[b].csv, row 2" in str(found)


def test_symbols_of_any_script(tmp_path: Path) -> None:
    names = ["币安人生USDT", "Ωmega", "🚀/USDT", "BTC-10OCT25-40000-C", "[/x]"]
    rows = "".join(f"{name},{1_000_000 * i},1,buy,5,1\n" for i, name in enumerate(names, 1))
    tape = scan_tape(plain(tmp_path, OPEN + rows))
    assert [market.name for market in tape.markets] == names
    assert refused(plain(tmp_path, OPEN + "a\x07b,1000000,1,buy,5,1\n")).code == TAPE_ROW
    assert refused(plain(tmp_path, OPEN + ",1000000,1,buy,5,1\n")).code == TAPE_ROW


@pytest.mark.parametrize(
    "data",
    [
        (OPEN + "A,1000000,1,buy,5,1\n").encode("utf-16"),
        (OPEN + "A,1000000,1,buy,5,1\n").encode("utf-16-le"),
        OPEN.encode() + b"Caf\xe9,1000000,1,buy,5,1\n",
        b"\x93\xfa\x96\x7b,side\n1,2\n",
        bytes(range(256)) * 64,
    ],
)
def test_what_is_not_utf8_is_refused(tmp_path: Path, data: bytes) -> None:
    found = refused(plain(tmp_path, data))
    assert found.code == TAPE_UNREADABLE
    assert "UTF-8" in str(found)


def test_an_archive_is_a_tape_if_it_holds_one(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a/x.csv", OPEN + "A,1000000,1,buy,5,1\n")
        packed.writestr("__MACOSX/a/._x.csv", b"\0\1")
    assert scan_tape(path).count == 1
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("a/y.csv", OPEN)
    assert "2 files" in str(refused(path))
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("x.csv", OPEN + "A,1000000,1,buy,5,1\n")
    assert "deflate" in str(refused(tmp_path / "z.zip"))
    whole = path.read_bytes()
    for data in (whole[:40], b"PK\x03\x04" + bytes(40), whole.replace(b"buy", b"bux")):
        assert refused(plain(tmp_path, data, "y.zip")).code == TAPE_UNREADABLE


def test_markets_beyond_what_the_exchange_lists(tmp_path: Path) -> None:
    rows = [f"M{i},{1_000_000 + i},1,buy,5,1\n" for i in range(MOST_MARKETS + 1)]
    assert len(scan_tape(plain(tmp_path, OPEN + "".join(rows[:-1]))).markets) == MOST_MARKETS
    found = refused(plain(tmp_path, OPEN + "".join(rows)))
    assert (found.code, found.row) == (TAPE_MARKETS, MOST_MARKETS + 2)


def test_times_that_go_back(tmp_path: Path) -> None:
    def row(name: str, second: int) -> str:
        return f"{name},{second}000000,1,buy,5,1\n"

    tape = scan_tape(plain(tmp_path, OPEN + row("A", 1_000) + row("A", 990) + row("B", 5) + row("A", 1_000)))
    assert (tape.first, tape.last) == (5_000, 1_000_000)
    assert [note.split(" ", 1)[0] for note in tape.notes] == ["2"]
    found = refused(plain(tmp_path, OPEN + row("A", 1_000) + row("B", 5) + row("A", 939)))
    assert (found.code, found.row) == (TAPE_ORDER, 4)
    assert refused(plain(tmp_path, OPEN + row("A", 4_000_000_000))).code == TAPE_ROW


def test_a_line_without_end_and_a_bomb_are_refused_unread(tmp_path: Path) -> None:
    """Packed 100 MB cost next to nothing: no more is unpacked than says that this is no tape."""
    path = tmp_path / "x.csv.gz"
    head = (OPEN + "A,1000000,1,buy,5,1\n").encode()
    with gzip.open(path, "wb", 1) as packed:
        packed.write(head)
        for _ in range(100):
            packed.write(b"A" * 1_000_000)
    tracemalloc.start()
    found = refused(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.code, found.row) == (TAPE_LINE, 3)
    assert peak < 20_000_000
    with gzip.open(path, "wb", 9) as packed:
        packed.write(head)
        for _ in range(100):
            packed.write(b"\n" * 1_000_000)
    assert refused(path).code == TAPE_LINE


@pytest.mark.parametrize("length", [LONGEST_LINE - 40, LONGEST_LINE + 1])
@pytest.mark.parametrize("before", [0, 1 << 20, (1 << 20) + 7])
def test_the_longest_line_wherever_a_block_ends(tmp_path: Path, length: int, before: int) -> None:
    rows = "A,1000000,1,buy,5,1\n" * (before // 20)
    path = plain(tmp_path, OPEN + rows + f"A,1000000,{'7' * length},buy,5,1\n" + "A,1000000,1,buy,5,1\n" * 3)
    if length < LONGEST_LINE:
        assert scan_tape(path).count == before // 20 + 4
    else:
        assert refused(path).code == TAPE_LINE


def test_what_progress_raises_ends_the_reading(tmp_path: Path) -> None:
    path = plain(tmp_path, OPEN + "A,1000000,1,buy,5,1\n" * 200_000)

    def stop(_rows: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        scan_tape(path, progress=stop)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("binance_coinm_bchusd_perp_trades_2025-10-10", ("timestamp_us", "side", "price", "contracts")),
        ("binance_spot_btcusdc_aggtrades_2025-10-04", ("timestamp_us", "buyer_is_maker", "price", "quantity")),
        ("binance_usdm_btc_eth_perp_trades_2023-04_2024-07", ("trade_time_ms", "taker_side", "price", "quantity")),
        ("binance_usdm_btcusdt_perp_trades_2020-02-22", ("timestamp_us", "side", "price", "amount")),
        ("gemini_spot_btcusd_ethusd_trades_2025-10-10", ("timestamp_us", "side", "price", "amount")),
    ],
)
def test_recorded_files_are_read_cell_by_cell(
    recorded: Callable[[str], Path], name: str, columns: tuple[str, ...]
) -> None:
    path, limit = recorded(f"trades/{name}.csv.gz"), 5_000
    time, side, price, size = columns
    sold = ("sell", "1")
    with gzip.open(path, "rt") as file:
        wanted = [
            (
                int(row[side] in sold),
                Decimal(row[price]),
                Decimal(row[size]),
                int(row[time]) // (1 + 999 * (time[-2:] == "us")),
            )
            for row in islice(csv.DictReader(file), limit)
        ]
    assert [trade[1:] for trade in read_trades(path, limit=limit)] == wanted
    tape = scan_tape(path, limit=limit)
    assert tape.count == limit
    assert not tape.notes


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("before", [0, 30_000])
def test_a_quotation_mark_that_swallows_rows_is_refused(tmp_path: Path, end: str, before: int) -> None:
    good = "A,1000000,1,buy,5,1"
    lines = [OPEN.strip(), *[good] * before, 'A,1000000,"1,buy,5,1', good, 'A,1000000,1",buy,5,1', ""]
    found = refused(plain(tmp_path, end.join(lines).encode()))
    assert (found.code, found.row) == (TAPE_UNREADABLE, before + 2)
    assert "quotation mark" in str(found)
    closed = plain(tmp_path, (OPEN + 'A,1000000,"1, ""x""",buy,5,1\n').encode())
    assert len(list(read_trades(closed))) == 1


def test_two_columns_of_one_name_are_refused_where_they_count(tmp_path: Path) -> None:
    doubled = "symbol,timestamp_us,trade_id,side,price,amount,Price,trade_id\nA,1000000,1,buy,5,1,7,2\n"
    found = refused(plain(tmp_path, doubled.encode()))
    assert (found.code, found.row) == (TAPE_COLUMNS, 1)
    assert "`price`: numbers 5, 7" in str(found)


@pytest.mark.parametrize("name", ["symbol", "Pair", "instrument_name", "ticker", "[/b]market"])
def test_markets_are_told_apart_wherever_a_column_names_them(tmp_path: Path, name: str) -> None:
    rows = "X,1000000,1,buy,5,1\nY,1000000,2,sell,500,1\n"
    text = f"{name},timestamp_us,trade_id,side,price,amount\n{rows}"
    wanted = ["TAPE", "TAPE"] if "[" in name else ["X", "Y"]
    assert [trade.market for trade in read_trades(plain(tmp_path, text.encode()))] == wanted
    marked = "\ufeff\ufeff" + text
    assert [trade.market for trade in read_trades(plain(tmp_path, marked.encode()))] == wanted


def test_no_side_is_guessed_where_a_column_tells_it(tmp_path: Path) -> None:
    text = "timestamp,price,volume,taker_side\n1760083200,5,1,sell\n"
    assert refused(plain(tmp_path, text.encode())).code == TAPE_COLUMNS


def test_prices_too_far_apart_for_any_tick_are_refused(tmp_path: Path) -> None:
    near = plain(tmp_path, (OPEN + "A,1000000,1,buy,65000,0.01\nA,1000000,2,buy,0.0005,0.01\n").encode())
    assert scan_tape(near).markets[0].tick_places == 3
    far = plain(tmp_path, (OPEN + "A,1000000,1,buy,65000,0.01\nA,1000000,2,buy,0.0004,0.01\n").encode())
    found = refused(far)
    assert found.code == TAPE_RANGE
    assert "prices from 0.0004 to 65000" in str(found)


def test_a_pipe_is_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tape.csv")
    assert refused(tmp_path / "tape.csv").code == TAPE_MISSING


def test_lines_that_end_in_carriage_returns_alone_are_said_to(tmp_path: Path) -> None:
    found = refused(plain(tmp_path, (OPEN + "A,1000000,1,buy,5,1\n").replace("\n", "\r").encode()))
    assert found.code == TAPE_UNREADABLE
    assert "carriage returns" in str(found)


def test_how_many_rows_are_in_another_unit_is_said(tmp_path: Path) -> None:
    rows = "A,1760083200000000,1,buy,5,1\nA,1760083200000,2,buy,5,1\n"
    notes = scan_tape(plain(tmp_path, (OPEN + rows).encode())).notes
    assert notes == ("column timestamp_us holds milliseconds in 1 of 2 rows, whatever its name says",)

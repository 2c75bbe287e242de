"""Tapes as venues publish them: every layout of the table, with rows of the shape that the venue writes."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from kedge.lab.layouts import LAYOUTS, Layout, find_layout, read_time
from kedge.lab.tape import read_trades, scan_tape

BUY, SELL = 0, 1
MS = 1_760_054_400_000

CASES = {
    "binance um trades": (
        "id,price,qty,quote_qty,time,is_buyer_maker\n"
        f"70,100000.1,0.002,200.0002,{MS},false\n71,100001.1,0.002,200.0022,{MS + 37},true\n",
        [("BTCUSDT", BUY, "100000.1", "0.002", MS), ("BTCUSDT", SELL, "100001.1", "0.002", MS + 37)],
    ),
    "binance cm trades without header": (
        f"70,7.858,3,0.38,{MS},true\n71,7.859,1,0.12,{MS},false\n",
        [("BTCUSDT", SELL, "7.858", "3", MS), ("BTCUSDT", BUY, "7.859", "1", MS)],
    ),
    "binance um aggTrades": (
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
        f"9,42000.10,0.5,11,14,{MS},True\n",
        [("BTCUSDT", SELL, "42000.10", "0.5", MS)],
    ),
    "binance um aggTrades without header": (
        f"9,42000.10,0.5,11,14,{MS},true\n",
        [("BTCUSDT", SELL, "42000.10", "0.5", MS)],
    ),
    "binance spot trades": (
        f"4000,0.07512000,12.00000000,0.90144,{MS}123,True,True\n4001,0.07513000,1e-05,0.1,{MS}124,False,True\n",
        [("BTCUSDT", SELL, "0.07512000", "12.00000000", MS), ("BTCUSDT", BUY, "0.07513000", "0.00001", MS)],
    ),
    "binance spot trades as the API names them": (
        "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch\n" + f"4000,0.1,12,1.2,{MS},True,True\n",
        [("BTCUSDT", SELL, "0.1", "12", MS)],
    ),
    "binance spot aggTrades": (
        f"184,122335.79,0.00084,5,9,{MS}015,False,True\n",
        [("BTCUSDT", BUY, "122335.79", "0.00084", MS)],
    ),
    "bybit derivatives": (
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n"
        "1704326400.1003,BTCUSDT,Sell,0.010,42500.10,ZeroMinusTick,00-4,4.2e+11,0.010,425.001\n"
        "1704326401,XRPUSDT,Buy,7,0.55,PlusTick,00-5,3e+8,7,3.85\n",
        [
            ("BTCUSDT", SELL, "42500.10", "0.010", 1_704_326_400_100),
            ("XRPUSDT", BUY, "0.55", "7", 1_704_326_401_000),
        ],
    ),
    "bitmex": (
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,trdType\n"
        "2020-03-13D02:16:53.123456000,XBTUSD,Sell,3000,3800.5,MinusTick,ab,1,1,1,Regular\n",
        [("XBTUSD", SELL, "3800.5", "3000", 1_584_065_813_123)],
    ),
    "bybit spot": (
        f"id,timestamp,price,volume,side,rpi\n1,{MS},42500.1,0.01,buy,0\n",
        [("BTCUSDT", BUY, "42500.1", "0.01", MS)],
    ),
    "okx": (
        f"instrument_name,trade_id,side,price,size,created_time\nBTC-USDT-SWAP,7,sell,61000.1,2.5,{MS}\n",
        [("BTC-USDT-SWAP", SELL, "61000.1", "2.5", MS)],
    ),
    "okx of old": (
        f"trade_id/成交id,side/交易方向,size/数量,price/价格,created_time/成交时间\n7,BUY,2.5,61000.1,{MS}\n",
        [("BTCUSDT", BUY, "61000.1", "2.5", MS)],
    ),
    "deribit": (
        "trade_seq,trade_id,timestamp,tick_direction,price,mark_price,iv,instrument_name,index_price,direction,amount\n"
        f"1,2,{MS},0,0.0125,0.0124,55.1,BTC-10OCT25-40000-C,61000,buy,0.1\n",
        [("BTC-10OCT25-40000-C", BUY, "0.0125", "0.1", MS)],
    ),
    "coinbase tells the maker's side": (
        "trade_id,product_id,price,size,time,side\n1,BTC-USD,61000.01,0.002,2025-10-10T00:00:00.123456Z,SELL\n",
        [("BTC-USD", BUY, "61000.01", "0.002", MS + 123)],
    ),
    "coinbase exchange": (
        "time,trade_id,price,size,side\n2025-10-10T00:00:00.5Z,1,61000.01,0.002,buy\n",
        [("BTCUSDT", SELL, "61000.01", "0.002", MS + 500)],
    ),
    "kraken": (
        "1760054400.1234,61000.1,0.002\n1760054401,61000.0,0.002\n1760054402,61000.0,0.002\n1760054403,61002,1\n",
        [
            ("BTCUSDT", BUY, "61000.1", "0.002", MS + 123),
            ("BTCUSDT", SELL, "61000.0", "0.002", MS + 1_000),
            ("BTCUSDT", SELL, "61000.0", "0.002", MS + 2_000),
            ("BTCUSDT", BUY, "61002", "1", MS + 3_000),
        ],
    ),
    "kraken rest": (
        "price,volume,time,side,type,misc\n61000.1,0.002,1760054400.5,b,l,\n61000.1,0.002,1760054400.6,s,m,\n",
        [("BTCUSDT", BUY, "61000.1", "0.002", MS + 500), ("BTCUSDT", SELL, "61000.1", "0.002", MS + 600)],
    ),
    "tardis": (
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
        f"bitmex,XBTUSD,{MS}001,{MS}999,a,buy,9000,100\nbitmex,XBTUSD,{MS}002,{MS}999,b,unknown,8999,100\n",
        [("XBTUSD", BUY, "9000", "100", MS), ("XBTUSD", SELL, "8999", "100", MS)],
    ),
    "kedge with a flag": (
        f"agg_trade_id,timestamp_us,price,quantity,n_trades,buyer_is_maker\n1,{MS}000,122335.79,0.00084,10,1\n",
        [("BTCUSDT", SELL, "122335.79", "0.00084", MS)],
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("packing", ["plain", "windows", "zip"])
def test_a_tape_is_read_as_its_venue_publishes_it(tmp_path: Path, case: str, packing: str) -> None:
    text, wanted = CASES[case]
    path = tmp_path / "BTCUSDT-trades-2025-10-10.csv"
    if packing == "zip":
        path = path.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("BTCUSDT-trades-2025-10-10.csv", text)
    elif packing == "windows":
        path.write_bytes(b"\xef\xbb\xbf\r\n" + text.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    else:
        path.write_text(text.rstrip("\n"))
    found = list(read_trades(path))
    assert found == [(name, side, Decimal(price), Decimal(size), at) for name, side, price, size, at in wanted]
    assert scan_tape(path).count == len(wanted)


def test_every_layout_has_a_case() -> None:
    used = {find_layout(text.partition("\n")[0].split(","))[0] for text, _ in CASES.values()}
    own = {layout for layout in LAYOUTS if layout.venue == "Kedge"}
    assert set(LAYOUTS) - own <= used
    assert None not in used


@pytest.mark.parametrize(
    ("text", "unit", "wanted"),
    [
        ("1760054400", "ms", (MS, "s")),
        ("1760054400.25", "us", (MS + 250, "s")),
        (str(MS), "us", (MS, "ms")),
        (f"{MS}789", "ms", (MS, "us")),
        (f"{MS}789123", "ms", (MS, "ns")),
        ("1.7600544e12", "us", (MS, "ms")),
        ("1000", "ms", (1_000, "ms")),
        ("1000000", "us", (1_000, "us")),
        ("2025-10-10 00:00:00", "s", (MS, "date")),
        ("2025-10-10T02:00:00.001+02:00", "s", (MS + 1, "date")),
        ("2025-13-10T02:00:00", "s", (None, "")),
        ("١٧٦٠٠٥٤٤٠٠", "s", (None, "")),
        ("-5", "s", (None, "")),
        ("", "s", (None, "")),
        ("9" * 400, "ms", (0, "ms")),
    ],
)
def test_magnitude_decides_the_unit_of_a_time(text: str, unit: str, wanted: tuple[int | None, str]) -> None:
    assert read_time(text, unit) == wanted


def test_what_was_assumed_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"symbol,timestamp_us,trade_id,side,price,amount\nA,{MS},0,sell,5,1\nA,{MS + 1},1,,6,1\n")
    tape = scan_tape(path)
    assert (tape.first, tape.last) == (MS, MS + 1)
    assert [note.partition(",")[0] for note in tape.notes] == [
        "column timestamp_us holds milliseconds",
        "the file does not tell the side of 1 trades: taken as bought where the price rose",
    ]


def _row(layout: Layout) -> str:
    side = f"`{layout.side}`, {layout.told.label}" if layout.side else "none: tick rule"
    symbol = f"`{layout.symbol}`" if layout.symbol else "one per file"
    also = ", ".join(f"`{name}`" for name in layout.also) or "-"
    names = f"`{layout.time}` | {side} | `{layout.price}` | `{layout.size}` | {symbol} | {also}"
    return f"| {layout.venue} | {names} | {'yes' if layout.positions else 'no'} |"


def test_the_guide_lists_every_layout(repository: Path) -> None:
    guide = (repository / "docs/guide/replay.md").read_text()
    missing = [_row(layout) for layout in LAYOUTS if _row(layout) not in guide]
    assert not missing, "add to docs/guide/replay.md:\n" + "\n".join(missing)

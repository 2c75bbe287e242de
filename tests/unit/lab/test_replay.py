"""A replay's fills equal its tape, or it says at which row they do not."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kedge.lab.cast import ReplayPlan
from kedge.lab.fills import FILL_COLUMNS, FillsWriter
from kedge.lab.replay import REPLAY_DIVERGED, Replay, ReplayError
from kedge.lab.source import drive
from kedge.lab.tape import Tape, scan_tape
from kedge.units.errors import Fault
from kedge.venue.orders import IOC

if TYPE_CHECKING:
    from .conftest import FakeExchange

HEAD = "timestamp_us,recv_delay_us,trade_id,side,price,contracts\n"


def write(folder: Path, rows: list[tuple[int, str, str, int]]) -> Tape:
    path = folder / "binance_coinm_abc_perp_trades.csv.gz"
    lines = [f"{time}000,5,{i},{side},{price},{size}\n" for i, (time, side, price, size) in enumerate(rows)]
    path.write_bytes(gzip.compress((HEAD + "".join(lines)).encode()))
    return scan_tape(path)


def falling(count: int = 400) -> list[tuple[int, str, str, int]]:
    """Purchases around 10, then sales down to 5."""
    early = [(i + 1, "buy", f"{10 + i % 3 * 0.01:.2f}", 20) for i in range(count // 2)]
    return early + [(1_000 + i, "sell", f"{10 - i * 10 / count:.2f}", 3) for i in range(count // 2)]


def replayed(tape: Tape, exchange: FakeExchange, out: Path, plan: ReplayPlan | None = None) -> Replay:
    with FillsWriter(out, tape.markets) as fills:
        replay = Replay(tape, plan, fills.write)
        drive(replay, exchange)
    assert fills.count == tape.count
    return replay


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == FILL_COLUMNS
    return rows


def test_a_run_of_one_time_and_side_is_one_taker_order(tmp_path: Path, exchange: FakeExchange) -> None:
    rows = [
        (1, "buy", "1.00", 2),
        (1, "buy", "1.01", 3),
        (1, "buy", "1.00", 1),
        (1, "sell", "1.00", 1),
        (2, "sell", "0.99", 4),
    ]
    tape = write(tmp_path, rows)
    replay = replayed(tape, exchange, tmp_path / "fills.csv")
    takers = [args for step, args in exchange.sent if step == "place" and args[6] == IOC]
    assert [args[5] for args in takers] == [5, 1, 1, 4]
    assert rows_of(tmp_path / "fills.csv") == [["ABC_PERP", side, price, str(size)] for _, side, price, size in rows]
    assert replay.rounded == (0, 0)
    assert replay.progress == 1
    assert not exchange.book


def test_a_fall_liquidates_leveraged_accounts_and_leaves_the_fills_alone(
    tmp_path: Path, exchange: FakeExchange
) -> None:
    rows = falling()
    tape = write(tmp_path, rows)
    plan = ReplayPlan(leveraged=5, opening_ppm=500_000, jump_ppm=30_000)
    replay = replayed(tape, exchange, tmp_path / "fills.csv", plan)
    assert replay.liquidations > 5
    liquidated = {fields[0] for name, fields in exchange.events if name == "liquidated"}
    assert liquidated == {borrower.account for borrower in replay.crash.borrowers}
    assert [row[1:] for row in rows_of(tmp_path / "fills.csv")] == [
        [side, price, str(size)] for _, side, price, size in rows
    ]
    marks = [fields[1] for name, fields in exchange.events if name == "marked"]
    assert all(abs(b - a) <= a * 0.03 for a, b in pairwise(marks))


def test_the_same_tape_gives_the_same_transactions(tmp_path: Path, exchange: FakeExchange) -> None:
    tape = write(tmp_path, falling())
    other = type(exchange)()
    drive(Replay(tape), exchange)
    drive(Replay(tape), other)
    assert exchange.sent == other.sent


def test_a_refusal_stops_the_replay_at_its_row(tmp_path: Path, exchange: FakeExchange) -> None:
    exchange.refuses["place"] = 28
    with pytest.raises(ReplayError, match=r"row 2: .* code 28") as stopped:
        drive(Replay(write(tmp_path, falling())), exchange)
    assert stopped.value.code == REPLAY_DIVERGED


def test_another_fill_stops_the_replay(tmp_path: Path, exchange: FakeExchange) -> None:
    tape = write(tmp_path, [(1, "buy", "1.00", 2), (2, "buy", "1.01", 3)])
    replay = Replay(tape)
    burst = replay.next()
    outcomes = exchange.submit_many(burst)
    outcomes[1][1][1][1][5] -= 1
    with pytest.raises(ReplayError, match="row 2"):
        replay.feedback(burst, outcomes)


def test_refused_liquidations_are_asked_again_only_later(tmp_path: Path, exchange: FakeExchange) -> None:
    exchange.refuses["liquidate"] = 45
    tape = write(tmp_path, falling())
    replay = replayed(tape, exchange, tmp_path / "fills.csv", ReplayPlan(leveraged=5, opening_ppm=500_000))
    asked = sum(step == "liquidate" for step, _ in exchange.sent)
    marks = sum(step == "oracle_price" for step, _ in exchange.sent)
    assert 0 < replay.refused_liquidations == asked < 5 * marks


def test_fills_that_cannot_be_written(tmp_path: Path) -> None:
    tape = write(tmp_path, [(1, "buy", "1.00", 2)])
    with pytest.raises(Fault, match="cannot write the fills"):
        FillsWriter(tmp_path, tape.markets)


@pytest.mark.parametrize(
    ("name", "limit", "skip", "symbol", "side", "size"),
    [
        ("binance_perp_btc_eth_trades_2024-08-08.csv.gz", None, 0, "symbol", "taker_side", "quantity"),
        ("binance_coinm_uniusd_perp_trades_2025-10-10.csv.gz", 30_000, 130_000, None, "side", "contracts"),
    ],
)
def test_recorded_tapes_are_reproduced_exactly(
    recorded: Callable[[str], Path], tmp_path: Path, exchange: FakeExchange, name: str, limit: int | None, skip: int,
    symbol: str | None, side: str, size: str,
) -> None:  # fmt: skip
    path = recorded(f"trades/{name}")
    tape = scan_tape(path, skip=skip, limit=limit)
    replay = replayed(tape, exchange, tmp_path / "fills.csv")
    assert replay.rounded == (0, 0)
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))[skip : skip + limit if limit else None]
    wanted = [[row[symbol] if symbol else "UNIUSD_PERP", row[side], row["price"], row[size]] for row in rows]
    assert rows_of(tmp_path / "fills.csv") == wanted
    assert any(borrower.used for borrower in replay.crash.borrowers)
    assert (replay.liquidations > 0) == (symbol is None)

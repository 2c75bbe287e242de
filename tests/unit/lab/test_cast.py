"""Who trades a tape: leveraged accounts exist whatever it looks like, and the vault can hold everybody's money."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kedge.lab.cast import CUSTODY, ReplayPlan, choose_cast
from kedge.lab.crash import Borrower, Crash
from kedge.lab.estimates import Estimates
from kedge.lab.refusals import TAPE_TURNOVER, TapeError
from kedge.lab.replay import Replay
from kedge.lab.source import drive
from kedge.lab.tape import Tape, scan_tape
from kedge.rules import FIRST_USER, MAX_POSITIONS
from kedge.venue import BUY, SELL

if TYPE_CHECKING:
    from .conftest import FakeExchange

HEAD = "symbol,timestamp_us,side,price,amount\n"
Row = tuple[str, str, float]
SIZE = "0.05"
BEGIN = 1_760_054_400


def tape_of(folder: Path, rows: list[Row], size: str = SIZE) -> Tape:
    path = folder / "tape.csv"
    lines = [f"{name},{BEGIN + i}000000,{side},{price:.2f},{size}\n" for i, (name, side, price) in enumerate(rows)]
    path.write_text(HEAD + "".join(lines))
    return scan_tape(path)


def way(name: str, begin: float, end: float, count: int, sides: str = "buy sell") -> list[Row]:
    words = sides.split()
    return [(name, words[i % len(words)], begin + (end - begin) * i / (count - 1)) for i in range(count)]


@pytest.mark.parametrize(
    ("rows", "side"),
    [
        (way("A", 65_000, 8_000, 300), BUY),
        (way("A", 65_000, 8_000, 300, "sell"), BUY),
        (way("A", 65_000, 8_000, 300, "buy"), BUY),
        (way("A", 65_000, 8_000, 40), BUY),
        (way("A", 1_000, 4_000, 300), SELL),
        (way("A", 1_000, 4_000, 300, "buy"), SELL),
        (way("A", 1_000, 1_010, 50) + way("A", 1_000, 400, 60) + way("A", 400, 1_000, 60), BUY),
        ([*way("A", 60_000, 60_000, 5), ("A", "sell", 30_000), *way("A", 30_000, 30_000, 60)], BUY),
    ],
)
def test_a_move_liquidates_whoever_stands_on_its_wrong_side(
    tmp_path: Path, exchange: FakeExchange, rows: list[Row], side: int
) -> None:
    tape = tape_of(tmp_path, rows)
    replay = Replay(tape, ReplayPlan(leveraged=6))
    drive(replay, exchange)
    assert {borrower.side for borrower in replay.crash.borrowers} == {side}
    assert any(borrower.used for borrower in replay.crash.borrowers)
    assert replay.fills == tape.count
    assert replay.liquidations > 0
    assert replay.liquidations_words == str(replay.liquidations)


def test_who_was_liquidated_takes_nothing_more() -> None:
    """The penalty may have left it nothing, and then the rules refuse its next order: the replay would end there."""
    estimates = Estimates()
    crash = Crash([Borrower(7, 0, BUY, 10)], [9], estimates, {0: 25_000}, {0: 25_000})
    estimates.marks[0] = 1_000
    estimates.deposit(7, 100_000)
    assert crash.choose(0, BUY, 900, 1_000) == 7
    estimates.trade(7, 0, 900, 1_000)
    estimates.marks[0] = 900
    assert crash.liquidations(0) == [("liquidate", [7, 0, 9, 450])]
    estimates.apply([("liquidated", [7, 9, 0, 450, 900])])
    estimates.marks[0] = 1_100
    assert estimates.equity(7) > 0
    assert crash.choose(0, BUY, 1, 1_100) is None


def test_a_calm_tape_has_leveraged_accounts_too_and_says_why_none_is_liquidated(
    tmp_path: Path, exchange: FakeExchange
) -> None:
    replay = Replay(tape_of(tmp_path, way("A", 1_000, 999, 300)))
    drive(replay, exchange)
    assert replay.liquidations == 0
    assert replay.leveraged_words == "24, 24 with a position"
    assert "by 0.10 % at most" in replay.liquidations_words
    assert "maintenance margin" in replay.liquidations_words
    none = Replay(tape_of(tmp_path, way("A", 1_000, 999, 300)), ReplayPlan(leveraged=0))
    drive(none, type(exchange)())
    assert "0: no trade of the opening" in none.liquidations_words


def test_leveraged_accounts_are_where_the_tape_moves_most(tmp_path: Path, exchange: FakeExchange) -> None:
    """A liquidator may hold eight positions, so more markets would leave accounts that nobody can take over."""
    ways = [way(f"M{i}", 1_000, 1_000 - 40 * i, 40) for i in range(12)]
    rows = [row for together in zip(*ways, strict=True) for row in together]
    tape = tape_of(tmp_path, rows)
    cast = choose_cast(tape, ReplayPlan(), FIRST_USER)
    assert {borrower.market for borrower in cast.borrowers} == set(range(12 - MAX_POSITIONS, 12))
    assert len(cast.deposits) == 12 * 6 + 24 + 2
    replay = Replay(tape)
    drive(replay, exchange)
    assert replay.liquidations > 0
    held: dict[int, set[int]] = {}
    for account, market in exchange.held:
        held.setdefault(account, set()).add(market)
    assert max(len(markets) for markets in held.values()) <= MAX_POSITIONS


def test_a_turnover_beyond_the_vault_is_refused_before_anything_happens(tmp_path: Path) -> None:
    fits = choose_cast(tape_of(tmp_path, way("A", 100, 100, 200), "900000"), ReplayPlan(), FIRST_USER)
    assert sum(fits.deposits) < CUSTODY
    with pytest.raises(TapeError, match="TAPE_TURNOVER") as refused:
        Replay(tape_of(tmp_path, way("A", 100, 100, 2_000), "90000000"))
    assert refused.value.code == TAPE_TURNOVER

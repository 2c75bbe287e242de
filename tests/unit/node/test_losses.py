"""Whom the node deleverages and covers, when, and how little it looks at for it."""

from __future__ import annotations

import pytest

from kedge.node import losses
from kedge.node.losses import ACTIONS, AT_ONCE, COVERS, LOOKS, Losses, distance, exposed
from kedge.rules import FUND, SHARES, Account, Market, Position
from kedge.sequencer import Transaction
from kedge.venue import read_record
from tests.unit.exchange import BUY, GENESIS, IOC, MARK, SELL, STAKE, Exchange

NOW = GENESIS + 1_000
FALLEN = MARK * 97 // 100


class Watch:
    """Losses of an exchange whose committed groups it hears of, and what it has read."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange, self.losses = exchange, Losses()
        self._heard = len(exchange.groups)
        self.read: list[int] = []

    def due(self, now: int = NOW) -> list[tuple[str, list[int]]]:
        for group in self.exchange.groups[self._heard :]:
            self.losses.learn(group)
        self._heard = len(self.exchange.groups)
        self.read.clear()
        return [(step, list(args)) for step, args in self.losses.due(self._ask, now)]

    def _ask(self, question: losses.Question) -> list[Transaction]:
        def noting(get: losses.Get) -> list[Transaction]:
            def note(address: int) -> list[int]:
                self.read.append(address)
                return get(address)

            return question(note)

        return self.exchange.ask(noting)

    def act(self) -> list[tuple[str, list[int]]]:
        """Do what is due, and check that the rules accept it."""
        work = self.due()
        for step, args in work:
            self.exchange.state(step, *args)
        return work

    def looked_at(self) -> set[int]:
        return {address >> 13 for address in self.read} - {0, FUND}


@pytest.fixture
def watch(exchange: Exchange) -> Watch:
    """Account 3 is long 60,000 lots and account 4 10,000, of account 2."""
    watch = Watch(exchange)
    exchange.place(2, 0, SELL, MARK, 70_000)
    exchange.place(3, 0, BUY, MARK, 60_000, IOC)
    exchange.place(4, 0, BUY, MARK, 10_000, IOC)
    return watch


def test_nobody_is_looked_at_twice_while_nothing_moves(watch: Watch) -> None:
    assert watch.due() == []
    assert watch.looked_at() == {2, 3, 4}
    assert watch.due() == []
    assert watch.looked_at() == set()


def test_a_gap_costs_who_is_bankrupt_its_position(watch: Watch) -> None:
    watch.due()
    watch.exchange.state("oracle_price", 0, FALLEN)
    assert watch.act() == [("deleverage", [3, 0])]
    assert watch.exchange.ask(lambda get: read_record(get, Position, 3)["size"]) == 0
    assert watch.act() == [], "account 4 and account 2 hold 10,000 lots well"


@pytest.mark.parametrize("restarted", [False, True])
def test_one_that_is_still_paid_for_is_left_to_bidders(watch: Watch, restarted: bool) -> None:
    """Until a little more of it is gone, also where the node was restarted in between."""
    watch.due()
    watch.exchange.state("oracle_price", 0, MARK * 98 // 100 - 1_000)
    assert watch.due() == []
    if restarted:
        watch.losses = Losses()
        watch.losses.resume(watch.exchange.sequencer.read(lambda engine: exposed(engine.entries())))
        assert watch.due() == []
    watch.exchange.state("oracle_price", 0, FALLEN)
    assert watch.due() == [("deleverage", [3, 0])]


def test_small_moves_wake_nobody_who_is_well(watch: Watch) -> None:
    """Account 4 has a cushion of a sixth of what it holds, account 3 of a fiftieth."""
    watch.due()
    for step in range(1, 6):
        watch.exchange.state("oracle_price", 0, MARK - step * 1_000)
        watch.due()
        assert 4 not in watch.looked_at()


def test_nothing_is_asked_for_in_a_grace_or_at_an_old_mark(watch: Watch) -> None:
    watch.due()
    watch.exchange.state("oracle_price", 0, FALLEN)
    assert watch.due(NOW + 60_001) == []
    assert watch.due(NOW + 60_000) == [("deleverage", [3, 0])]
    watch.exchange.state("window_update", NOW + 120_001, GENESIS)
    watch.exchange.state("oracle_price", 0, FALLEN)
    watch.exchange.state("margin_update", 0)
    assert watch.due(NOW + 120_001) == []


def test_what_the_rules_refuse_is_asked_for_again(watch: Watch) -> None:
    watch.due()
    watch.exchange.state("oracle_price", 0, FALLEN)
    for _ in range(3):
        assert watch.due() == [("deleverage", [3, 0])]


def indebted(exchange: Exchange, count: int) -> None:
    """Accounts from 10 on with less than nothing and without a position, in a market without fees."""
    terms = [1, 0, 0, 5_000, 10_000, 1_000_000, 2**30 - 1, 2**48 - 1, 20_000, 40_000, 5_000, 2_000, 5_000, 100]
    exchange.state("open_market", 1, MARK, *terms)
    for n in range(count):
        exchange.state("deposit", 3 + n, 10 + n, 13_000_000, 0, 0, 0, 0, 10 + n)
        exchange.state("place", 2, 5, 1, SELL, MARK, 1_000, 0, 0, 0)
        exchange.state("place", 10 + n, 5, 1, BUY, MARK, 1_000, IOC, 0, 0)
    exchange.state("oracle_price", 1, FALLEN)
    for n in range(count):
        exchange.state("place", 10 + n, 5, 1, SELL, FALLEN, 1_000, 0, 0, 0)
        exchange.state("place", 2, 5, 1, BUY, FALLEN, 1_000, IOC, 0, 0)


def test_debts_wait_for_the_fund_and_are_paid_a_few_at_a_time(exchange: Exchange) -> None:
    watch = Watch(exchange)
    indebted(exchange, COVERS + 2)
    assert watch.due() == [], "the fund has nothing"
    exchange.place(2, 0, SELL, MARK, 1_000)
    exchange.place(3, 0, BUY, MARK, 1_000, IOC)
    first = watch.act()
    assert [step for step, _ in first] == ["cover"]
    assert exchange.ask(lambda get: read_record(get, Account, FUND)["collateral"]) == 0
    for n in range(6):
        seller, buyer = (2, 3) if n % 2 else (3, 2)
        exchange.place(seller, n, SELL, MARK, 20_000)
        exchange.place(buyer, n, BUY, MARK, 20_000, IOC)
    paid = [watch.act() for _ in range(4)]
    assert [len(work) for work in paid] == [COVERS, 2, 0, 0]
    for n in range(COVERS + 2):
        assert exchange.ask(lambda get, n=n: read_record(get, Account, 10 + n)["collateral"]) == 0  # type: ignore[misc]


def test_a_round_is_bounded(exchange: Exchange) -> None:
    """Three hundred accounts go bankrupt at once: no round reads or does more than it may, and in the end all are
    done."""
    watch = Watch(exchange)
    exchange.state("deposit", 3, 5, 10**12, 0, 0, 0, 0, 5)
    for n in range(300):
        exchange.state("deposit", 4 + n, 10 + n, 13_000_000, 0, 0, 0, 0, 10 + n)
        exchange.place(5, 0, SELL, MARK, 1_000)
        exchange.place(10 + n, 0, BUY, MARK, 1_000, IOC)
    while watch.due() or watch.looked_at():
        assert len(watch.looked_at()) <= LOOKS
    exchange.state("oracle_price", 0, FALLEN)
    rounds = []
    while work := watch.act():
        assert len(watch.looked_at()) <= LOOKS
        rounds.append(len(work))
    assert sum(rounds) == 300
    assert max(rounds) < ACTIONS + AT_ONCE


def test_how_far_a_market_travels() -> None:
    """Any account's cushion falls by no more than this share of what it holds."""
    old = dict.fromkeys(Market.fields, 0) | {"mark": 100, "kept": 20_000}
    assert distance(old, old) == 0
    assert distance(old, old | {"mark": 90}) >= 0.1
    assert distance(old, old | {"mark": 110}) >= 0.1
    assert distance(old, old | {"funding": 2**16}) >= 0.01
    assert distance(old, old | {"kept": 30_000}) >= 0.01 / SHARES
    assert distance(old, old | {"slope": 1}) >= 2**10 / 10**6 / SHARES


def test_what_is_taken_up_at_the_start(watch: Watch) -> None:
    """Who holds something or owes; nobody else, and neither the exchange nor the fund."""
    watch.exchange.state("deposit", 3, 9, STAKE, 0, 0, 0, 0, 9)
    assert watch.exchange.sequencer.read(lambda engine: exposed(engine.entries())) == {2, 3, 4}

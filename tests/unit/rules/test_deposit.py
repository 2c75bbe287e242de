"""deposit, withdraw and conclude: collateral comes in and goes out in order, and the chains can be recomputed."""

from __future__ import annotations

import pytest

from kedge._native import poseidon2
from kedge.machine import P
from kedge.rules import DEPOSITS, WITHDRAWALS, Account, Code, Owner, Queue
from tests.unit.rules.venue import MARK, TEN_THOUSAND, Venue, dict_of


def chain(messages: list[list[int]]) -> list[int]:
    """head' = H(head, index, account, amount, owner, 0, 0, 0, 0), from zeros."""
    head = [0] * 4
    for message in messages:
        head = poseidon2([*head, *message, 0, 0, 0, 0])
    return head


def heads(venue: Venue, slot: int) -> tuple[int, list[int]]:
    queue = venue.get(Queue, 0, slot)
    return queue.count, [word % P for word in (queue.head0, queue.head1, queue.head2, queue.head3)]


def test_deposits_are_chained_and_credited() -> None:
    venue, messages = Venue(), []
    for account, amount in ((2, 5), (3, 2**59 - 1), (2, 1)):
        (event,) = venue.ok("deposit", *venue.deposit_args(account, amount))
        venue.deposits += 1
        messages.append(event[1])
        assert event == ("deposited", [venue.deposits - 1, account, amount, account, 0, 0, 0, 7])
    assert heads(venue, DEPOSITS) == (3, chain(messages))
    assert [venue.get(Account, a).collateral for a in (2, 3)] == [6, 2**59 - 1]
    assert vars(venue.get(Owner, 3)) == {"word0": 3, "word1": 0, "word2": 0, "word3": 0, "word4": 7, "known": 1}


def test_withdrawals_are_chained_and_debited() -> None:
    venue, messages = Venue().open(), []
    for account, amount in ((2, 1), (3, TEN_THOUSAND), (2, TEN_THOUSAND - 1)):
        (event,) = venue.ok("withdraw", account, amount)
        messages.append(event[1])
        assert dict_of(event)["owner0"] == account
    assert heads(venue, WITHDRAWALS) == (3, chain(messages))
    assert [venue.get(Account, a).collateral for a in (2, 3)] == [0, 0]


@pytest.mark.parametrize("account", [2, 3])
def test_with_a_position_all_but_the_margin_may_leave(account: int) -> None:
    venue = Venue().open()
    venue.trade(2, 3, MARK, 1_000)
    venue.mark(MARK + 1)
    held = venue.get(Account, account).collateral
    profit = 1_000 if account == 3 else -1_000
    margin = -(-1_000 * (MARK + 1) * (20_000 + 1) // 10**6)
    free = held + profit - margin
    assert venue.code("withdraw", account, free + 1) == Code.UNDERMARGINED
    venue.ok("withdraw", account, free)
    assert venue.code("withdraw", account, 1) == Code.UNDERMARGINED


def test_profit_stays_until_the_position_is_closed() -> None:
    venue = Venue().open()
    venue.trade(2, 3, MARK, 1_000)
    venue.mark(2 * MARK)
    held = venue.get(Account, 3).collateral
    assert venue.code("withdraw", 3, held + 1) == Code.INSUFFICIENT_COLLATERAL
    venue.ok("withdraw", 3, held)
    assert venue.get(Account, 3).collateral == 0

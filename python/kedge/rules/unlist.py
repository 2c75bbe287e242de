"""unlist: an empty position leaves its account's list and makes room for another market."""

from __future__ import annotations

from kedge.machine import Machine, unsigned
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.place import USER
from kedge.rules.records import MARKET_ID, MAX_POSITIONS, Account, Position


@rules.step(phases=["idle"], account=USER, market=MARKET_ID, previous=unsigned(10))
def unlist(m: Machine) -> None:
    """Take an empty position out of the list; `previous` is the listed position before it as market + 1, or 0.

    Resting orders of that market are evicted when a taker meets them. Prover may choose: nothing.
    """
    account = m.change(Account.at(m.input("account")))
    position = m.change(Position.at(m.input("account"), m.input("market")))
    m.require(position.listed, Code.POSITION_OPEN)
    m.require(position.size == 0, Code.POSITION_OPEN)
    own = m.input("market") + 1
    has_before = m.test(m.input("previous") != 0)
    before = m.change(Position.at(m.input("account"), m.input("previous") - 1), when=has_before, name="before")
    with m.when(has_before):
        m.require(before.listed, Code.LIST_MISMATCH)
        m.require(before.next == own, Code.LIST_MISMATCH)
        before.next = position.next
    with m.when(~has_before):
        m.require(account.head == own, Code.LIST_MISMATCH)
        account.head = position.next
    account.positions = m.assume(account.positions - 1, 0, MAX_POSITIONS)
    position.listed, position.next = 0, 0

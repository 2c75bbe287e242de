"""Bonds: what takes room in a book is backed by money that whoever removes it is paid from.

A bond leaves the collateral when an order rests, and returns when the order is filled whole, cancelled by its account,
met by an order of its own account, or removed because a mark was too old, which is the operator's fault. Any other
removal hands it to the insurance fund. While an order rests its bond counts as equity of its account, but cannot be
withdrawn: so placing and cancelling change nobody's margin, and no debt can hide money in bonds.
"""

from __future__ import annotations

from kedge.machine import Machine, View, Word
from kedge.rules.codes import Code
from kedge.rules.records import BOND, MOST_ORDERS


def equity_of(account: View) -> Word:
    """Collateral and bonds: what an assessment starts from."""
    return account.collateral + account.resting * BOND


def count_resting(m: Machine, account: View, change: Word) -> None:
    """Count an order that begins or ends to rest.

    An order rests in one of the account's slots, each of which holds one; whatever ends to rest was counted when it
    began. So the count stays within its bounds.
    """
    account.resting = m.assume(account.resting + change, 0, MOST_ORDERS)


def take_bond(m: Machine, account: View) -> None:
    """Take the bond of an order that begins to rest."""
    m.require(account.collateral >= BOND, Code.BOND_MISSING)
    account.collateral = m.assume(account.collateral - BOND, -(2**60), 2**60 - 1)
    count_resting(m, account, m.word(1))


def pay(m: Machine, account: View, amount: Word) -> None:
    """Add to an account's collateral what a bond gives."""
    account.collateral = m.narrow(account.collateral + amount, -(2**60), 2**60 - 1, Code.COLLATERAL_OVERFLOW)

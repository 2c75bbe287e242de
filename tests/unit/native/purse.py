"""A rule set of two steps, small enough to prove in a second."""

from __future__ import annotations

from enum import IntEnum

from kedge.machine import Machine, Record, RuleSet, trace, unsigned


class Code(IntEnum):
    """Refusals of the purse."""

    LOW = 16


class Purse(Record):
    """Coins of one owner."""

    kind = 0
    coins = unsigned(40)


OWNER, AMOUNT = unsigned(20), unsigned(20)

rules = RuleSet(
    "purse",
    1,
    registers={},
    phases={"idle": []},
    records=[Purse],
    events={"moved": ("giver", "taker", "amount")},
    codes=Code,
    indexes=[],
)


@rules.step(phases=["idle"], taker=OWNER, amount=AMOUNT)
def mint(m: Machine) -> None:
    """Make coins."""
    purse = m.change(Purse.at(m.input("taker")))
    purse.coins = m.assume(purse.coins + m.input("amount"), 0, 2**40 - 1)


@rules.step(phases=["idle"], giver=OWNER, taker=OWNER, amount=AMOUNT)
def move(m: Machine) -> None:
    """Hand coins over."""
    giver, taker, amount = m.input("giver"), m.input("taker"), m.input("amount")
    give, take = m.change(Purse.at(giver)), m.change(Purse.at(taker))
    give.coins = m.narrow(give.coins - amount, 0, 2**40 - 1, Code.LOW)
    take.coins = m.assume(take.coins + amount, 0, 2**40 - 1)
    m.emit("moved", giver=giver, taker=taker, amount=amount)


DATA = trace(rules).data

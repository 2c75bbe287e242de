"""Deleveraging applied to every position of a state, computed with fractions from the specification, not the rules."""

from __future__ import annotations

import copy
from fractions import Fraction
from math import ceil, floor
from typing import Any

from kedge.rules import ANNOUNCED, EXCHANGE, Account, Cut, Pool, Position
from tests.unit.rules.world import World

FULL, PARTS = 2**30 - 1, 2**16


def claim(position: Any) -> Fraction:
    """Lots of a position with its part of one."""
    return Fraction(position.size) + Fraction(position.part, PARTS)


def remaining(world: World, account: int, number: int) -> Fraction:
    """What a position comes to once all deleveragings are applied, without rounding to lots."""
    position, market = world.get(Position, account, number), world.market(number)
    left, cut = claim(position), world.get(Cut, position.cuts + 1, number)
    side = "short" if position.size < 0 else "long"
    while cut.address >> 13 != market.cuts + 1:
        end, same = _last(world, cut, number, side)
        left *= Fraction(FULL - getattr(end, f"{side}_gone"), FULL - getattr(cut, f"{side}_gone"))
        cut = end if same else world.get(Cut, end.following + 1, number)
    return left


def _last(world: World, cut: Any, number: int, side: str) -> tuple[Any, bool]:
    """The last cut of the era of a side that a cut stands in, and whether that era is the present one."""
    era = getattr(cut, f"{side}_era")
    if era == getattr(world.get(Pool, EXCHANGE, number), f"{side}_era"):
        return world.get(Cut, world.market(number).cuts + 1, number), True
    return world.get(Cut, 2 * era + 1 + (side == "short"), number + ANNOUNCED), False


def current(world: World) -> World:
    """The state after everybody has adjusted everything."""
    after = copy.deepcopy(world)
    for account, number in sorted(after.records[Position]):
        while _adjust(after, account, number):
            pass
    return after


def _adjust(world: World, account: int, number: int) -> bool:
    """Apply the deleveragings of one era to a position; whether there were any."""
    market, position = world.market(number), world.get(Position, account, number)
    if position.cuts == market.cuts:
        return False
    pool, owner = world.pool(number), world.records[Account][account, 0]
    then = world.get(Cut, position.cuts + 1, number)
    side, sign = ("short", -1) if position.size < 0 else ("long", 1)
    now, same = _last(world, then, number, side)
    gone = getattr(now, f"{side}_gone") - getattr(then, f"{side}_gone")
    cash = getattr(now, f"{side}_cash") - getattr(then, f"{side}_cash")
    scale = Fraction(FULL - getattr(now, f"{side}_gone"), FULL - getattr(then, f"{side}_gone"))
    shifted = floor(
        (abs(position.size) + Fraction(sign * position.part, PARTS)) * scale * PARTS + Fraction(1, 2) * PARTS
    )
    left, low = divmod(shifted, PARTS)
    average = Fraction(cash, gone) if gone else Fraction(0)
    price = (ceil(average) if side == "short" else floor(average)) + (market.funding >> 16)
    moved = sign * (left - abs(position.size))
    owner.collateral -= world.due(position, number)
    position.size, position.cost, position.funding = (
        position.size + moved,
        position.cost + moved * price,
        market.funding,
    )
    if not position.size:
        owner.collateral, position.cost = owner.collateral - position.cost, 0
    pool.cost += world.due(pool, number) - moved * price
    pool.size, pool.funding = pool.size - moved, market.funding
    position.part = sign * (max(low, 1) - PARTS // 2)
    position.cuts = market.cuts if same or not left else now.following
    return True

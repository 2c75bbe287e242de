"""Ways to cheat where losses are shared out: deleveraging, what positions apply of it, and what the fund pays."""

from __future__ import annotations

from kedge.rules import rules
from tests.soundness.cheating import Cheat
from tests.soundness.mutation import first, ignore_guard, plays, plus, zero
from tests.soundness.plays import (
    debt_of_the_flat,
    gap,
    sleeping_bystander,
    sleeping_makers,
    sleeping_neighbour,
    sleeping_reducer,
    sleeping_swept,
    sleeping_taker,
    sleeping_withdrawal,
    waking,
    withdrawal_of_a_gain,
)


@plays(gap)
def deleverage_at_another_price(cheat: Cheat) -> None:
    cheat.twist("close_out", cheat.emitted("close_out", "deleveraged", "price"), plus(cheat, "close_out", 1))


@plays(gap)
def spare_the_fund(cheat: Cheat) -> None:
    cheat.twist("close_out", cheat.emitted("close_out", "deleveraged", "paid"), lambda _: zero(cheat, "close_out"))


@plays(gap)
def deleverage_whom_nobody_pays_for(cheat: Cheat) -> None:
    """The other side keeps its lots: no new cut is written."""
    cheat.forget("close_out", "fresh")


@plays(gap)
def deleverage_out_of_the_funds_book(cheat: Cheat) -> None:
    cheat.forget("close_out", "pool")


@plays(gap)
def close_more_of_the_other_side(cheat: Cheat) -> None:
    cheat.write("close_out", "fresh", "short_gone", plus(cheat, "close_out", 1))


@plays(gap)
def keep_a_debt_closed(cheat: Cheat) -> None:
    cheat.write("close_out", "account", "collateral", plus(cheat, "close_out", 1))


@plays(gap)
def begin_no_new_era(cheat: Cheat) -> None:
    cheat.write("close_out", "pool", "short_era", lambda _: cheat.cell("close_out", "pool.short_era"))


@plays(waking)
def adjust_to_the_last_cut_at_once(cheat: Cheat) -> None:
    cheat.write("adjust", "position", "cuts", lambda _: cheat.cell("adjust", "market.cuts"))


@plays(waking)
def adjust_and_keep_the_lots(cheat: Cheat) -> None:
    cheat.write("adjust", "position", "size", lambda _: cheat.cell("adjust", "position.size"))


@plays(waking)
def adjust_at_another_price(cheat: Cheat) -> None:
    cheat.write("adjust", "position", "cost", plus(cheat, "adjust", -1))


@plays(waking)
def adjust_and_leave_the_fund_its_lots(cheat: Cheat) -> None:
    cheat.forget("adjust", "pool")


@plays(waking)
def adjust_by_another_cut(cheat: Cheat) -> None:
    (_then, now) = [move for move in cheat.moves("adjust") if move["do"] == "read"][-2:]
    now["address"] = plus(cheat, "adjust", 2**13)(now["address"])


@plays(sleeping_withdrawal)
def assess_a_sleeping_position(cheat: Cheat) -> None:
    ignore_guard(cheat, "assess", 0)
    first(cheat, "assess")


@plays(sleeping_makers)
def fill_a_sleeping_maker(cheat: Cheat) -> None:
    for step, number in (("fill", 11), ("offer", 9), ("assess", 0)):
        ignore_guard(cheat, step, number)
    first(cheat, "fill", "offer", "assess")


@plays(sleeping_reducer)
def fill_a_sleeping_maker_unassessed(cheat: Cheat) -> None:
    ignore_guard(cheat, "fill", 11)
    first(cheat, "fill")


@plays(sleeping_swept)
def spare_a_sleeping_maker(cheat: Cheat) -> None:
    ignore_guard(cheat, "spare", 11)
    first(cheat, "spare")


@plays(sleeping_bystander)
def wake_a_maker_who_is_not_met(cheat: Cheat) -> None:
    ignore_guard(cheat, "renew", 0)
    first(cheat, "renew")


@plays(sleeping_neighbour)
def wake_a_maker_after_the_last_lot(cheat: Cheat) -> None:
    ignore_guard(cheat, "renew", 1)
    first(cheat, "renew")


@plays(sleeping_taker)
def match_a_sleeping_taker(cheat: Cheat) -> None:
    cheat.hand_over("place", "phase", cheat.node("place", "k", list(rules.phases).index("matching")))


@plays(withdrawal_of_a_gain)
def catch_up_without_counting_it(cheat: Cheat) -> None:
    cheat.hand_over("catch_up", "equity", cheat.cell("catch_up", "equity"))


@plays(debt_of_the_flat)
def cover_more_than_the_fund_holds(cheat: Cheat) -> None:
    cheat.twist("absorb", cheat.emitted("absorb", "covered", "amount"), plus(cheat, "absorb", 1))


@plays(debt_of_the_flat)
def cover_out_of_nothing(cheat: Cheat) -> None:
    cheat.forget("absorb", "fund")

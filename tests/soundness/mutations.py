"""Named ways to cheat, one for each constraint that somebody's money hangs on."""

from __future__ import annotations

from kedge.machine import address_of
from kedge.rules import BOND, Account, Order
from tests.soundness.cheating import Cheat
from tests.soundness.mutation import first, ignore_guard, plays, plus, zero
from tests.soundness.plays import (
    best_comes_last,
    cancelled_middle,
    equal_sizes,
    expired_maker,
    falling,
    filled_before_a_stale_maker,
    funding,
    money_in,
    money_out,
    new_terms,
    pause,
    poor_neighbour,
    stale_maker,
    swept_offers,
    swept_wall,
    too_much,
    two_in_line,
    two_offers,
    two_positions,
    two_sides,
    unlisted_maker,
    weak_maker,
)


@plays(two_offers)
def skip_better_order(cheat: Cheat) -> None:
    worse = cheat.node("fill", "k", address_of(Order, 3))
    cheat.twist("fill", "(side ? book.bid", lambda _: worse)


@plays(two_offers)
def evict_healthy_maker(cheat: Cheat) -> None:
    last = [move for move in cheat.moves("evict") if move["do"] == "guard"][-1]
    cheat.drop("evict", lambda move: move is last)


@plays(two_offers)
def fill_at_another_price(cheat: Cheat) -> None:
    cheat.write("fill", "taker_position", "cost", plus(cheat, "fill", -1))


@plays(two_offers)
def fill_without_fees(cheat: Cheat) -> None:
    cheat.forget("fill", "fund")


@plays(two_offers)
def hide_that_the_taker_took_risk(cheat: Cheat) -> None:
    cheat.hand_over("fill", "exposed", zero(cheat, "fill"))


@plays(two_offers)
def fill_twice_from_one_order(cheat: Cheat) -> None:
    cheat.write("fill", "maker", "remaining", plus(cheat, "fill", 5))


@plays(two_in_line)
def rest_without_a_bond(cheat: Cheat) -> None:
    cheat.write("rest", "owner", "collateral", plus(cheat, "rest", BOND))


@plays(cancelled_middle)
def return_a_bond_twice(cheat: Cheat) -> None:
    cheat.write("cancel", "owner", "collateral", plus(cheat, "cancel", BOND))


@plays(cancelled_middle)
def cancel_and_count_the_order_still(cheat: Cheat) -> None:
    cheat.write("cancel", "owner", "resting", lambda _: cheat.cell("cancel", "owner.resting"))


@plays(two_offers)
def fill_and_keep_the_bond(cheat: Cheat) -> None:
    cheat.write("fill", "maker_account", "collateral", plus(cheat, "fill", -BOND))


@plays(stale_maker)
def evict_and_spare_the_bond(cheat: Cheat) -> None:
    cheat.write("evict", "maker_account", "collateral", plus(cheat, "evict", BOND))
    cheat.write("evict", "fund", "collateral", plus(cheat, "evict", -BOND))


@plays(stale_maker)
def evict_and_count_the_order_still(cheat: Cheat) -> None:
    cheat.write("evict", "maker_account", "resting", lambda _: cheat.cell("evict", "maker_account.resting"))


@plays(swept_offers)
def sweep_a_healthy_maker_away(cheat: Cheat) -> None:
    last = [move for move in cheat.moves("evict") if move["do"] == "guard"][-1]
    cheat.drop("evict", lambda move: move is last)


@plays(swept_wall)
def spare_a_stale_maker(cheat: Cheat) -> None:
    ignore_guard(cheat, "offer", 4)
    ignore_guard(cheat, "spare", 6)
    first(cheat, "offer", "spare")


@plays(two_offers)
def spare_a_maker_from_a_taker(cheat: Cheat) -> None:
    """The taker's order ends before it meets anybody."""
    ignore_guard(cheat, "spare", 1)
    first(cheat, "spare")


@plays(two_offers)
def give_the_taker_more_lots(cheat: Cheat) -> None:
    cheat.write("fill", "taker_position", "size", plus(cheat, "fill", 1))


@plays(two_offers)
def wrong_successor(cheat: Cheat) -> None:
    cheat.write("fill", "book", "ask", lambda _: zero(cheat, "fill"))


@plays(cancelled_middle)
def cancel_drops_the_orders_behind(cheat: Cheat) -> None:
    cheat.write("cancel", "before", "next", lambda _: zero(cheat, "cancel"))


@plays(two_in_line)
def jump_the_queue(cheat: Cheat) -> None:
    stand_behind(cheat, 0)
    ignore_guard(cheat, "rest", 8)


@plays(best_comes_last)
def stand_at_the_end(cheat: Cheat) -> None:
    stand_behind(cheat, address_of(Order, 2))
    ignore_guard(cheat, "rest", 7)


@plays(two_sides)
def stand_in_the_other_book(cheat: Cheat) -> None:
    stand_behind(cheat, address_of(Order, 2))
    ignore_guard(cheat, "rest", 5)


@plays(poor_neighbour)
def neighbour_that_is_no_order(cheat: Cheat) -> None:
    """Account 8 holds one quote and one position: read as an order, it is an offer in market 0 at one tick."""
    stand_behind(cheat, address_of(Account, 8))


@plays(equal_sizes)
def rest_what_is_filled(cheat: Cheat) -> None:
    ignore_guard(cheat, "rest", 2)
    first(cheat, "rest")


@plays(too_much)
def rest_without_assessment(cheat: Cheat) -> None:
    ignore_guard(cheat, "rest", 4)
    first(cheat, "rest")


@plays(unlisted_maker)
def fill_an_unlisted_maker(cheat: Cheat) -> None:
    ignore_guard(cheat, "fill", 7)
    ignore_guard(cheat, "offer", 6)
    first(cheat, "fill", "offer")


@plays(weak_maker)
def remove_a_maker_whose_fill_is_free(cheat: Cheat) -> None:
    ignore_guard(cheat, "offer", 8)
    first(cheat, "offer")


@plays(stale_maker)
def fill_a_stale_maker(cheat: Cheat) -> None:
    ignore_guard(cheat, "fill", 5)
    first(cheat, "fill")


@plays(filled_before_a_stale_maker)
def remove_a_maker_for_an_order_that_is_filled(cheat: Cheat) -> None:
    ignore_guard(cheat, "evict", 2)
    first(cheat, "evict")


@plays(expired_maker)
def fill_an_expired_maker(cheat: Cheat) -> None:
    ignore_guard(cheat, "fill", 4)
    first(cheat, "fill")


def stand_behind(cheat: Cheat, address: int) -> None:
    """Whoever rests stands behind whatever record one likes."""
    moves = cheat.moves("rest")
    at = next(i for i, move in enumerate(moves) if move["do"] == "find")
    moves[at] = {"do": "commit", "node": cheat.node("rest", "k", address), "col": moves[at]["col"]}


@plays(two_positions)
def leave_out_position(cheat: Cheat) -> None:
    cheat.hand_over("assess", "next", zero(cheat, "assess"))
    cheat.hand_over("assess", "phase", cheat.cell("assess", "then"))


@plays(two_offers)
def understate_requirement(cheat: Cheat) -> None:
    cheat.hand_over("assess", "required", cheat.cell("assess", "required"))


@plays(two_offers)
def overstate_equity(cheat: Cheat) -> None:
    honest = cheat.moves("offer")[-1]["registers"][cheat.data["registers"].index("equity")]
    cheat.hand_over("offer", "equity", plus(cheat, "offer", 10**9)(honest))


@plays(two_offers)
def assess_somebody_else(cheat: Cheat) -> None:
    cheat.hand_over("examine", "subject", cheat.node("examine", "k", 5))


@plays(two_offers)
def propose_a_smaller_fill(cheat: Cheat) -> None:
    cheat.hand_over("offer", "delta", zero(cheat, "offer"))


@plays(funding)
def flip_funding_sign(cheat: Cheat) -> None:
    nothing = zero(cheat, "funding_tick")
    column = cheat.emitted("funding_tick", "funded", "rate")
    cheat.twist("funding_tick", column, lambda node: cheat.node("funding_tick", "-", nothing, node))


@plays(pause)
def margin_without_ramp(cheat: Cheat) -> None:
    cheat.write("margin_update", "market", "rate", plus(cheat, "margin_update", 1))


@plays(falling)
def take_over_at_another_price(cheat: Cheat) -> None:
    cheat.twist("takeover", cheat.emitted("takeover", "liquidated", "price"), plus(cheat, "takeover", -1_000))


@plays(falling)
def keep_the_orders_of_the_liquidated(cheat: Cheat) -> None:
    cheat.write("takeover", "account", "epoch", plus(cheat, "takeover", -1))


@plays(money_in)
def mint(cheat: Cheat) -> None:
    cheat.write("deposit", "account", "collateral", plus(cheat, "deposit", 1_000_000))


@plays(money_in)
def leave_a_deposit_out_of_the_chain(cheat: Cheat) -> None:
    cheat.write("deposit", "queue", "head0", lambda _: cheat.cell("deposit", "queue.head0"))


@plays(money_out)
def withdraw_twice(cheat: Cheat) -> None:
    cheat.forget("withdraw", "account")


@plays(money_out)
def forge_a_digest(cheat: Cheat) -> None:
    cheat.write("withdraw", "queue", "head0", plus(cheat, "withdraw", 1))


@plays(new_terms)
def change_another_market(cheat: Cheat) -> None:
    _clock, *others = [move for move in cheat.moves("parameter_update") if move["do"] == "read"]
    for move in others:
        move["address"] = plus(cheat, "parameter_update", 1)(move["address"])

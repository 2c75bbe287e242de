"""Named ways to cheat, one for each constraint that somebody's money hangs on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kedge.machine import P, address_of
from kedge.rules import Account, Order
from tests.soundness.cheating import Cheat
from tests.unit.rules.case import Attempt
from tests.unit.rules.venue import BUY, HOUR, IOC, MARK, OTHER_MARK, SELL, START, Venue, order, terms

Play = Callable[[Venue], Attempt]


@dataclass(frozen=True, slots=True)
class Mutation:
    """`twist` changes what the sequencer computes; `play` is a state, and the transaction in which that pays."""

    name: str
    twist: Callable[[Cheat], None]
    play: Play


MUTATIONS: Final[list[Mutation]] = []


def plays(play: Play) -> Callable[[Callable[[Cheat], None]], Callable[[Cheat], None]]:
    """Register a twist under its function's name, with the play that it belongs to."""

    def register(twist: Callable[[Cheat], None]) -> Callable[[Cheat], None]:
        MUTATIONS.append(Mutation(twist.__name__, twist, play))
        return twist

    return register


def two_offers(v: Venue) -> Attempt:
    """Account 2 sells below account 3; account 4 buys."""
    v.order(2, SELL, MARK, 5)
    v.order(3, SELL, MARK + 1, 5)
    return "place", order(4, BUY, MARK + 1, 5, IOC)


def two_in_line(v: Venue) -> Attempt:
    """Account 3 comes after account 2, at the same price."""
    v.order(2, SELL, MARK, 5)
    return "place", order(3, SELL, MARK, 5)


def best_comes_last(v: Venue) -> Attempt:
    """Account 3 betters account 2."""
    v.order(2, SELL, MARK, 5)
    return "place", order(3, SELL, MARK - 1, 5)


def two_sides(v: Venue) -> Attempt:
    """Account 2 bids, account 3 offers."""
    v.order(2, BUY, MARK - 1, 5)
    return "place", order(3, SELL, MARK, 5)


def equal_sizes(v: Venue) -> Attempt:
    """An order that may rest, filled to the last lot."""
    v.order(2, SELL, MARK, 5)
    return "place", order(3, BUY, MARK, 5)


def too_much(v: Venue) -> Attempt:
    """Account 3 buys what it cannot bear, and wants more."""
    v.deposit(7, 10**10)
    v.order(7, SELL, MARK, 900_000)
    return "place", order(3, BUY, MARK, 900_001)


def unlisted_maker(v: Venue) -> Attempt:
    """Account 2 offers in a market that is not in its list; another market is."""
    v.order(2, SELL, MARK, 5)
    v.order(2, BUY, OTHER_MARK, 1, IOC, market=1)
    v.ok("unlist", 2, 0, 2)
    return "place", order(3, BUY, MARK, 5, IOC)


def expired_maker(v: Venue) -> Attempt:
    """Account 2's offer, which only reduces its position at no loss, expired."""
    v.trade(3, 2, MARK, 5)
    v.order(2, SELL, MARK + 1_000, 5, expiry=START)
    v.pass_time(1)
    return "place", order(4, BUY, MARK + 1_000, 5, IOC)


def stale_maker(v: Venue) -> Attempt:
    """Account 2's offer, which only reduces its position at no loss, was cancelled with all of its others."""
    v.trade(3, 2, MARK, 5)
    v.order(2, SELL, MARK + 1_000, 5)
    v.ok("cancel_all", 2)
    return "place", order(4, BUY, MARK + 1_000, 5, IOC)


def weak_maker(v: Venue) -> Attempt:
    """Account 3 lies below its margin and offers lots of its own at no loss: no assessment may stand in its way."""
    v.trade(2, 3, MARK, 700_000)
    v.mark(590_000)
    v.order(3, SELL, 591_000, 100)
    return "place", order(4, BUY, 591_000, 100, IOC)


def poor_neighbour(v: Venue) -> Attempt:
    """Account 8 holds one quote and one position."""
    v.deposit(8, 1)
    v.order(8, BUY, MARK, 1, IOC)
    return "place", order(3, SELL, MARK, 5)


def two_positions(v: Venue) -> Attempt:
    """Account 4 trades in both markets."""
    v.trade(2, 4, 30_000, 5, market=1)
    return two_offers(v)


def funding(v: Venue) -> Attempt:
    """Longs must pay."""
    v.trade(2, 3, MARK, 5)
    v.order(4, BUY, MARK + 10, 5)
    v.order(5, SELL, MARK + 20, 5)
    v.ok("oracle_price", 0, MARK)
    v.pass_time(HOUR)
    return "funding_tick", [0]


def falling(v: Venue) -> Attempt:
    """Account 3 is below maintenance."""
    v.trade(2, 3, MARK, 700_000)
    v.mark(593_000)
    return "liquidate", [3, 0, 4, 1_000]


def pause(v: Venue) -> Attempt:
    """Half a day without an anchor."""
    v.ok("window_update", START + 12 * HOUR, START)
    return "margin_update", [0]


def cancelled_middle(v: Venue) -> Attempt:
    """The second of three orders goes."""
    for slot in range(3):
        v.order(2, SELL, MARK + slot, 5, slot=slot)
    return "cancel", [2, 1]


def money_in(v: Venue) -> Attempt:
    return "deposit", v.deposit_args(9, 1_000)


def money_out(_: Venue) -> Attempt:
    return "withdraw", [2, 1_000]


def new_terms(v: Venue) -> Attempt:
    for market in (0, 1):
        v.ok("announce", market, *terms(floor=40_000 + market))
    v.pass_time(HOUR)
    return "parameter_update", [0]


def plus(cheat: Cheat, step: str, amount: int) -> Callable[[int], int]:
    """Makes a node's value larger by so much on a row in use."""
    unit = cheat.node(step, "*", cheat.cell(step, "on"), cheat.node(step, "k", amount % P))
    return lambda node: cheat.node(step, "+", node, unit)


def zero(cheat: Cheat, step: str) -> int:
    return cheat.node(step, "k", 0)


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


@plays(expired_maker)
def fill_an_expired_maker(cheat: Cheat) -> None:
    ignore_guard(cheat, "fill", 4)
    first(cheat, "fill")


def stand_behind(cheat: Cheat, address: int) -> None:
    """Whoever rests stands behind whatever record one likes."""
    moves = cheat.moves("rest")
    at = next(i for i, move in enumerate(moves) if move["do"] == "find")
    moves[at] = {"do": "commit", "node": cheat.node("rest", "k", address), "col": moves[at]["col"]}


def ignore_guard(cheat: Cheat, step: str, number: int) -> None:
    """Drop a step's guard by its number."""
    guards = [m for m in cheat.moves(step) if m["do"] == "guard" or (m["do"] == "range" and m["guard"])]
    cheat.drop(step, lambda move: move is guards[number])


def first(cheat: Cheat, *steps: str) -> None:
    """Try steps first, wherever they are tried."""
    for phase in cheat.data["phases"]:
        phase["steps"].sort(key=lambda name: steps.index(name) if name in steps else len(steps))


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

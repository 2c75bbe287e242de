"""What holds in every state that any history reaches."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from kedge.rules import BOND, EXCHANGE, FUND, Account, Book, Market, Pool, Position, rules
from kedge.rules.matching import AGED, CANCELLED, SELF_TRADE
from kedge.venue import read_holding
from tests.property.histories import Move, Player, draw_history, histories
from tests.unit.rules.current import current, remaining
from tests.unit.rules.venue import Event, Venue, dict_of, of_kind
from tests.unit.rules.world import World

EXAMPLES, SEEDS, LENGTH = 100, range(20), 500
MOVED_BY_THE_WORLD = ("oracle_price", "window_update", "margin_update", "funding_tick")
USER_STEPS = [name for name, step in rules.steps.items() if step.phases == (0,)]


def check_money(player: Player, world: World) -> None:
    """Collateral and bonds less cost are what was paid in less what was paid out, but for funding due and for dust.

    Funding moves size * index / 2^16 and nets to nothing, since sizes do; each settlement rounds it up by less than one
    quote, to the account's loss. In 2^-16 quote the sum is exact.
    """
    holders = [*world.records[Position].items(), *world.records[Pool].items()]
    costs = sum(p.cost for _, p in holders)
    due = sum(p.size * (world.market(n).funding - p.funding) for (_, n), p in holders)
    dust = (player.paid_in - player.paid_out - world.held() + costs) * 2**16 + due
    assert 0 <= dust < max(1, player.settlements * 2**16)


def check_backed(player: Player, world: World) -> None:
    """What everybody together could withdraw is in custody, but for what accounts below zero still owe, and for what
    the fund's book may lose with the fractions of lots that it holds, and with its roundings of a tick a lot.
    """
    accounts = [account for account, _ in world.records[Account] if account != FUND]
    free = [min(world.get(Account, a).collateral, world.equity(a) - world.required(a)) for a in accounts]
    owed = sum(max(0, -world.equity(a)) for a in accounts)
    lost = sum(
        max(0, p.cost - p.size * world.market(n).mark + world.due(p, n)) for (_, n), p in world.records[Pool].items()
    )
    fund = world.get(Account, FUND).collateral
    assert fund >= 0
    assert sum(max(0, most) for most in free) + fund <= player.paid_in - player.paid_out + owed + lost


def check_views(venue: Venue, world: World) -> None:
    """What clients are shown of a position is what it comes to."""
    for (account, number), position in world.records[Position].items():
        held = read_holding(venue.engine.get, account, number)
        assert (held.size, held.part) == (position.size, position.part)
        assert (held.cost, held.funding) == (position.cost, position.funding)
    for (account, _), owner in world.records[Account].items():
        gain = sum(read_holding(venue.engine.get, account, n).gain for n in world.positions(account))
        assert venue.get(Account, account).collateral + gain == owner.collateral


def check_interest(world: World) -> None:
    """Open interest is what all longs, and all shorts, come to once they have applied what was closed of them.

    Up to 2^-23 of it, and what lies in the parts of positions that have changed sides.
    """
    for _, number in world.records[Market]:
        interest, cuts = world.get(Book, EXCHANGE, number).interest, world.market(number).cuts
        claims = [remaining(world, a, n) for a, n in world.records[Position] if n == number]
        for side in (sum(c for c in claims if c > 0), -sum(c for c in claims if c < 0)):
            assert abs(side - interest // 2) <= cuts * (1 + interest / 2**24) * len(claims)
        assert interest % 2 == 0


def check_priority(player: Player, world: World) -> None:
    """At one price, who rested first stands first."""
    for _, number in world.records[Market]:
        for side in (0, 1):
            places = [(o.price * (1 if side else -1), player.arrived[o.address]) for o in world.book(number, side)]
            assert places == sorted(places)


def check_best_first(before: World, step: str, args: list[int], events: list[Event]) -> None:
    """Whom a taker or a sweep met, filled or removed, are the first orders of the other side, none passed over."""
    if step not in ("place", "sweep"):
        return
    number, way = args[2:4] if step == "place" else args[:2]
    met = [e["order"] for name in ("fill", "removed") for e in of_kind(events, name)]
    line = [o.address for o in before.book(number, 1 - way)]
    assert set(met) == set(line[: len(set(met))])


def lost_bonds(account: int, events: list[Event]) -> int:
    """What the account lost by orders of its own that were removed for its own fault."""
    spared = (CANCELLED, SELF_TRADE, AGED)
    return BOND * sum(e["account"] == account and e["reason"] not in spared for e in of_kind(events, "removed"))


def check_bonds(before: World, world: World, step: str, events: list[Event]) -> None:
    """The fund takes the bond of each order that is removed for its account's fault, besides fees and debts."""
    removed = {e["account"] for e in of_kind(events, "removed")}
    due = sum(lost_bonds(account, events) for account in removed)
    fees = sum(e["maker_fee"] + e["taker_fee"] for e in of_kind(events, "fill"))
    debts = sum(e["amount"] for e in of_kind(events, "covered"))
    debts += sum(e["paid"] for e in of_kind(events, "deleveraged"))
    fund = world.get(Account, FUND).collateral - before.get(Account, FUND).collateral
    assert fund == due + fees - debts, f"{step} moved {fund} quote to the fund"


def check_sweep(before: World, world: World, step: str, events: list[Event]) -> None:
    """A sweep fills nothing, and moves nothing but the bonds of what it removes."""
    if step != "sweep":
        return
    assert {name for name, _ in events} <= {"swept", "removed", "done", "adjusted"}
    assert world.records[Position] == before.records[Position]
    assert world.held() == before.held()


def check_margin(before: World, world: World, step: str, args: list[int], events: list[Event]) -> None:
    """Whoever ends with more risk, withdrew or took over bears it at initial margin."""
    involved = {account for account, _ in world.records[Position]} - {FUND}
    for account in involved:
        old, new = before.positions(account), world.positions(account)
        grew = [n for n in new if abs(new[n].size) > abs(old[n].size if n in old else 0)]
        if grew or (step == "withdraw" and args[0] == account):
            least = world.required(account) - lost_bonds(account, events)
            assert world.equity(account) >= least, f"account {account} after {step}{args}"


def check_debt(before: World, world: World, step: str, args: list[int], events: list[Event]) -> None:
    """Nobody makes debt: what moves lots or cash leaves no account poorer than nothing, and none below initial margin
    with worse health (equity by requirement) than before. Only price, funding and time can. A takeover is measured by
    what positions must keep.

    Each fill and takeover rounds a fee, funding and two margins against the account: that dust is allowed for, and the
    bonds that it lost, which the fund has.
    """
    if step in MOVED_BY_THE_WORLD or of_kind(events, "deleveraged"):
        return
    for account in {account for account, _ in world.records[Position]} - {FUND}:
        dust = 4 * sum(account in (e.get("maker"), e.get("taker"), e.get("account")) for e in map(dict_of, events))
        dust += lost_bonds(account, events)
        old, new = before.equity(account), world.equity(account)
        assert new >= min(0, old) - dust, f"account {account} fell from {old} to {new} by {step}{args}"
        kept = step == "liquidate"
        was, wants = before.required(account, kept), world.required(account, kept)
        if 0 <= new < wants:
            assert (new + dust) * was >= old * wants, f"account {account} is in worse health after {step}{args}"


def check_deleveraging(before: World, world: World, events: list[Event]) -> None:
    """The account is left with its part of the debt paid and no more; nobody else loses while the fund pays, up to a
    lot and a tick for each lot; the fund pays what it has before the other side pays anything.
    """
    for event in of_kind(events, "deleveraged"):
        account, number = event["account"], event["market"]
        assert world.get(Position, account, number).size == 0
        assert world.equity(account) == before.equity(account) + event["paid"] + event["shared"]
        assert event["paid"] == 0 or world.equity(account) <= 0
        assert event["shared"] == 0 or world.get(Account, FUND).collateral == 0
        mark, sold = world.market(number).mark, event["size"] < 0
        for other, n in world.records[Position]:
            old, new = before.get(Position, other, n), world.get(Position, other, n)
            if other == account or n != number:
                continue
            closes = (old.size < 0) if sold else (old.size > 0)
            assert closes or new.size == old.size
            assert abs(new.size) <= abs(old.size)
            lost = before.equity(other) - world.equity(other)
            closed = abs(old.size) - abs(new.size)
            assert lost <= closed * (abs(event["price"] - mark) + 2) + mark + 2


def follow(history: list[Move]) -> Counter[str]:
    """Play a history and check every state it reaches; returns how often each transaction was accepted, by step."""
    player, accepted = Player(Venue(oracle=False)), Counter[str]()
    engine = player.venue.engine
    world, root = World.of(engine.entries()), engine.root()
    for move in history:
        for step, args, code, events in player.play(move):
            if code:
                assert (events, engine.root()) == ([], root), f"{step}{args} was refused and left a trace"
                continue
            before, raw, root = world, World.of(engine.entries()), engine.root()
            raw.check()
            check_money(player, raw)
            check_interest(raw)
            world = current(raw)
            world.check()
            check_backed(player, world)
            check_views(player.venue, world)
            check_priority(player, world)
            check_best_first(before, step, args, events)
            check_sweep(before, world, step, events)
            check_bonds(before, world, step, events)
            check_margin(before, world, step, args, events)
            check_debt(before, world, step, args, events)
            check_deleveraging(before, world, events)
            accepted.update([step, *(name for name, _ in events)])
    return accepted


@settings(max_examples=EXAMPLES)
@given(history=histories)
def test_every_state_is_sound_and_every_refusal_leaves_it_alone(history: list[Move]) -> None:
    follow(history)


def test_so_is_every_state_of_long_and_busy_histories() -> None:
    accepted = sum((follow(draw_history(seed, LENGTH)) for seed in SEEDS), Counter[str]())
    assert {step for step in USER_STEPS if not accepted[step]} <= {
        "announce",
        "cover",
        "open_market",
        "parameter_update",
    }
    assert accepted["fill"] > 300
    assert accepted["swept"] > 10
    assert accepted["liquidated"] > 5
    assert accepted["deleveraged"] > 5
    assert accepted["adjusted"] > 5
    assert accepted["removed"] > 100

"""window_update and margin_update: the clock, the age of the last anchored state, and margin that follows it."""

from __future__ import annotations

from kedge.machine import Machine, View, Word, isqrt, mul_div
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.records import EXCHANGE, FOREVER, MARKET_ID, RATE_CAP, TIME, Clock, Market, Parameters

ROOT_SCALE_BITS = 20
"""isqrt sees milliseconds times 2^20, so that its result carries ten fractional bits."""

SQRT_DAY = 9_518_243_871
"""1000 (z in thousandths) x 2^10 x sqrt(86,400,000 ms), rounded down: the rate is rounded up."""

LONGEST_AGE = 2**32 - 1
LONGEST_STEP = 10_000
"""Most time in ms that one update counts: after a gap of the clock margin rises as slowly as it ever does."""

SILENCE_MS, GRACE_MS = 120_000, 600_000
"""A clock that stood still for longer than this gives everybody so long to deposit, cancel and reduce. An idle node
moves its clock every minute."""

MARGIN_NOTICE_MS, SLOWER = 600_000, 8
"""What open positions must keep follows a higher rate after ten minutes, at an eighth of the ramp."""


@rules.step(phases=["idle"], now=TIME, anchored=TIME)
def window_update(m: Machine) -> None:
    """Move the clock on and record when the last anchored state was accepted on L1.

    After a silence of more than two minutes nobody is taken over for ten: users were cut off, and the mark may have
    jumped.
    Proves: neither goes back, and no anchor lies in the future, so the age is never negative. The contract checks that
    no batch claims a later anchor than it has accepted; the clock itself is the operator's.
    Prover may choose: the claim.
    """
    clock = m.change(Clock.at(EXCHANGE))
    now, anchored = m.input("now"), m.input("anchored")
    m.require(now >= clock.now, Code.TIME_BACKWARDS)
    m.require(anchored >= clock.anchored, Code.ANCHOR_BACKWARDS)
    m.require(anchored <= now, Code.ANCHOR_AHEAD)
    silence = m.commit((clock.now != 0) & (now - clock.now > SILENCE_MS))
    with m.when(silence):
        clock.grace = m.minimum(now + GRACE_MS, FOREVER)
    clock.now, clock.anchored = now, anchored
    m.emit("window", now=now, anchored=anchored)


def target_rate(m: Machine, age: Word, parameters: View) -> Word:
    """max(floor, z x sigma x sqrt(age + delay)) in ppm, at most 100 %; every rounding is up."""
    exposure = m.commit(m.minimum(age + parameters.delay, LONGEST_AGE))
    root = m.commit(isqrt(m, exposure * 2**ROOT_SCALE_BITS, up=True))
    diffusive = mul_div(m, parameters.sigma * parameters.z, root, SQRT_DAY, up=True)
    return m.commit(m.maximum(parameters.floor, m.minimum(diffusive, RATE_CAP)))


def _approach(m: Machine, have: Word, want: Word, step: Word) -> Word:
    """`have`, moved towards `want` by at most `step`."""
    risen = m.commit(m.minimum(want, have + step))
    return m.commit(m.maximum(risen, have - step))


def _keep(m: Machine, market: View, parameters: View, now: Word, step: Word) -> None:
    """Move what open positions must keep: down at once, up only while the rate has been above it for the whole notice.

    A rate that rises and falls with every anchor therefore binds new risk only; whoever holds old risk has the notice
    and the slower ramp to add to it or to leave. Wherever the two meet the notice begins anew.
    """
    is_noticed = m.test(parameters.noticed != 0)
    waited = m.test(now - parameters.noticed >= MARGIN_NOTICE_MS)
    is_due = m.commit(m.both(is_noticed, waited))
    kept = m.commit(m.minimum(market.rate, market.kept + m.commit(is_due * step)))
    noticed = m.select(is_noticed, parameters.noticed, now)
    market.kept = m.assume(kept, 0, RATE_CAP)
    parameters.noticed = m.select(kept == market.rate, 0, noticed)


@rules.step(phases=["idle"], market=MARKET_ID)
def margin_update(m: Machine) -> None:
    """Move a market's margin towards what the settlement window asks for: what new risk posts, what old risk keeps.

    Initial margin moves by at most ramp x time passed, the add-on by one unit a second, and what open positions must
    keep follows behind its notice: nobody is liquidated by a sudden change of the window or of parameters.
    Prover may choose: nothing.
    """
    number = m.input("market")
    clock = m.read(Clock.at(EXCHANGE))
    market, parameters = m.change(Market.at(EXCHANGE, number)), m.change(Parameters.at(EXCHANGE, number))
    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    age = m.assume(clock.now - clock.anchored, 0, 2**42 - 1)
    target = target_rate(m, age, parameters)
    passed = m.commit(m.minimum(m.assume(clock.now - market.updated, 0, 2**42 - 1), LONGEST_STEP))
    most = mul_div(m, passed, parameters.ramp, 1000, up=False)
    market.rate = m.assume(_approach(m, market.rate, target, most), 0, RATE_CAP)
    _keep(m, market, parameters, clock.now, mul_div(m, passed, parameters.ramp, 1000 * SLOWER, up=False))
    seconds = mul_div(m, passed, 1, 1000, up=False)
    market.slope = m.assume(_approach(m, market.slope, parameters.slope, seconds), 0, 2**10 - 1)
    market.updated = clock.now
    m.emit("margin", market=number, rate=market.rate, target=target, kept=market.kept)

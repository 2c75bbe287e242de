"""window_update and margin_update: the clock, the age of the last anchored state, and margin that follows it."""

from __future__ import annotations

from kedge.machine import Machine, View, Word, isqrt, mul_div
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.records import EXCHANGE, MARKET_ID, RATE_CAP, TIME, Clock, Market, Parameters

ROOT_SCALE_BITS = 20
"""isqrt sees milliseconds times 2^20, so that its result carries ten fractional bits."""

SQRT_DAY = 9_518_243_871
"""1000 (z in thousandths) x 2^10 x sqrt(86,400,000 ms), rounded down: the rate is rounded up."""

LONGEST_AGE = 2**32 - 1
LONGEST_STEP = 2**24 - 1


@rules.step(phases=["idle"], now=TIME, anchored=TIME)
def window_update(m: Machine) -> None:
    """Move the clock on and record when the last anchored state was accepted on L1.

    Proves: neither goes back, and no anchor lies in the future, so the age is never negative. The contract checks that
    no batch claims a later anchor than it has accepted; the clock itself is the operator's.
    Prover may choose: the claim.
    """
    clock = m.change(Clock.at(EXCHANGE))
    now, anchored = m.input("now"), m.input("anchored")
    m.require(now >= clock.now, Code.TIME_BACKWARDS)
    m.require(anchored >= clock.anchored, Code.ANCHOR_BACKWARDS)
    m.require(anchored <= now, Code.ANCHOR_AHEAD)
    clock.now, clock.anchored = now, anchored
    m.emit("window", now=now, anchored=anchored)


def target_rate(m: Machine, age: Word, parameters: View) -> Word:
    """max(floor, z x sigma x sqrt(age + delay)) in ppm, at most 100 %; every rounding is up."""
    exposure = m.commit(m.minimum(age + parameters.delay, LONGEST_AGE))
    root = m.commit(isqrt(m, exposure * 2**ROOT_SCALE_BITS, up=True))
    diffusive = mul_div(m, parameters.sigma * parameters.z, root, SQRT_DAY, up=True)
    return m.commit(m.maximum(parameters.floor, m.minimum(diffusive, RATE_CAP)))


@rules.step(phases=["idle"], market=MARKET_ID)
def margin_update(m: Machine) -> None:
    """Move a market's initial margin rate towards what the settlement window asks for, by at most ramp x time passed.

    The ramp is why nobody is liquidated by a sudden change of the window alone. Prover may choose: nothing.
    """
    number = m.input("market")
    clock = m.read(Clock.at(EXCHANGE))
    market, parameters = m.change(Market.at(EXCHANGE, number)), m.read(Parameters.at(EXCHANGE, number))
    m.require(market.mark != 0, Code.MARKET_UNKNOWN)
    age = m.assume(clock.now - clock.anchored, 0, 2**42 - 1)
    target = target_rate(m, age, parameters)
    passed = m.commit(m.minimum(m.assume(clock.now - market.updated, 0, 2**42 - 1), LONGEST_STEP))
    most = mul_div(m, passed, parameters.ramp, 1000, up=False)
    risen = m.commit(m.minimum(target, market.rate + most))
    rate = m.commit(m.maximum(risen, market.rate - most))
    market.rate = m.assume(rate, 0, RATE_CAP)
    market.updated = clock.now
    m.emit("margin", market=number, rate=market.rate, target=target)

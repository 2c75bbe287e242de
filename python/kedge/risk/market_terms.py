"""Margin terms of a market file from the margins that a budget asks for, each line with its derivation (A2).

The rules set initial margin to max(floor, z sigma sqrt(age + delay)), where `age` is that of the last anchored state;
maintenance is 3/5 of it and close-out 2/5. So initial margin must also be 5/3 of what maintenance needs. Close-out is
budgeted for its diffusion alone: an account stays below maintenance only while it is being executed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from kedge.risk.constants import CLOSE_OUT, MAINTENANCE, YEAR_DAYS, YEAR_SECONDS
from kedge.risk.errors import OUT_OF_DOMAIN
from kedge.risk.margin import Margins, breach_probability
from kedge.risk.models import Model
from kedge.risk.normal import quantile
from kedge.risk.units import show_time
from kedge.risk.window import Mixture

DEFAULT_FLOOR: Final = 25_000
"""The floor of a market file that names none, in ppm."""
BOUNDS: Final = {"floor": 1_000_000, "sigma": 2**24 - 1, "z": 2**16 - 1, "delay": 2**32 - 1, "ramp": 2**20 - 1}
"""The largest values that the rules take."""


class Asked(NamedTuple):
    """What one law asks for at one anchoring interval: seconds of the interval, law of the window, margins."""

    interval: float
    law: str
    model: Model
    window: Mixture
    margins: Margins


@dataclass(frozen=True)
class MarketTerms:
    """Lines of a market file, as integers in the units of the rules, and why each is what it is."""

    lines: Mapping[str, int]
    reasons: Mapping[str, tuple[str, ...]]
    head: tuple[str, ...]

    def rate(self, age: float) -> float:
        """Initial margin (fraction) that the rules set for this age of the last anchored state, in seconds."""
        days = (age + self.lines["delay"] / 1e3) / 86_400.0
        diffusive = self.lines["z"] / 1e3 * self.lines["sigma"] / 1e6 * math.sqrt(days)
        return max(self.lines["floor"] / 1e6, min(diffusive, 1.0))

    def to_toml(self) -> str:
        """Text for a `[[market]]` table: comments and lines. It holds no character that could end a comment."""
        parts = [_comment(line) for line in self.head]
        for name, value in self.lines.items():
            parts += ["#", *(_comment(line) for line in self.reasons[name]), f"{name} = {value}"]
        return "\n".join(parts) + "\n"


def _comment(text: str) -> str:
    return "# " + "".join(letter if letter.isprintable() else "?" for letter in text)


def derive_terms(
    asked: Sequence[Asked],
    execution: float,
    reaction: float,
    budget: float,
    pace: float = 1.0,
    origin: Sequence[str] = (),
) -> MarketTerms:
    """Terms that cover every law at every interval of `asked` (at least one), on a budget of breaches per year.

    `execution` and `reaction` in seconds; `pace` is the market's clock (`margin.run_clock`), on which the laws are;
    `origin` says where they come from. Refuses (1408) what no market file can hold, such as a floor above 100 %.
    """
    vol = max(one.model.total_volatility for one in asked)
    shortest = min(one.window.mean for one in asked)
    longest = max(one.window.quantile(0.99) for one in asked)
    chance = breach_probability(shortest, budget * pace)
    wait, acting = longest + reaction, execution + reaction
    share = max(1.0, math.sqrt(longest / wait) / MAINTENANCE, math.sqrt(execution / acting) / CLOSE_OUT)
    z, sigma = quantile(1.0 - chance) * share, vol / math.sqrt(YEAR_DAYS)
    floor, why = _derive_floor(asked, budget, pace)
    ramp, pace_of_rate = _derive_ramp(floor, z * sigma, acting, reaction)
    lines = {"floor": floor, "sigma": _round_up(1e6 * sigma), "z": _round_up(1e3 * z), "delay": _round_up(1e3 * acting)}
    lines["ramp"] = ramp
    for name, value in lines.items():
        if value > BOUNDS[name]:
            raise OUT_OF_DOMAIN.reject(f"{name} = {value}: the rules take at most {BOUNDS[name]}")
    reasons = {
        "floor": why,
        "sigma": (f"ppm per root of a day of trading: {100 * vol:.4g} % per {YEAR_DAYS:g} of them, jumps included.",),
        "z": (
            f"thousandths: {quantile(1.0 - chance):.3f} deviations leave {1e6 * chance:.3g} ppm of windows of "
            f"{show_time(shortest)} (the shortest mean compared), which is {budget:.4g} a year;",
            f"times {share:.3f}, so that 3/5 of it covers a window of {show_time(longest)} (1 % exceed it).",
        ),
        "delay": (f"ms: {show_time(execution)} to execute and {show_time(reaction)} for an owner to react.",),
        "ramp": pace_of_rate,
    }
    terms = MarketTerms(lines, reasons, ())
    return MarketTerms(lines, reasons, (*_HEAD, *origin, *_compare(terms, asked, execution)))


def _round_up(value: float) -> int:
    """The next integer, where a double's noise does not count."""
    return math.ceil(value - 1e-6)


_HEAD: Final = (
    "Margin of a market, for its [[market]] table: kedge risk margin --toml",
    "initial = max(floor, z x sigma x sqrt(age + delay)), maintenance 3/5 of it, close-out 2/5.",
)


def _derive_floor(asked: Sequence[Asked], budget: float, pace: float) -> tuple[int, tuple[str, ...]]:
    """The floor in ppm: what initial and maintenance margin need, jumps included, at every interval compared."""

    def need(one: Asked) -> float:
        return max(one.margins.initial, one.margins.maintenance / MAINTENANCE)

    most = max(asked, key=need)
    floor = _round_up(1e6 * need(most))
    binds = need(most) > most.margins.initial
    text = (
        f"5/3 of {100 * most.margins.maintenance:.3f} %, the largest maintenance margin"
        if binds
        else (f"{100 * most.margins.initial:.3f} %, the largest initial margin")
    )
    return floor, (
        f"ppm: {text} of the laws compared ({most.law}, anchored every {show_time(most.interval)});",
        "it holds at every interval compared, jumps included: they do not shrink with the window.",
        *_judge_default(asked, floor, budget, pace),
    )


def _judge_default(asked: Sequence[Asked], floor: int, budget: float, pace: float) -> tuple[str, ...]:
    said = f"A market file that names no floor has {DEFAULT_FLOOR}"
    if floor <= DEFAULT_FLOOR:
        return (f"{said}, which is more than these laws ask for.",)
    maintenance = MAINTENANCE * DEFAULT_FLOOR / 1e6
    breaches = max(one.model.over(one.window).tail(maintenance) * YEAR_SECONDS / one.window.mean for one in asked)
    return (
        f"{said}, maintenance of {100 * maintenance:g} %: by these laws {breaches / pace:.3g} breaches a year,",
        f"where the budget is {budget:.4g}. That default is for demonstrations.",
    )


def _derive_ramp(floor: int, spread: float, delay: float, reaction: float) -> tuple[int, tuple[str, ...]]:
    """Ppm per second: at least as fast as the window alone moves the rate, else slow enough for an owner to react.

    `spread` is z sigma per root of a day. The rate grows fastest where it leaves the floor; an account at initial
    margin is below maintenance once the rate has risen by two thirds.
    """
    root = 1e6 * spread / math.sqrt(86_400.0)
    speed = root / (2.0 * math.sqrt(max(delay, (floor / root) ** 2)))
    grows = f"ppm per second: the window alone raises the rate by at most {speed:.3g} once it leaves the floor;"
    slow = math.floor((1.0 - MAINTENANCE) / MAINTENANCE * floor / reaction) if reaction > 0.0 else 0
    if slow < speed:
        asks = f"{show_time(reaction)} to react asks for less" if slow else "no time to react was asked for"
        return _round_up(speed), (grows, f"a slower ramp would fall behind it; {asks}.")
    bound = (
        f"an account at initial margin then has {show_time(reaction)} before the ramp could take it below maintenance."
    )
    return min(slow, BOUNDS["ramp"]), (grows, bound)


def _compare(terms: MarketTerms, asked: Sequence[Asked], execution: float) -> list[str]:
    """What the lines give at the mean window of each interval, beside the largest that the laws ask for."""
    said = []
    for interval in dict.fromkeys(one.interval for one in asked):
        some = [one for one in asked if one.interval == interval]
        rate = 100 * terms.rate(max(some[0].window.mean - execution, 0.0))
        wants = [
            100 * max(getattr(one.margins, name) for one in some) for name in ("initial", "maintenance", "close_out")
        ]
        gives = (rate, rate * MAINTENANCE, rate * CLOSE_OUT)
        pairs = (f"{name} {has:.2f} ({want:.2f})" for name, has, want in zip(_NAMES, gives, wants, strict=True))
        said.append(f"Anchored every {show_time(interval)}, in % (asked for by the laws): {', '.join(pairs)}.")
    if any(one.margins.close_out > CLOSE_OUT * terms.lines["floor"] / 1e6 for one in asked):
        said.append("Close-out is asked for as if an account were always at it; it is there only while it is executed.")
    return said


_NAMES: Final = ("initial", "maintenance", "close-out")

"""The reference price of the demo: a seeded walk in integers, with one sharp fall."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from kedge.units import PPM


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall of `depth` ppm between two moments (progress in ppm); `back` ppm of it is regained by the end."""

    begin: int = 540_000
    end: int = 740_000
    depth: int = 90_000
    back: int = 350_000

    def factor(self, moment: int) -> int:
        """What is left of the price at a moment, in ppm."""
        if moment <= self.begin:
            return PPM
        if moment <= self.end:
            return PPM - self.depth * (moment - self.begin) // (self.end - self.begin)
        regained = self.depth * self.back // PPM * (moment - self.end) // max(1, PPM - self.end)
        return PPM - self.depth + min(regained, self.depth)


class PricePath:
    """One market's reference price in ticks: a walk of at most `swing` ppm a step, times what the fall leaves of it."""

    def __init__(self, rng: Random, start: int, swing: int, fall: Fall) -> None:
        self._rng = rng
        self._level = start
        self._swing = swing
        self._fall = fall
        self.price = start

    def step(self, moment: int) -> int:
        """The price at a moment (progress in ppm) one step later."""
        self._level += self._level * self._rng.randint(-self._swing, self._swing) // PPM
        self.price = max(1, self._level * self._fall.factor(moment) // PPM)
        return self.price

"""How a hand moves a pointer: strokes that speed up and slow down, miss a little and are corrected.

After Plamondon's kinematic theory (a stroke's speed is log-normal) and Fitts's law. It is made up,
so what a gate says of it is a check of the gate's mercy, and no measure of how it judges people.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import NormalDist

#: of a usual mouse, and twice that of a screen
TICK_S = 0.008
Place = tuple[float, float]
_PEAK, _SPREAD = 0.36, 0.42


@dataclass(frozen=True)
class Box:
    """A rectangle, in whole pixels of the screen or of the page's window."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, other: Box) -> bool:
        """Whether the other is inside, from top to bottom."""
        return self.y <= other.y and other.y + other.height <= self.y + self.height


@dataclass(frozen=True)
class Step:
    """A place of the pointer, and the seconds that pass before it gets there."""

    wait_s: float
    x: int
    y: int


@dataclass(frozen=True)
class Hand:
    """Whose it is."""

    rng: Random
    #: of an involuntary swing, in pixels, and how often a second; everybody has a little
    swing: float = 0.4
    swing_hz: float = 9.0

    def within(self, box: Box) -> Place:
        """Somewhere on a thing that is aimed at: seldom its centre, hardly ever its rim."""
        across, down = (min(max(self.rng.gauss(0.5, 0.17), 0.12), 0.88) for _ in range(2))
        # Who follows a link points at its beginning rather than at the end of a long line.
        return box.x + across * min(box.width, 160), box.y + down * box.height

    def reach(self, start: Place, goal: Place) -> list[Step]:
        """The way of the pointer from one place to another."""
        steps: list[Step] = []
        here = start
        while (far := math.dist(here, goal)) > 3:
            # The first stroke misses by about a twentieth of its way; corrections are finer.
            miss = min(far * 0.05, 25)
            end = (
                goal if far < 12 else (self.rng.gauss(goal[0], miss), self.rng.gauss(goal[1], miss))
            )
            steps += self._stroke(here, end)
            here = end
        return steps

    def _stroke(self, start: Place, end: Place) -> Iterator[Step]:
        far = math.dist(start, end)
        lasts = (0.14 + 0.1 * math.log2(far / 14 + 1)) * self.rng.uniform(0.85, 1.25)
        bend = self.rng.gauss(0, 0.035) * far
        phase = self.rng.uniform(0, math.tau)
        wait, last = self.rng.uniform(0.05, 0.16), None
        for tick in range(1, math.ceil(lasts / TICK_S) + 1):
            done = _done(min(tick * TICK_S / lasts, 1))
            aside = bend * math.sin(math.pi * done)
            turn = phase + math.tau * self.swing_hz * tick * TICK_S
            (x, y), (to_x, to_y) = start, end
            across, down = (to_x - x) / far, (to_y - y) / far
            place = (
                round(x + (to_x - x) * done - aside * down + self.swing * math.sin(turn)),
                round(y + (to_y - y) * done + aside * across + self.swing * math.cos(turn * 0.9)),
            )
            # A mouse that has not moved tells nothing.
            if place != last:
                yield Step(wait, *place)
                wait, last = 0.0, place
            wait += TICK_S


def _done(share: float) -> float:
    """How much of a stroke's way is behind after a share of its time."""
    return _log_normal(share) / _log_normal(1)


def _log_normal(share: float) -> float:
    return NormalDist().cdf((math.log(share) - math.log(_PEAK)) / _SPREAD)

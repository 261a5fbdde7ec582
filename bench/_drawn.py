"""Movements that programs draw: well-known ways, so that a model learns more than a few tools.

No tool's code is in here. Each way is a shape of the path and a course along it; how much noise
is added and how often it hesitates differs from one recording to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from math import cos, hypot, pi, sin, sqrt
from random import Random

from ._pointer import Mouse, Position, Recording

FRAME_MS = 1000 / 60
SECONDS = 15
WIDTH, HEIGHT = 1280, 720
#: targets that are nearer are not aimed at
NEAR_PX = 80

Point = tuple[float, float]
#: how far along and how far beside the straight line one is, in px, when a share is done
Shape = Callable[[float], Point]


def _line(length: float, random: Random) -> Shape:
    return lambda done: (length * done, 0.0)


def _curve(length: float, random: Random) -> Shape:
    """A cubic Bezier curve."""
    one, two = (random.uniform(-0.25, 0.25) * length for _ in range(2))
    at, to = random.uniform(0.1, 0.5) * length, random.uniform(0.5, 0.9) * length

    def point(done: float) -> Point:
        left = 1 - done
        a, b = 3 * left * left * done, 3 * left * done * done
        return a * at + b * to + done**3 * length, a * one + b * two

    return point


def _wobble(length: float, random: Random) -> Shape:
    """Waves beside the line."""
    waves = [
        (random.uniform(1, 8), random.uniform(0, 2 * pi), random.uniform(3, 25)) for _ in "123"
    ]

    def point(done: float) -> Point:
        beside = sum(px * sin(2 * pi * often * done + phase) for often, phase, px in waves)
        return length * done, beside * sin(pi * done)

    return point


def _walk(length: float, random: Random) -> Shape:
    """A random walk that is drawn to the target."""
    knots = [(0.0, 0.0)]
    steps = random.randint(25, 80)
    along = beside = fast = aside = 0.0
    for left in range(steps, 1, -1):
        fast = 0.7 * fast + random.gauss(0, 12) + (length - along) / left * 0.5
        aside = 0.7 * aside + random.gauss(0, 12) - beside / left * 0.5
        along, beside = along + fast, beside + aside
        knots.append((along, beside))
    knots.append((length, 0.0))

    def point(done: float) -> Point:
        at = min(int(done * steps), len(knots) - 2)
        share = min(1.0, done * steps - at)
        (x, y), (to_x, to_y) = knots[at], knots[at + 1]
        return x + share * (to_x - x), y + share * (to_y - y)

    return point


SHAPES: Mapping[str, Callable[[float, Random], Shape]] = {
    "line": _line,
    "curve": _curve,
    "wobble": _wobble,
    "walk": _walk,
}
#: the share that is done when a share of the time has passed
COURSES: Mapping[str, Callable[[float], float]] = {
    "even": lambda t: t,
    "slowing": lambda t: 1 - (1 - t) ** 2,
    "waving": lambda t: (1 - cos(pi * t)) / 2,
    "minimum jerk": lambda t: 10 * t**3 - 15 * t**4 + 6 * t**5,
}


def drawn(seed: int, recordings: int) -> Iterator[Mouse]:
    """Each way as a mouse with so many recordings of 15 seconds."""
    for (shape, path), (course, passed) in product(SHAPES.items(), COURSES.items()):
        name = f"{shape}, {course}"
        random = Random(f"{seed} {name}")
        yield Mouse(
            "drawn", name, "mouse", [_recording(path, passed, random) for _ in range(recordings)]
        )


def _recording(
    path: Callable[[float, Random], Shape], passed: Callable[[float], float], random: Random
) -> Recording:
    noise = random.choice((0.0, 0.0, random.uniform(0.5, 4)))
    pauses = random.choice((0.0, 0.0, random.uniform(0.02, 0.1)))
    now, here = 0.0, (random.uniform(0, WIDTH), random.uniform(0, HEIGHT))
    moves: list[Position] = []
    while now < SECONDS * 1000:
        target = (random.uniform(0, WIDTH), random.uniform(0, HEIGHT))
        length = hypot(target[0] - here[0], target[1] - here[1])
        if length < NEAR_PX:
            continue
        shape = path(length, random)
        across = (target[0] - here[0]) / length, (target[1] - here[1]) / length
        steps = random.randint(12, max(13, int(8 * sqrt(length / 4))))
        for step in range(1, steps + 1):
            now += FRAME_MS + (random.uniform(30, 300) if random.random() < pauses else 0)
            along, beside = shape(passed(step / steps))
            moves.append(
                (
                    now,
                    here[0] + along * across[0] - beside * across[1] + random.gauss(0, noise),
                    here[1] + along * across[1] + beside * across[0] + random.gauss(0, noise),
                )
            )
        here = target
        now += random.uniform(200, 900)
    return Recording(moves, now)

"""Whether the simulator is right: `./run bench native`.

Somebody with a native solver takes what one address gets from the real demo, in real time, at the
default settings. Beside it the simulator plays the same attacker for as long.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from challenge import config
from challenge.config import Settings, Source
from challenge.core.puzzles.sha256 import REFERENCE_RATE
from challenge.simulate import puzzle, takers
from challenge.simulate.rows import Run

from . import _native
from ._native import Native
from ._report import Figure, publish
from ._site import handles_of
from ._taker import Taken, take
from .scrape import demo, refuse_without_address

WORKERS = 2
#: how far what was obtained may be from what was predicted
WITHIN = 0.1
SPEED_S = 0.5
MINUTE = 60


@dataclass(frozen=True)
class Comparison:
    """What was taken, and what should have been."""

    way: takers.Way
    seconds: float
    #: how many times as long as the reference engine the native solver takes
    slowness: float
    settings: Settings
    taken: Taken
    #: monotonic seconds
    began: float

    def obtained(self, seconds: float) -> int:
        """Distinct profiles that had come after so many seconds."""
        return sum(at - self.began <= seconds for at in self.taken.pages)

    def predicted(self, seconds: float) -> int:
        """What the simulator says of that."""
        return predicted(self.settings, self.way, seconds, self.slowness)

    @property
    def ratio(self) -> float:
        """What was obtained, over what was predicted."""
        return self.obtained(self.seconds) / self.predicted(self.seconds)

    @property
    def agrees(self) -> bool:
        """Whether both are nearly the same."""
        return abs(self.ratio - 1) <= WITHIN


def predicted(settings: Settings, way: takers.Way, seconds: float, slowness: float) -> int:
    """Profiles that the simulated attacker opens from an address nobody used before."""
    with puzzle.registered():
        count, _ = takers.taken(Run(settings), 32, way, seconds=seconds, slowness=slowness)
    return count.opened


def compare(
    native: Native,
    way: takers.Way,
    *,
    seconds: float,
    settings: Mapping[str, str],
    people: int | None = None,
) -> Comparison:
    """Attack a fresh demo for so many seconds.

    :param settings: of the demo, and of the simulation.
    :param people: how large the town is; None for the demo's own.
    """
    # The attacker's speed is taken before, so that what is predicted is.
    slowness = REFERENCE_RATE * 1000 / native.rate("best", SPEED_S)
    rotates = [takers.rotates(way, number) for number in range(takers.IDENTITIES)]
    with demo(people, settings, workers=WORKERS) as site:
        taken, began = take(site, native, handles_of(site), rotates, seconds=seconds)
    loaded = config.load(Source("bench", settings))
    return Comparison(way, seconds, slowness, loaded, taken, began)


def figures_of(found: Comparison) -> Iterator[Figure]:
    """What it came to."""
    taken, seconds, slowness = found.taken, found.seconds, found.slowness
    who = f"one address, {takers.IDENTITIES} {found.way} identities at a time, {seconds:g} s"
    obtained, told = found.obtained(seconds), found.predicted(seconds)
    yield Figure("native.obtained", obtained, "pages", note=f"{who}; from the real server")
    speed = f"solving in {slowness:.2f} of the reference engine's time"
    yield Figure("native.predicted", told, "pages", note=f"by the simulator, {speed}")
    note = f"reach: {1 - WITHIN:g} to {1 + WITHIN:g}"
    yield Figure("native.ratio", found.ratio, "times", 1, found.agrees, note)
    yield Figure("native.identities", len(taken.identities), "visitors")
    note = f"solved; {sum(taken.hashes) / 1e6:,.0f} million hashes"
    yield Figure("native.sales", len(taken.sales), "sales", note=note)


def course(found: Comparison) -> Iterator[tuple[float, int, int]]:
    """After so many seconds: what was obtained, and what was predicted."""
    step = max(1.0, min(MINUTE, found.seconds / 10))
    for number in range(1, int(found.seconds / step) + 1):
        at = number * step
        yield at, found.obtained(at), found.predicted(at)


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run bench native", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    ways = "what becomes of identities whose budget ends; default: half are given up, half read on"
    parser.add_argument("--way", choices=takers.WAYS, default="mixed", help=ways)
    options = parser.parse_args()
    refuse_without_address()
    # A server that is left behind would go on serving.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in [name for name in os.environ if name.startswith("CHALLENGE_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="tallygate-native-") as folder:
        native = Native.build(Path(folder))
        if wrong := _native.wrong(native, "best"):
            sys.exit(f"the native solver is wrong: {wrong}")
        found = compare(native, options.way, seconds=options.seconds, settings={})
    publish("native", list(figures_of(found)))
    print("\n| after | obtained | predicted |\n| ---: | ---: | ---: |")
    for at, obtained, told in course(found):
        print(f"| {at:g} s | {obtained} | {told} |")


if __name__ == "__main__":
    main()

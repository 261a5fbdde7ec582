"""How often people are taken for copies of each other, and how many copies are seen.

`./run bench replay --data FOLDER` has reports made of the data by the browser's own module, and
compares their sketches as a site does in a day.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import fmean, pstdev

from challenge.core.behaviour import MOVEMENT, REPLAYED_FROM
from challenge.core.sketches import STEPS, WINDOWS, cells

from . import _pointer, _views
from ._copies import Playing, Report, day, farm, flagged
from ._movement import Seen, Share, seen
from ._report import Figure, aimed, publish

SEED = 8
#: far more than there are people in the data, so each is the like of many others
VISITORS = 10_000
FRAMES = "60 Hz"
VIEWS = {name: _views.PEOPLE[name] for name in (_views.AS_RECORDED, FRAMES)}
#: people whose movements are played, and in how many browsers
PLAYED, COPIES, FEW = 12, 400, 100
#: how a recording may be played; the first is what is aimed at
PLAYINGS: Mapping[str, Playing] = {
    "as it is, on a display of 60 Hz": Playing(0, 0, frames=True),
    "by a driver, each time up to 1 ms off": Playing(0, 1, frames=False),
    "blurred by 0.5 px and 2 ms, 60 Hz": Playing(0.5, 2, frames=True),
    "blurred by 1 px and 4 ms, 60 Hz": Playing(1, 4, frames=True),
}
#: the grid is as fine as this playing lets it be
GRID_FOR = Playing(0.5, 2, frames=True)


def people_alike(people: Sequence[Seen]) -> Iterator[Figure]:
    """Of a day's visitors, those that meet so many others that they are taken for a copy."""
    shares = {
        (view, windows): Share.among(flagged(day(people, view, windows, VISITORS, SEED)))
        for view in VIEWS
        for windows in (WINDOWS, 2 * WINDOWS)
    }
    worst = max(shares.values(), key=lambda share: share.percent)
    note = f"{worst}; the worst of {len(shares)}: {VISITORS:,} visitors drawn from {len(people)}"
    yield aimed("replay.people_alike", worst.percent, "%", reach=0.1, floor=1, note=note)
    for (view, windows), share in shares.items():
        name = f"replay.people_alike.{view.replace(' ', '_')}.windows_{windows}"
        yield Figure(name, share.percent, "%", note=str(share))


def people_met(people: Sequence[Seen]) -> Iterator[Figure]:
    """Of people's reports, those near one that is drawn from as many of other people."""
    half = len(people) // 2
    for windows in (WINDOWS, 2 * WINDOWS):
        drawn, theirs = (
            [cells(report) for report in day(part, FRAMES, windows, VISITORS, SEED)]
            for part in (people[:half], people[half:])
        )
        known = {(grid, cell) for found in drawn for grid, cell in enumerate(found)}
        share = Share.among(not known.isdisjoint(enumerate(found)) for found in theirs)
        name = f"replay.people_met.windows_{windows}"
        yield Figure(name, share.percent, "%", note=f"{share}; by {VISITORS:,} of other people")


def copies_seen(people: Sequence[Seen]) -> Iterator[Figure]:
    """Of the browsers that play one recording, those whose price rises."""
    same = flagged(
        [report for [report] in farm(people[:1], Playing(0, 0, False), 1, SEED)] * COPIES
    )
    found = {how: farm(people, playing, COPIES, SEED) for how, playing in PLAYINGS.items()}
    first, *_ = shares = {how: _share(reports, COPIES) for how, reports in found.items()}
    note = (
        f"{shares[first]}; {COPIES} browsers play one recording {first}; {len(people)} recordings"
    )
    yield aimed("replay.copies_seen", shares[first].percent, "%", reach=50, floor=25, note=note)
    share = Share.among(same)
    yield Figure("replay.copies_seen.same_numbers", share.percent, "%", note=str(share))
    for number, (how, reports) in enumerate(found.items()):
        for copies in (COPIES, FEW):
            share = _share(reports, copies)
            name = f"replay.copies_seen.{number}.of_{copies}"
            yield Figure(name, share.percent, "%", note=f"{how}: {share}")


def _share(farms: Sequence[Sequence[Report]], copies: int) -> Share:
    return Share.among(chain(*(flagged(reports[:copies]) for reports in farms)))


def steps(people: Sequence[Seen]) -> Iterator[Figure]:
    """Twice the standard deviation between copies, by what is measured; and the step in use."""
    farms = farm(people, GRID_FOR, FEW, SEED)
    for name in MOVEMENT:
        spread = fmean(pstdev(report[name] for report in reports) for reports in farms)
        yield Figure(f"replay.step.{name}", 2 * spread, "", note=f"in use: {STEPS[name]}")


def figures(people: Sequence[Seen]) -> Iterator[Figure]:
    """All that is measured."""
    yield from people_alike(people)
    yield from people_met(people)
    yield from copies_seen(people[:PLAYED])
    yield from steps(people[:PLAYED])


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="./run bench replay", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of */*.jsonl.gz")
    options = parser.parse_args()
    try:
        mice = _pointer.read(options.data)
    except FileNotFoundError as error:
        sys.exit(str(error))
    moved = [mouse for mouse in mice if mouse.device == "mouse" and not mouse.is_tool]
    names, people = seen(moved, VIEWS, 1)
    assert tuple(names) == MOVEMENT
    print(f"From {REPLAYED_FROM} others on it is taken for a copy.\n", flush=True)
    publish("replay", list(figures(people)))


if __name__ == "__main__":
    main()

"""People who read on networks of their own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .people import HOUR, Reading, day, person, visit
from .rows import Row, Run, at_most
from .world import World, network_24

READERS = 40
HEAVY_READERS = 10
HEAVY_SITTINGS, HEAVY_PAGES, HEAVY_SECONDS, HEAVY_HOURS = 5, 30, 8, 4
NETWORK_SECONDS = 300


def reader(run: Run) -> Iterator[Row]:
    """Five profiles a visit, three visits a day."""
    world, reading = World(run.settings, seed=run.seed), Reading()
    for number in range(READERS):
        browser = person(world, partial(network_24, number), reading)
        world.loop.spawn(day(world, browser, reading, visits=3, pages=5, hours=16))
    world.loop.run()
    who = "reader: 5 profiles a visit, 3 visits a day"
    wait = max(reading.later.waits.longest, 0.0 if reading.later.opened else float("inf"))
    note = f"longest of {reading.later.opened} later pages, {READERS} readers"
    yield at_most(Row("simulate.reader", who, wait, "s", note=note), 0)
    first, note = reading.first.waits, f"of {reading.first.opened} first pages of a visit"
    yield Row("simulate.reader.first_page", who, first.quantile(0.5), "s", note=f"median {note}")
    yield Row("simulate.reader.refused", who, reading.all.refused, "pages")


def heavy_reader(run: Run) -> Iterator[Row]:
    """150 profiles in four hours, eight seconds a page."""
    world = World(run.settings, seed=run.seed)
    readings = [Reading() for _ in range(HEAVY_READERS)]
    for number, reading in enumerate(readings):
        browser = person(world, partial(network_24, number), reading)
        world.loop.spawn(
            day(
                world,
                browser,
                reading,
                visits=HEAVY_SITTINGS,
                pages=HEAVY_PAGES,
                hours=HEAVY_HOURS,
                seconds=HEAVY_SECONDS,
            )
        )
    world.loop.run()
    who = "heavy reader: 150 profiles in 4 h, 8 s a page"
    worst = max(readings, key=lambda reading: reading.all.waits.total).all
    note = f"of the day together, the worst of {HEAVY_READERS}, in {HEAVY_SITTINGS} sittings"
    yield at_most(Row("simulate.heavy_reader", who, worst.waits.total, "s", note=note), 10)
    fewest = min(reading.all.opened for reading in readings)
    yield Row("simulate.heavy_reader.pages", who, fewest, "pages", note="the fewest of them")


def roaming(run: Run) -> Iterator[Row]:
    """A phone that is on another network every five minutes."""
    world, reading = World(run.settings, seed=run.seed), Reading()
    browser = person(
        world, lambda: network_24(int((world.now - world.start) // NETWORK_SECONDS)), reading
    )
    seconds = 30.0
    pages = int(HOUR / seconds)
    world.loop.spawn(visit(world, browser, reading, pages, seconds=seconds))
    world.loop.run(world.start + HOUR)
    who, got = "phone that changes network every 5 min", reading.all
    note = (
        f"visible challenges in an hour of {got.opened} pages, {HOUR // NETWORK_SECONDS} networks"
    )
    yield at_most(Row("simulate.roaming", who, got.interstitials, "challenges", note=note), 1)
    note = "the longest after the first page"
    yield Row("simulate.roaming.wait", who, reading.later.waits.longest, "s", note=note)
    yield at_most(Row("simulate.roaming.refused", who, got.refused, "pages"), 0)

"""Many people behind one address, alone and beside somebody who takes all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

from ..core.classes import Shared
from .counting import STEP, Count
from .people import HOUR, Reading, day, person, scrape
from .rows import Row, Run, at_least, at_most, waits_curve
from .world import World, network_24

HOURS = 8
#: the one address that they all have
ADDRESS = network_24(0)
PEOPLE, PAGES = 40, 10
SUBSCRIBERS, SUBSCRIBER_PAGES = 600, 5
#: how many times as wide a listed carrier's band is
CARRIER_MULTIPLIER = 20
#: visitors that an attacker has at once
IDENTITIES = 10
#: when it begins: some people have been let in before
ATTACKED_AFTER = 2 * HOUR


@dataclass
class _Crowd:
    """People who come once or twice in eight hours."""

    readings: list[Reading] = field(default_factory=list)

    def join(self, world: World, people: int, pages: int, *, visits: int) -> None:
        """Let so many come."""
        for _ in range(people):
            reading = Reading()
            self.readings.append(reading)
            browser = person(world, lambda: ADDRESS, reading)
            plan = day(world, browser, reading, visits=visits, pages=pages // visits, hours=HOURS)
            world.loop.spawn(plan)

    @property
    def all(self) -> Count:
        """What they got."""
        whole = Count()
        for reading in self.readings:
            whole.merge(reading.all)
        return whole

    def admitted(self, *, before: float | None = None) -> Count:
        """What they got once they had been let in for the first time.

        :param before: only of those who were let in before this moment, which begins a step.
        """
        whole = Count()
        for reading in self.readings:
            steps = reading.first.opened_in
            if before is None or (steps and min(steps) < int(before // STEP)):
                whole.merge(reading.admitted)
        return whole


def _prompt(got: Count, seconds: float) -> float:
    """Of the pages that were wanted, the percentage that opened within that."""
    return 100 * got.waits.share_within(seconds) * got.opened / max(1, got.wanted)


def shared_address(run: Run) -> Iterator[Row]:
    """Forty people behind one IPv4 address, ten profiles each in eight hours."""
    world, crowd = World(run.settings, seed=run.seed), _Crowd()
    crowd.join(world, PEOPLE, PAGES, visits=2)
    world.loop.run()
    who = "40 people behind one IPv4, 10 profiles each in 8 h"
    note = f"of {crowd.all.wanted} pages, opened within 1 s"
    row = Row(
        *("simulate.shared_address", who, _prompt(crowd.all, 1), "%"),
        note=note,
        points=waits_curve(crowd.all),
    )
    yield at_least(row, 99)
    yield Row("simulate.shared_address.refused", who, crowd.all.refused, "pages")


def neighbour(run: Run) -> Iterator[Row]:
    """The same forty, and one who takes what there is: with ever new identities, then aged."""
    for rotate, what in ((True, "rotates identities"), (False, "ages them")):
        world, crowd, taken = World(run.settings, seed=run.seed), _Crowd(), Count()
        crowd.join(world, PEOPLE, PAGES, visits=2)
        ends = world.start + HOURS * HOUR
        for _ in range(IDENTITIES):
            plan = scrape(world, taken, lambda: ADDRESS, until=ends, rotate=rotate)
            world.loop.spawn(plan, after=ATTACKED_AFTER)
        world.loop.run(ends + HOUR)
        who = f"the same 40, and from the third hour on an attacker who {what}"
        name = "simulate.neighbour" + ("" if rotate else ".aged")
        admitted = crowd.admitted(before=world.start + ATTACKED_AFTER)
        note = f"of {admitted.wanted} pages of those let in before, within 1 s"
        curve = waits_curve(admitted)
        row = Row(name, who, _prompt(admitted, 1), "%", note=note, points=curve)
        yield at_least(row, 90) if rotate else row
        later = crowd.admitted()
        note = f"of {later.wanted} pages of those let in at any time; he got {taken.opened}"
        yield Row(f"{name}.once_in", who, _prompt(later, 1), "%", note=note)
        yield Row(
            f"{name}.all_pages",
            who,
            _prompt(crowd.all, 1),
            "%",
            note="of all pages that people wanted",
        )


def carrier_nat(run: Run) -> Iterator[Row]:
    """Six hundred subscribers behind one carrier's address."""
    for listed in (False, True):
        shared = (Shared(ip_network(ADDRESS), CARRIER_MULTIPLIER),) if listed else ()
        settings = replace(run.settings, shared_networks=shared)
        world, crowd = World(settings, seed=run.seed), _Crowd()
        crowd.join(world, SUBSCRIBERS, SUBSCRIBER_PAGES, visits=1)
        world.loop.run()
        how = f"listed as shared, x{CARRIER_MULTIPLIER}" if listed else "unlisted"
        who = f"600 people behind one carrier address, 5 profiles each in 8 h; {how}"
        name = "simulate.carrier_nat" + ("" if listed else ".unlisted")
        got = crowd.all
        waits = Row(
            *(f"{name}.waits", who, _prompt(got, 5), "%"),
            note="of all pages within 5 s",
            points=waits_curve(got),
        )
        refused = Row(name, who, got.refused, "people", note="of 600 turned away")
        yield at_most(refused, 0) if listed else refused
        yield at_least(waits, 95) if listed else waits

"""Those who have many networks: they are not stopped, but seen and made to pay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .counting import Count
from .loop import Steps
from .money import Bill, bill
from .people import DAY, HOUR, scrape
from .rows import Row, Run, at_most, curve
from .takers import taken
from .world import World, network_24

HUNDRED, HUNDRED_SAMPLE = 100, 2
#: networks of a hundred scrapers in the hours of a day
FRESH, FRESH_SAMPLE = 100 * 24, 8
SLOW, SLOW_SAMPLE, SLOW_PAGES = 10_000, 100, 20
#: Pages a second that one scraper took past the unlimited pass, through HTTP and on one machine
#: with the server: `./run scrape`, demo/scrape.json.
UNLIMITED_PAGES_PER_S = 166.0
WEEK_DAYS = 7
#: until an operator has been told
ALARM_MINUTES = 10


def hundred_networks(run: Run) -> Iterator[Row]:
    """A hundred networks in a hundred /24, each of which keeps to what its band gives."""
    world, count = World(run.settings, seed=run.seed), Count()
    networks = run.sample(HUNDRED, HUNDRED_SAMPLE)
    for number in range(networks):
        where = partial(network_24, number)
        world.loop.spawn(scrape(world, count, where, until=world.start + DAY, rotate=False))
    world.loop.run(world.start + DAY)
    who, note = "100 networks in 100 /24, obeying the rules", _sampled(networks, HUNDRED)
    pages = count.opened * HUNDRED // networks
    drawn = curve(count, world.start, DAY)
    row = Row("simulate.hundred_networks", who, pages, "pages", note=note, points=drawn)
    yield at_most(row, 150_000)
    yield _alarm("simulate.hundred_networks", who, world, within=ALARM_MINUTES)


def rotating(run: Run) -> Iterator[Row]:
    """A hundred at once, each from an address in a fresh /24 every hour."""
    world, count = World(run.settings, seed=run.seed), Count()
    networks = run.sample(FRESH, FRESH_SAMPLE)
    for number in range(networks):
        begins = number * DAY // networks // HOUR * HOUR
        where, ends = partial(network_24, number), world.start + begins + HOUR
        plan = scrape(world, count, where, until=ends, rotate=False)
        world.loop.spawn(_within(plan, world, ends), after=begins)
    world.loop.run(world.start + DAY)
    who, note = "100 at once, a fresh /24 each hour", _sampled(networks, FRESH)
    pages = count.opened * FRESH // networks
    yield Row("simulate.rotating", who, pages, "pages a day", note=note)
    yield from _bill("simulate.rotating", who, count)
    yield _alarm("simulate.rotating", who, world)


def slow_low(run: Run) -> Iterator[Row]:
    """Ten thousand networks, of which each takes twenty profiles a day."""
    world, count = World(run.settings, seed=run.seed), Count()
    networks = run.sample(SLOW, SLOW_SAMPLE)
    for number in range(networks):
        each, ends = Count(), world.start + DAY
        plan = scrape(
            world, each, partial(network_24, number), until=ends, rotate=False, most=SLOW_PAGES
        )
        world.loop.spawn(_added(plan, each, count), after=world.random.uniform(0, DAY - HOUR))
    world.loop.run(world.start + DAY)
    who, note = "10,000 networks x 20 a day", _sampled(networks, SLOW)
    pages = count.opened * SLOW // networks
    yield Row("simulate.slow_low", who, pages, "pages a day", note=note)
    yield from _bill("simulate.slow_low", who, count)
    yield _alarm("simulate.slow_low", who, world)


def unlimited_pass_factor(run: Run) -> Iterator[Row]:
    """What a gate that sells an unlimited pass gives away in a week, and what this one does."""
    count, start = taken(run, 32, "ageing")
    first_day = count.between(start, DAY)
    # The burst is gone after the first hours; the days after it are like its second half.
    later_days = 2 * count.between(start + DAY / 2, DAY / 2) * (WEEK_DAYS - 1)
    counted = first_day + later_days
    unlimited = UNLIMITED_PAGES_PER_S * WEEK_DAYS * DAY
    who = "a solver behind the unlimited pass of a week, same machine"
    note = f"{unlimited:,.0f} pages a week at {UNLIMITED_PAGES_PER_S:g} a second, here {counted:,}"
    factor = unlimited / max(1, counted)
    yield Row("simulate.unlimited_pass_factor", who, factor, "times", note=note)


def _within(plan: Steps[None], world: World, ends: float) -> Steps[None]:
    """The same, but for what would come after its end."""
    for pause in plan:
        if world.now + pause >= ends:
            return
        yield pause


def _added(plan: Steps[None], part: Count, whole: Count) -> Steps[None]:
    yield from plan
    whole.merge(part)


def _sampled(played: int, of: int) -> str:
    return "" if played == of else f"{played} of the {of:,} played, and multiplied"


def _bill(name: str, who: str, count: Count) -> Iterator[Row]:
    cost: Bill = bill(count)
    note = f"{cost.cpu_usd:.2f} of it for CPU; {cost.stated}"
    yield Row(f"{name}.usd_per_million", who, cost.usd_per_million, "USD", note=note)


def _alarm(name: str, who: str, world: World, *, within: float | None = None) -> Row:
    if world.alarm_at is None:
        missed = None if within is None else False
        return Row(f"{name}.alarm", who, 0, "alarms", within, missed, "no alarm")
    minutes = (world.alarm_at - world.start) / 60
    row = Row(f"{name}.alarm", who, minutes, "min", note="until the first alarm")
    return row if within is None else at_most(row, within)

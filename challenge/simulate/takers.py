"""Those who take all they can: on one network, with one clearance, through others' networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from ..core.networks import Address
from ..errors import ClearanceRequired, Queued
from .browser import Browser
from .counting import Count
from .loop import Steps
from .people import DAY, HOUR, scrape
from .rows import Row, Run, at_most, curve
from .world import World, network_24

#: visitors that an attacker has at once
IDENTITIES = 4
MACHINES = 50
NETWORKS = 1000
READERS = 5
ACCOUNTS = 8
V4, V6 = IPv4Address("11.0.0.1"), IPv6Address("2a00:1:2::1")
Way = Literal["rotating", "ageing", "mixed"]
WAYS: tuple[Way, ...] = ("rotating", "ageing", "mixed")
#: prefixes for which a bound is asserted, and those for which it is printed
ASSERTED, PRINTED = (32, 64, 56), (24, 48)


def within(world: World, length: int) -> Callable[[], Address]:
    """Addresses at random in the prefix of this length; IPv4 up to /32."""
    if length == 32:
        return lambda: V4
    if length == 24:
        return lambda: V4 + world.random.randrange(254)
    # What is narrower than a /64 counts for nothing: one address in each will do.
    return lambda: V6 + (world.random.randrange(2 ** (64 - length)) << 64)


def rotates(way: Way, number: int) -> bool:
    """Whether this one of an attacker's identities is given up when its budget ends."""
    return way == "rotating" or (way == "mixed" and number % 2 == 0)


@lru_cache(maxsize=32)
def taken(
    run: Run,
    length: int,
    way: Way,
    *,
    accounts: int = 0,
    seconds: float = DAY,
    slowness: float = 0.0,
) -> tuple[Count, float]:
    """What one gets in some time, usually a day, who has a whole prefix and any number of cores.

    :param way: what becomes of identities whose budget ends; "mixed": half of them are rotated.
    :param slowness: how many times as long as the reference engine each identity solves.
    :returns: what was taken, and when it began.
    """
    world, count = World(run.settings, seed=run.seed), Count()
    ends = world.start + seconds
    names = [""] * IDENTITIES + [f"account-{number}" for number in range(accounts)]
    for number, name in enumerate(names):
        plan = scrape(
            *(world, count, within(world, length)),
            until=ends,
            rotate=rotates(way, number),
            account=name,
            slowness=slowness,
        )
        world.loop.spawn(plan)
    world.loop.run(ends)
    return count, world.start


def one_network(run: Run) -> Iterator[Row]:
    """One network, any identities: what gets most, to rotate them, to age them, or both."""
    small = run.size == "small"
    for length in (32, 56) if small else ASSERTED + PRINTED:
        # One way is much like the next for the wide ones, and takes as long.
        every = length == 32 or (length in ASSERTED and not small)
        yield from _network_rows(run, length, WAYS if every else WAYS[-1:])
    yield from _account_rows(run)


def _network_rows(run: Run, length: int, ways: Sequence[Way]) -> Iterator[Row]:
    most = {way: taken(run, length, way) for way in ways}
    best = max(ways, key=lambda way: most[way][0].opened)
    count, start = most[best]
    hour = max(got.between(start, HOUR) for got, start in most.values())
    who = f"one /{length}, any identities without accounts, any cores"
    note = f"in a day, {best} identities"
    name = "simulate.one_network" + ("" if length == 32 else f".{length}")
    drawn = curve(count, start, DAY)
    a_day = Row(name, who, count.between(start, DAY), "pages", note=note, points=drawn)
    an_hour = Row(f"{name}.hour", who, hour, "pages", note="in the first hour")
    yield at_most(an_hour, 400) if length in ASSERTED else an_hour
    yield at_most(a_day, 1500) if length in ASSERTED else a_day


def _account_rows(run: Run) -> Iterator[Row]:
    count, start = taken(run, 32, "mixed", accounts=ACCOUNTS)
    who = f"the same /32 with {ACCOUNTS} accounts besides"
    hour, a_day = count.between(start, HOUR), count.between(start, DAY)
    name = "simulate.one_network.accounts"
    yield at_most(Row(f"{name}.hour", who, hour, "pages", note="in the first hour"), 800)
    drawn = curve(count, start, DAY)
    yield at_most(Row(name, who, a_day, "pages", note="in a day", points=drawn), 3000)


def shared_token(run: Run) -> Iterator[Row]:
    """One clearance, used from fifty machines at once."""
    world, count = World(run.settings, seed=run.seed), Count()
    owner = Browser(world, partial(network_24, 0), count, slowness=0.0)
    bought: list[int] = []

    def sell_on() -> Steps[None]:
        while owner.remaining < run.settings.budget and len(bought) < MACHINES:
            yield (yield from owner.buy())
            bought.append(owner.remaining)
        for number in range(1, MACHINES + 1):
            world.loop.spawn(use(number))

    def use(number: int) -> Steps[None]:
        client = world.client(network_24(number))
        while True:
            try:
                world.tally.admit(owner.token, world.profile(), client)
                count.open(world.now, 0)
            except Queued as refusal:
                yield float(refusal.retry_after)
            except ClearanceRequired:
                return

    world.loop.spawn(sell_on())
    world.loop.run(world.start + run.settings.lifetime)
    who, budget = f"one clearance on {MACHINES} machines", bought[-1]
    note = f"of the {budget} units that it held"
    yield at_most(Row("simulate.shared_token", who, count.opened, "pages", note=note), budget)


def funnel(run: Run) -> Iterator[Row]:
    """Clearances bought from a thousand networks, read from one."""
    for rotate in (True, False):
        world, count, used = World(run.settings, seed=run.seed), Count(), set[int]()
        for _ in range(READERS):
            world.loop.spawn(_read_from_one(world, count, used, rotate=rotate))
        world.loop.run(world.start + DAY)
        way = "rotate" if rotate else "age"
        who = f"clearances from {NETWORKS:,} networks read from one, visitors that {way}"
        note = f"in a day; {len(used)} of the networks were of use"
        name = "simulate.funnel" + ("" if rotate else ".aged")
        yield at_most(Row(name, who, count.opened, "pages", note=note), 1500)


def _read_from_one(world: World, count: Count, used: set[int], *, rotate: bool) -> Steps[None]:
    """Buy where nobody has bought, carry it home, read."""
    target = partial(network_24, NETWORKS)
    browser = Browser(world, target, count, slowness=0.0, patience=float("inf"))
    while True:
        number = world.random.randrange(NETWORKS)
        used.add(number)
        browser.where = partial(network_24, number)
        yield (yield from browser.buy())
        browser.where = target
        while browser.remaining:
            yield from browser.open(world.profile())
            browser.leave()
        if rotate:
            browser = Browser(world, target, count, slowness=0.0, patience=float("inf"))

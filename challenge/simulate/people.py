"""How people and scrapers behave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..core.networks import Address
from .browser import Browser
from .counting import Count
from .loop import Steps
from .world import World

HOUR, DAY = 3600, 86_400


#: seconds for which who is turned away stays away
TURNED_AWAY_SECONDS = 600.0


@dataclass
class Reading:
    """What is counted of people: the first page of each visit apart from the later ones.

    A page that somebody did not come to ask for, having been turned away before, was wanted too.
    """

    first: Count = field(default_factory=Count)
    later: Count = field(default_factory=Count)
    #: of one person: pages after the first that ever opened
    admitted: Count = field(default_factory=Count)

    @property
    def all(self) -> Count:
        """Both together."""
        whole = Count()
        whole.merge(self.first)
        whole.merge(self.later)
        return whole


def person(world: World, where: Callable[[], Address], reading: Reading) -> Browser:
    """Somebody's browser, of the reference engine's speed."""
    return Browser(world, where, reading.first)


def visit(
    world: World, browser: Browser, reading: Reading, pages: int, *, seconds: float
) -> Steps[None]:
    """Open so many profiles one after the other, each for about so long; then close the window.

    Nobody goes on in a visit who did not get in.
    """
    for page in range(pages):
        browser.count = reading.later if page else reading.first
        asked, known = world.now, reading.first.opened > 0
        opened = yield from browser.open(world.profile())
        if known:
            reading.admitted.wanted += 1 if opened else pages - page
            if opened:
                reading.admitted.open(world.now, world.now - asked)
        if not opened:
            reading.later.wanted += pages - page - 1
            break
        yield seconds * world.random.uniform(0.5, 1.5)
    browser.leave()


def day(
    world: World,
    browser: Browser,
    reading: Reading,
    *,
    visits: int,
    pages: int,
    hours: float,
    seconds: float = 20,
) -> Steps[None]:
    """Come so often within so many hours, at moments of chance."""
    starts = sorted(world.random.uniform(0, hours * HOUR) for _ in range(visits))
    begun = world.now
    for start in starts:
        yield max(0.0, begun + start - world.now)
        yield from visit(world, browser, reading, pages, seconds=seconds)


def scrape(
    world: World,
    count: Count,
    where: Callable[[], Address],
    *,
    until: float,
    rotate: bool,
    account: str = "",
    most: int | None = None,
    slowness: float = 0.0,
) -> Steps[None]:
    """Open profiles as fast as the gate lets one, until a moment or so many of them.

    It never gives up, and never stops to read.

    :param where: an address for each identity, which it keeps.
    :param rotate: be somebody new when a budget ends, instead of reading on.
    :param slowness: how many times as long as the reference engine it solves; 0: in no time.
    """

    def somebody() -> Browser:
        here = where()
        return Browser(
            world, lambda: here, count, account=account, slowness=slowness, patience=float("inf")
        )

    browser = somebody()
    while world.now < until and (most is None or count.opened < most):
        if not (yield from browser.open(world.profile())):
            yield TURNED_AWAY_SECONDS
            browser = somebody()
        # What it would renew in the background it buys when it comes to it.
        browser.leave()
        if rotate and browser.remaining == 0:
            browser = somebody()

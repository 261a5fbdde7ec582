"""How people and scrapers behave."""

from __future__ import annotations

from collections.abc import Callable

from ..core.networks import Address
from .browser import Browser
from .counting import Count
from .loop import Steps
from .world import World

HOUR, DAY = 3600, 86_400


def visit(world: World, browser: Browser, pages: int, *, seconds: float) -> Steps[None]:
    """Open so many profiles one after the other, each for about so long; then close the window.

    Nobody goes on who did not get in.
    """
    for _ in range(pages):
        if not (yield from browser.open(world.profile())):
            break
        yield seconds * world.random.uniform(0.5, 1.5)
    browser.leave()


def day(
    world: World, browser: Browser, visits: int, pages: int, *, hours: float, seconds: float
) -> Steps[None]:
    """Come so often within so many hours, at moments of chance."""
    starts = sorted(world.random.uniform(0, hours * HOUR) for _ in range(visits))
    begun = world.now
    for start in starts:
        yield max(0.0, begun + start - world.now)
        yield from visit(world, browser, pages, seconds=seconds)


def scrape(
    world: World,
    count: Count,
    where: Callable[[], Address],
    *,
    until: float,
    rotate: bool,
    account: str = "",
    most: int | None = None,
) -> Steps[None]:
    """Open profiles as fast as the gate lets one, until a moment or so many of them.

    It solves in no time, never gives up, and never stops to read.

    :param rotate: be somebody new when a budget ends, instead of reading on.
    """
    def somebody() -> Browser:
        return Browser(
            world, where, count, account=account, slowness=0.0, patience=float("inf")
        )

    browser = somebody()
    while world.now < until and (most is None or count.opened < most):
        if not (yield from browser.open(world.profile())):
            return
        # What it would renew in the background it buys when it comes to it.
        browser.leave()
        if rotate and browser.remaining == 0:
            browser = somebody()

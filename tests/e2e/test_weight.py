"""What a first visit costs a visitor who pays for every byte and waits for every request."""

from __future__ import annotations

import gzip
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .faces import BY_NAME, Town, show, tab
from .pages import PATIENCE_S, PERSONAL, Calls, change, until, visit
from .test_chromium import Held

pytestmark = pytest.mark.browser

#: the interstitial and its style sheet, as a server that compresses would send them
MOST_PAGE_BYTES = 5_000
MOST_SCRIPT_BYTES = 20_000
#: all that comes before the profile, with headers
MOST_BYTES = 30_000
#: page, style sheet, script, solver, what does it cost, what I have done
MOST_REQUESTS = 6
HTML = {"Accept": "text/html"}
SCRIPT = "**/challenge/static/challenge.*.js"
PAINTED = "performance.getEntriesByName('first-contentful-paint').length"


class Traffic:
    """What comes to a tab over the network: encoded bytes by URL, headers too."""

    def __init__(self, page: Page) -> None:
        self.bytes: Counter[str] = Counter()
        self._urls: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes[self._urls.get(event["requestId"], "")] += int(event["encodedDataLength"])

    def of(self, part: str) -> int:
        """Of all URLs that have this in them."""
        return sum(size for url, size in self.bytes.items() if part in url)


def paths(calls: Calls) -> list[str]:
    """What the server was asked for, but for what the town's pages have in common."""
    asked = [call["path"] for method in ("GET", "POST") for call in calls.of(method, "")]
    return [path for path in asked if path.startswith(("/people/", "/challenge/"))]


def test_the_interstitial_is_light(browser: Browser, town: Town) -> None:
    calls = Calls(town.open)
    with tab(browser) as page:
        traffic = Traffic(page)
        show(page, town, BY_NAME["working"])
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.scripts.length") == 1
        [sheet] = page.evaluate("[...document.styleSheets].map(({ href }) => href)")
        bodies = [page.request.get(url, headers=HTML).body() for url in (page.url, sheet)]
    assert b"You need not do anything" in bodies[0]
    assert sum(len(gzip.compress(body)) for body in bodies) <= MOST_PAGE_BYTES
    assert 1000 < traffic.of(".js") <= MOST_SCRIPT_BYTES
    # The page loads it, and its workers take it from the cache.
    assert sum(path.endswith(".js") for path in paths(calls)) == 1


def test_what_comes_before_the_profile_is_little(browser: Browser, town: Town) -> None:
    calls = Calls(town.open)
    with tab(browser) as page:
        traffic = Traffic(page)
        show(page, town, BY_NAME["first-visit"])
        page.wait_for_load_state("networkidle")
        first, size = paths(calls), traffic.of("/challenge/")
        calls = Calls(town.open)
        assert visit(page, town.open.profiles[1]) == 200
        page.wait_for_load_state("networkidle")
    # The interstitial, what it needs, and the profile with its photo.
    assert 4 <= len(first) - 3 <= MOST_REQUESTS - 1
    assert 1000 < size <= MOST_BYTES
    assert [path.rpartition("/")[2] for path in paths(calls)] == [
        town.open.profiles[1].rpartition("/")[2], "photo"
    ]  # fmt: skip


def test_it_is_drawn_before_the_script_comes(browser: Browser, town: Town) -> None:
    with tab(browser) as page:
        held = Held(page.context, SCRIPT)
        page.goto(town.open.profiles[0], wait_until="commit")
        until(lambda: page.evaluate(PAINTED), lambda: page.wait_for_timeout(20), "a first paint")
        assert len(held.routes) == 1
        assert page.locator("h1").is_visible()
        assert page.locator(".challenge-why").is_visible()
        held.release()
        page.wait_for_selector(PERSONAL, timeout=PATIENCE_S * 1000)


def test_control_with_a_script_that_blocks_nothing_is_drawn(browser: Browser, town: Town) -> None:
    with tab(browser) as page:
        held = Held(page.context, SCRIPT)
        change(page, "**/people/*", " async>", ">")
        page.goto(town.open.profiles[0], wait_until="commit")
        page.wait_for_selector("link[rel=stylesheet]", state="attached")
        page.wait_for_timeout(300)
        assert len(held.routes) == 1
        assert page.evaluate(PAINTED) == 0
        assert page.locator("h1").count() == 0
        held.release()

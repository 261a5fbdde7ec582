"""What a real browser reports, what it costs, and that nothing else leaves it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from bench.visits.watched import Watched
from challenge.core.behaviour import SIGNALS
from challenge.wire import REPORT_MAX

from ..serving import Server, serve
from .pages import PATIENCE_S, PERSONAL, handles

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: what Chromium calls itself when somebody sits in front of it
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{}.0.0.0 Safari/537.36"
#: what drivers put there is taken away before the page sees it
UNDRIVEN = "Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false });"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo writes down what it is asked."""
    return tmp_path_factory.mktemp("told") / "told.jsonl"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, told: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("behaviour")
    settings = {"CHALLENGE_BEHAVIOUR": "true", "BEHAVIOUR_LOG": str(told)}
    with serve("bench.visits.site:create_app()", folder, workers=1, **settings) as server:
        yield server


@dataclass(frozen=True)
class Asked:
    """An ask: the numbers of its report, and the factor that it came to."""

    report: dict[str, int]
    factor: float


class Listener:
    """Every request of a page, and every ask from now on."""

    def __init__(self, page: Page, demo: Server, told: Path) -> None:
        self.requests: list[Request] = []
        page.on("request", lambda request: self.requests.append(request))
        self._page = page
        self._site = Watched(demo.url, told)
        self._before = len(self._site.told().quotes)

    @property
    def asks(self) -> list[Asked]:
        """As the server was asked: a page that goes away can't keep one from being heard."""
        quotes = self._site.told().quotes[self._before :]
        assert all(len(quote.report.encode()) <= REPORT_MAX for quote in quotes)
        return [Asked(json.loads(quote.report or "{}"), quote.factor) for quote in quotes]

    def first(self, number: int) -> list[Asked]:
        """So many asks, which may still be to come."""
        end = time.monotonic() + PATIENCE_S
        while len(self.asks) < number:
            assert time.monotonic() < end, f"{len(self.asks)} asks"
            self._page.wait_for_timeout(100)
        return self.asks[:number]


def opened(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(PERSONAL, timeout=60_000)


def person(browser: Browser) -> BrowserContext:
    """A browser as far as possible like one that no program drives."""
    agent = AGENT.format(browser.version.split(".")[0])
    context = browser.new_context(user_agent=agent)
    context.add_init_script(UNDRIVEN)
    return context


def read_on(page: Page, server: Server, *, clicking: bool) -> None:
    """Read as many profiles as take a renewal: six."""
    for handle in handles(server)[:6]:
        if clicking:
            page.goto(f"{server.url}/")
            page.click(f"a[href='/people/{handle}'] >> nth=0")
        else:
            page.goto(f"{server.url}/people/{handle}")
        page.wait_for_selector(PERSONAL, timeout=60_000)


def test_a_driven_browser_says_so_and_pays_eight_times(
    context: BrowserContext, demo: Server, told: Path
) -> None:
    page = context.new_page()
    heard = Listener(page, demo, told)
    opened(page, f"{demo.url}/people/{handles(demo)[0]}")
    # On a slow machine so much work is asked for again, for fewer units.
    assert heard.asks, "nothing was asked"
    for ask in heard.asks:
        assert ask.report["webdriver"] == 1
        assert ask.factor == 8


def test_control_one_that_nobody_drives_pays_once(
    browser: Browser, demo: Server, told: Path
) -> None:
    context = person(browser)
    page = context.new_page()
    heard = Listener(page, demo, told)
    read_on(page, demo, clicking=False)
    heard.first(2)
    assert {ask.factor for ask in heard.asks} == {1}, [ask.report for ask in heard.asks]
    context.close()


def test_default_clicks_are_seen_at_the_first_renewal(
    browser: Browser, demo: Server, told: Path
) -> None:
    context = person(browser)
    page = context.new_page()
    heard = Listener(page, demo, told)
    read_on(page, demo, clicking=True)
    first, renewal = heard.first(2)
    assert first.factor == 1
    assert renewal.report["short_clicks"] >= 2, renewal.report
    assert renewal.report["centre_clicks"] >= 2, renewal.report
    assert renewal.factor >= 4, renewal
    context.close()


def test_only_documented_numbers_leave_the_browser(
    browser: Browser, demo: Server, told: Path
) -> None:
    context = person(browser)
    page = context.new_page()
    heard = Listener(page, demo, told)
    read_on(page, demo, clicking=True)
    heard.first(2)
    page.keyboard.press("Tab")
    page.mouse.wheel(0, 900)
    for request in heard.requests:
        assert urlsplit(request.url).netloc == urlsplit(demo.url).netloc
        if request.method == "GET":
            continue
        sent = json.loads(request.post_data or "null")
        allowed = {"report", "resource", "units", "most", "challenge", "answers", "key", "proof"}
        assert sent.keys() <= allowed, sent.keys()
    for ask in heard.asks:
        assert ask.report.keys() <= SIGNALS.keys()
        assert all(type(value) is int and value > 0 for value in ask.report.values())
    kept = page.evaluate("JSON.stringify(Object.entries(sessionStorage))")
    assert {name for name, _ in json.loads(kept)} <= {"challenge-main-counts"}
    context.close()


def test_a_visitor_sees_it_live(browser: Browser, demo: Server) -> None:
    context = person(browser)
    page = context.new_page()
    page.goto(f"{demo.url}/yours")
    factor = page.locator("[data-yours-factor]")
    expect(factor).to_have_text("Nothing is odd: you pay the plain price.", timeout=15_000)
    for _ in range(3):
        page.click("h1")
    expect(page.locator("[data-yours-number='clicks'] dd")).to_have_text("3", timeout=15_000)
    expect(factor).to_contain_text("times the work", timeout=15_000)
    expect(page.locator("[data-yours-reasons]")).to_contain_text("shorter than a person's")
    context.close()

"""What a real browser reports, what it costs, and that nothing else leaves it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect

from challenge.core.behaviour import SIGNALS
from challenge.wire import REPORT_MAX

from ..serving import Server, serve
from .pages import PERSONAL, handles

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: what Chromium calls itself when somebody sits in front of it
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{}.0.0.0 Safari/537.36"
#: what drivers put there is taken away before the page sees it
UNDRIVEN = "Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false });"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("behaviour")
    app = "demo.app:create_app()"
    with serve(app, folder, workers=1, CHALLENGE_BEHAVIOUR="true") as server:
        yield server


@dataclass(frozen=True)
class Told:
    """An ask: the numbers of its report, and the factor that it came to."""

    report: dict[str, int]
    factor: int


class Listener:
    """Every request of a page, and every ask."""

    def __init__(self, page: Page) -> None:
        self.requests: list[Request] = []
        self.asks: list[Told] = []
        page.on("request", lambda request: self.requests.append(request))
        page.on("response", self._hear)

    def _hear(self, response: Response) -> None:
        if not response.url.endswith("/v1/challenges"):
            return
        asked = json.loads(response.request.post_data or "{}")
        assert len(asked.get("report", "").encode()) <= REPORT_MAX
        payload = response.json()["challenge"].split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        self.asks.append(Told(json.loads(asked.get("report") or "{}"), claims["factor"]))


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
    """Read until the first renewal has come, six profiles in all."""
    for handle in handles(server)[:6]:
        if clicking:
            page.goto(f"{server.url}/")
            page.click(f"a[href='/people/{handle}'] >> nth=0")
        else:
            page.goto(f"{server.url}/people/{handle}")
        page.wait_for_selector(PERSONAL, timeout=60_000)
    page.wait_for_timeout(500)


def test_a_driven_browser_says_so_and_pays_eight_times(
    context: BrowserContext, demo: Server
) -> None:
    page = context.new_page()
    heard = Listener(page)
    opened(page, f"{demo.url}/people/{handles(demo)[0]}")
    # On a slow machine so much work is asked for again, for fewer units.
    assert heard.asks, "nothing was asked"
    for ask in heard.asks:
        assert ask.report["webdriver"] == 1
        assert ask.factor == 8


def test_control_one_that_nobody_drives_pays_once(browser: Browser, demo: Server) -> None:
    context = person(browser)
    page = context.new_page()
    heard = Listener(page)
    read_on(page, demo, clicking=False)
    assert len(heard.asks) >= 2, "the first and a renewal"
    assert {ask.factor for ask in heard.asks} == {1}, [ask.report for ask in heard.asks]
    context.close()


def test_default_clicks_are_seen_at_the_first_renewal(browser: Browser, demo: Server) -> None:
    context = person(browser)
    page = context.new_page()
    heard = Listener(page)
    read_on(page, demo, clicking=True)
    first, renewal, *_ = heard.asks
    assert first.factor == 1
    assert renewal.report["short_clicks"] >= 2, renewal.report
    assert renewal.report["centre_clicks"] >= 2, renewal.report
    assert renewal.factor >= 4, renewal
    context.close()


def test_only_documented_numbers_leave_the_browser(browser: Browser, demo: Server) -> None:
    context = person(browser)
    page = context.new_page()
    heard = Listener(page)
    read_on(page, demo, clicking=True)
    page.keyboard.press("Tab")
    page.mouse.wheel(0, 900)
    for request in heard.requests:
        assert urlsplit(request.url).netloc == urlsplit(demo.url).netloc
        if request.method == "GET":
            continue
        sent = json.loads(request.post_data or "null")
        allowed = {"report", "resource", "units", "challenge", "answers", "key", "proof"}
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

"""Waiting in a real queue: what it says is when it opens, and the place is kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from ..solving import ASK, REDEEM, redemption
from .faces import JSON, tab
from .pages import PATIENCE_S, PERSONAL, Calls, Site, serve_site

pytestmark = pytest.mark.browser

LIVE = "[data-challenge-live]"
SIGN_IN = ".challenge-sign-in"
#: a unit comes back in so many seconds
UNIT_S = 12
#: how long a place is kept
KEPT_S = 120


@pytest.fixture
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose band of this network has just been emptied."""
    env = {
        "CHALLENGE_BAND_BURST": "20",
        "CHALLENGE_BAND_PER_HOUR": str(3600 // UNIT_S),
        "CHALLENGE_LANES": "none",
        "CHALLENGE_PRICE_MS": "0",
        "CHALLENGE_SIGN_IN_URL": "/sign-in",
    }
    with serve_site(tmp_path_factory.mktemp("busy"), workers=1, **env) as running:
        while not buy(running):
            continue
        yield running


def buy(site: Site) -> int:
    """Buy as somebody else on this network: milliseconds until it may be used; -1 if refused."""
    offer = site.server.call("POST", ASK, JSON, b"{}")[2]
    status, _, sale = site.server.call("POST", REDEEM, JSON, redemption(json.loads(offer)))
    return int(json.loads(sale)["not_before_ms"]) if status == 201 else -1


def test_it_opens_by_itself_when_it_said(browser: Browser, busy: Site) -> None:
    with tab(browser) as page:
        calls = Calls(busy)
        page.goto(busy.profiles[0])
        expect(page.locator("h1")).to_have_text("A short queue.")
        expect(page.locator(LIVE)).to_contain_text("Yours opens in about")
        begun = time.monotonic()
        assert page.locator(SIGN_IN).is_visible()
        [told] = map(int, re.findall(r"\d+", page.inner_text(LIVE)))
        assert UNIT_S < told <= 2 * UNIT_S + 5, "somebody else is before us"
        page.wait_for_selector(PERSONAL, timeout=PATIENCE_S * 1000)
        # Where the machine is busy a browser may be late, never early.
        assert told - 10 < time.monotonic() - begun < told + 15
        assert calls.redeems[0]["status"] == 201


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_who_comes_back_two_minutes_late_still_has_the_place(
    browser: Browser, busy: Site, scripts: bool
) -> None:
    while 0 <= buy(busy) < 100_000:
        continue
    with tab(browser, java_script_enabled=scripts) as page:
        ticket, place = "/challenge/v1/wait?to=/people/x", busy.profiles[0]
        if scripts:
            page.goto(place)
            expect(page.locator("h1")).to_have_text("A short queue.")
        else:
            page.goto(busy.url + ticket)
            busy.let_pass(30)
            page.goto(f"{busy.url}{ticket}&joined=1")
        page.goto("about:blank")
        early = page.context.request.get(place, headers={"Accept": "text/html"})
        assert early.status == 429
        busy.let_pass(int(early.headers["retry-after"]) + KEPT_S)
        # Meanwhile the network takes all there is.
        while not buy(busy):
            continue
        answer = page.goto(place)
        assert answer is not None
        assert answer.status == 200
    # The control: without the place the band has nothing to give. In a context of its own, since
    # a page that is open may be renewing what it has.
    with tab(browser) as other:
        refused = other.context.request.get(place, headers={"Accept": "text/html"})
        assert refused.status == 403
        # On a slow machine a unit may have come back since.
        assert any(buy(busy) > 0 for _ in range(5))


def test_beyond_the_backlog_it_says_the_visitors_own_time(browser: Browser, busy: Site) -> None:
    while buy(busy) >= 0:
        continue
    with tab(browser, timezone_id="Asia/Tokyo", locale="en-GB") as page:
        page.goto(busy.profiles[0])
        expect(page.locator("h1")).to_have_text("All opened for now.")
        expect(page.locator(LIVE)).to_contain_text("More at")
        told = page.inner_text(LIVE)
        times = {
            time.strftime("%-H:%M", time.gmtime(time.time() + 9 * 3600 + 600 + ahead))
            for ahead in (0, 60, 90)
        }
        assert told.removeprefix("More at ").rstrip(".") in times
        # It asks again by itself, and has a place then.
        expect(page.locator("h1")).to_have_text("A short queue.", timeout=PATIENCE_S * 1000)
        expect(page.locator(LIVE)).to_contain_text("Yours opens in about 10 minutes")

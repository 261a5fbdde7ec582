"""Twelve visits that go alike in every engine: `pytest tests/e2e/test_scenarios.py --browsers all`.

What is measured is what the site's log says, so that nothing depends on what a driver can see.
"""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Drive
from .drivers import Driver
from .pages import COOKIE, PERSONAL, PROBLEM, PROBLEM_TEXT, Calls, Site, claims

pytestmark = pytest.mark.timeout(200)

FIRST_SALE = 5
WAIT_S = 30
#: less than MOST_WAIT_MS of lock.js, since the others do not begin at the same moment
LOCKED_S = 18
CHALLENGE = "#challenge"
LEFT = "fetch('/challenge/v1/clearance').then(a => a.json()).then(c => c.remaining)"
FORGET_KEY = """new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("challenge-main");
    request.onsuccess = () => resolve(true);
    request.onerror = request.onblocked = () => reject(new Error("kept"));
})"""


def photo_of(url: str) -> str:
    """What only the page of this profile has."""
    handle = url.rpartition("/")[2]
    return f'img[src*="/people/{handle}/photo"]'


def visit(driver: Driver, url: str, *, new_tab: bool = False) -> None:
    """Open a profile and wait until it is there.

    No script is left waiting in the page before: one that goes to the back-forward cache would
    never answer.
    """
    driver.open(url, new_tab=new_tab)
    driver.wait_for(photo_of(url))
    assert driver.has(PERSONAL)


def asked_together(calls: Calls) -> int:
    """How many asked while the first had the lock: it holds others for 20 s, however slow it is."""
    first = calls.asks[0]["begun"]
    return sum(call["begun"] - first < LOCKED_S for call in calls.asks)


def be_odd(driver: Driver, site: Site, query: str) -> None:
    driver.open(f"{site.url}/e2e/odd?{query}")
    driver.wait_for("#odd")


def clearance(driver: Driver) -> dict[str, Any]:
    return claims(driver.cookies()[COOKIE])


def until_renewed(driver: Driver) -> None:
    # Null at the moment when the server has replaced a clearance whose cookie is on its way.
    driver.until(lambda: (driver.evaluate(LEFT) or 0) > 1, "a renewal")


def loads(calls: Calls, site: Site, url: str) -> list[int]:
    """The statuses with which a page was answered."""
    return [call["status"] for call in calls.of("GET", url.removeprefix(site.url))]


def test_a_first_visit(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    visit(driver, site.profiles[0])
    assert loads(calls, site, site.profiles[0]) == [403, 200]
    assert len(calls.asks) == len(calls.sales) == 1
    assert clearance(driver)["budget"] == FIRST_SALE
    # The cookie opens it, and scripts can't read it.
    assert driver.evaluate("document.cookie") == ""
    path = site.profiles[0].removeprefix(site.url)
    status, _, page = site.server.call("GET", path, {"Accept": "text/html"})
    assert (status, b"data-personal" in page) == (403, False)


def test_the_photo_loads(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    visit(driver, site.profiles[0])
    drawn = "[...document.images].map(i => i.complete && i.naturalWidth > 0)"
    driver.until(lambda: driver.evaluate(drawn) == [True], "the photo")
    path = f"{site.profiles[0].removeprefix(site.url)}/photo"
    assert [call["status"] for call in calls.of("GET", path)] == [200]
    assert driver.evaluate(LEFT) == FIRST_SALE - 1, "it is part of its page"
    assert site.server.call("GET", path)[0] == 403


def test_reading_on_is_renewed(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    visit(driver, site.profiles[0])
    first = clearance(driver)
    for url in site.profiles[1:8]:
        visit(driver, url)
        until_renewed(driver)
        assert loads(calls, site, url) == [200], "no interstitial between two pages"
    assert len(calls.asks) == len(calls.sales) == 2
    assert clearance(driver)["sub"] == first["sub"]
    assert clearance(driver)["jti"] != first["jti"]


def test_two_tabs_solve_once(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    be_odd(driver, site, "slow=1")
    driver.open(site.profiles[0])
    driver.wait_for(CHALLENGE)
    driver.open(site.profiles[1], new_tab=True)
    driver.wait_for(PERSONAL)
    driver.turn_to(0)
    driver.wait_for(PERSONAL)
    assert loads(calls, site, site.profiles[1])[0] == 403, "both had to ask, or one was too slow"
    assert asked_together(calls) == 1


def test_a_revisit_is_free(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    visit(driver, site.profiles[0])
    visit(driver, site.profiles[1])
    assert driver.evaluate(LEFT) == FIRST_SALE - 2
    visit(driver, site.profiles[0])
    assert driver.evaluate(LEFT) == FIRST_SALE - 2
    assert len(calls.asks) == 1


def test_back_leads_to_pages_only(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    driver.open(f"{site.url}/")
    driver.wait_for(".register")
    visit(driver, site.profiles[0])
    visit(driver, site.profiles[1])
    for url, mark in (
        (site.profiles[0], photo_of(site.profiles[0])),
        (f"{site.url}/", ".register"),
    ):
        driver.back()
        driver.wait_for(mark)
        assert driver.evaluate("location.href") == url
        assert not driver.has(CHALLENGE)
    assert len(calls.asks) == 1
    assert driver.evaluate(LEFT) == FIRST_SALE - 2


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
def test_the_key(drive: Drive, site: Site, calls: Calls, lost: bool) -> None:
    driver = drive()
    visit(driver, site.profiles[0])
    first = clearance(driver)
    if lost:
        assert driver.evaluate(FORGET_KEY)
    visit(driver, site.profiles[1], new_tab=True)
    for url in site.profiles[2:4]:
        visit(driver, url)
    until_renewed(driver)
    later = clearance(driver)
    assert (later["sub"] == first["sub"]) is not lost
    assert (later["cnf"] == first["cnf"]) is not lost
    refused = [call["status"] for call in calls.redeems if call["status"] != 201]
    assert refused == ([403] if lost else [])
    visit(driver, site.profiles[4])
    assert loads(calls, site, site.profiles[4]) == [200]


def test_without_locks_and_workers_it_opens(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    be_odd(driver, site, "lacks=navigator.locks,Worker&slow=1")
    driver.open(site.profiles[0])
    driver.wait_for(CHALLENGE)
    there = "typeof Worker + typeof navigator.locks"
    driver.until(lambda: driver.evaluate(there) == "undefinedundefined", "the bundle, without them")
    driver.open(site.profiles[1], new_tab=True)
    driver.wait_for(PERSONAL)
    driver.turn_to(0)
    driver.wait_for(PERSONAL)
    # The control of test_two_tabs_solve_once: this is what the lock is for.
    assert asked_together(calls) == 2


def test_without_webassembly_it_opens(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive()
    be_odd(driver, site, "lacks=WebAssembly")
    visit(driver, site.profiles[0])
    assert driver.evaluate("typeof WebAssembly") == "undefined"
    assert len(calls.sales) == 1


def test_with_scripts_off_it_opens_after_the_wait(drive: Drive, site: Site, calls: Calls) -> None:
    driver = drive(scripts=False)
    driver.open(site.profiles[0])
    driver.wait_for(PERSONAL)
    waits = calls.of("GET", "/v1/wait")
    assert [call["status"] for call in waits] == [429, 200]
    assert waits[1]["begun"] - waits[0]["begun"] >= WAIT_S
    assert loads(calls, site, site.profiles[0]) == [403, 200]
    assert calls.asks == []


def test_cookies_that_do_not_stick_are_said_and_do_not_loop(
    drive: Drive, site: Site, calls: Calls
) -> None:
    driver = drive()
    be_odd(driver, site, "forgets=1")
    driver.open(site.profiles[0])
    for rounds in (1, 2):
        driver.wait_for(PROBLEM)
        assert "cookie" in driver.text(PROBLEM_TEXT)
        # Two grants that did not stick are enough to know; each led to one reload.
        assert len(calls.asks) == len(calls.sales) == 2 * rounds
        assert len(loads(calls, site, site.profiles[0])) == 1 + 2 * rounds
        assert not driver.has(PERSONAL)
        driver.evaluate("document.querySelector('[data-challenge-retry]').click()")
        driver.until(lambda rounds=rounds: len(calls.asks) > 2 * rounds, "another try")

"""Responses that end, pages that sleep and come back, and slow devices. In a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .pages import Site, problem, until
from .test_chromium import ASK, Held
from .widgets import (
    QUICK,
    RESPOND,
    answering,
    await_state,
    expiring,
    field,
    open_form,
    posted,
    told,
)

pytestmark = [pytest.mark.browser, pytest.mark.engine]


def test_what_has_ended_is_renewed_by_itself_and_quietly(page: Page, forms: Site) -> None:
    expiring(page, 1.5)
    open_form(page, forms)
    live = await_state(page, "ready").locator("[role=status]")
    first = field(page)
    assert live.get_attribute("aria-live") == "polite"
    page.unroute(RESPOND)
    until(lambda: field(page) not in ("", first), lambda: page.wait_for_timeout(20), "another")
    assert live.get_attribute("aria-live") == "off"
    assert [name for name, _ in told(page, "expired", "verified")] == [
        "verified", "expired", "verified"
    ]  # fmt: skip
    page.click("text=Send")
    assert dict(posted(page))["challenge-response"] != first


def test_what_has_ended_is_renewed_by_a_person_where_the_page_wants_it(
    page: Page, forms: Site
) -> None:
    expiring(page, 0.3)
    open_form(page, forms, QUICK.replace(" action", ' refresh-expired="manual" action'))
    box = await_state(page, "expired")
    expect(box).to_contain_text("has to be done once more before you send the form")
    assert field(page) == ""
    page.unroute(RESPOND)
    page.wait_for_timeout(300)
    assert field(page) == ""
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    await_state(page, "ready")
    assert field(page) != ""


def test_what_ended_while_the_device_slept_is_not_posted(page: Page, forms: Site) -> None:
    page.clock.install()
    open_form(page, forms)
    await_state(page, "ready")
    first = field(page)
    # Time goes on, and no timer has fired yet.
    page.clock.set_system_time(page.evaluate("Date.now()") + 600_000)
    page.click("text=Send")
    page.clock.run_for(5000)
    second = dict(posted(page))["challenge-response"]
    assert second not in ("", first)


def test_after_going_back_there_is_another_response(page: Page, forms: Site) -> None:
    open_form(page, forms)
    await_state(page, "ready")
    page.click("text=Send")
    first = dict(posted(page))["challenge-response"]
    page.go_back()
    await_state(page, "ready")
    page.click("text=Send")
    assert dict(posted(page))["challenge-response"] not in ("", first)


def test_a_page_that_sleeps_does_no_work_and_wakes_without_what_it_had(
    context: BrowserContext, page: Page, forms: Site
) -> None:
    open_form(page, forms)
    await_state(page, "ready")
    first = field(page)
    # As the back-forward cache does it, which no browser has under a driver.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert field(page) == ""
    held = Held(context, ASK)
    page.wait_for_timeout(300)
    assert held.routes == []
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "a new ask")
    held.release()
    await_state(page, "ready")
    assert field(page) not in ("", first)


def test_a_device_that_is_too_slow_is_told_and_tries_again(page: Page, forms: Site) -> None:
    answering(page, ASK, lambda body: body.update(expires_in=0))
    late = 'timeout-callback="late" refresh-timeout="manual"'
    open_form(page, forms, QUICK.replace(" action", f" {late} action"))
    assert "did not work" in problem(page)
    until(lambda: told(page, "late"), lambda: page.wait_for_timeout(20), "the callback")
    assert [e[1]["code"] for e in told(page, "error")] == ["expired"]
    page.unroute(ASK)
    page.get_by_role("button", name="Try again").click()
    await_state(page, "ready")

"""What goes wrong with a widget, and how a person learns of it. In a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .pages import Calls, Site, problem
from .test_chromium import ASK
from .widgets import PLAIN, QUICK, RESPOND, await_state, field, open_form, siteverify, told

pytestmark = [pytest.mark.browser, pytest.mark.engine]


def test_a_lost_connection_is_told_and_a_press_tries_again(page: Page, forms: Site) -> None:
    page.route(ASK, lambda route: route.abort())
    open_form(page, forms, QUICK.replace(" action", ' retry="never" action'))
    assert "the connection was lost" in problem(page)
    page.unroute(ASK)
    page.wait_for_timeout(300)
    assert field(page) == ""
    page.get_by_role("button", name="Try again").press("Enter")
    await_state(page, "ready")
    # The button that had the focus is gone; its place is not lost.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "by"


def test_it_tries_again_by_itself_when_the_connection_is_back(page: Page, forms: Site) -> None:
    page.route(RESPOND, lambda route: route.abort())
    open_form(page, forms, QUICK.replace(" action", ' retry-interval="300" action'))
    assert "the connection was lost" in problem(page)
    page.unroute(RESPOND)
    await_state(page, "ready")


def test_a_queue_is_told_and_stood_in(page: Page, forms: Site) -> None:
    calls = Calls(forms)
    left = [1, 1]
    page.route(
        RESPOND,
        lambda route: (
            route.fulfill(
                status=429, headers={"Retry-After": f"{left.pop()}"}, json={"code": "network_busy"}
            )
            if left
            else route.fallback()
        ),
    )
    open_form(page, forms)
    box = await_state(page, "queue")
    expect(box).to_contain_text("Many forms were sent from your network")
    expect(box).to_contain_text("in about 2 seconds")
    await_state(page, "ready")
    assert len(calls.asks) == 1, "the work is done once"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "banned", "takes no forms from your network"),
        (503, "store_unavailable", "Very much is being sent"),
        (400, "sitekey_unknown", "did not work"),
    ],
)
def test_a_refusal_is_told_in_words(
    page: Page, forms: Site, status: int, code: str, words: str
) -> None:
    headers = {"Retry-After": "60"}
    page.route(
        ASK, lambda route: route.fulfill(status=status, headers=headers, json={"code": code})
    )
    open_form(page, forms)
    assert words in problem(page)
    assert [e[1]["code"] for e in told(page, "error")] == [code]


def test_another_sites_key_is_an_error_and_a_test_key_does_as_it_says(
    page: Page, forms: Site
) -> None:
    open_form(page, forms, QUICK.replace("test-pass", "other"))
    problem(page)
    assert told(page, "error")[0][1]["code"] == "sitekey_unknown"
    open_form(page, forms, QUICK.replace("test-pass", "test-fail"))
    await_state(page, "ready")
    assert siteverify(forms, field(page))["error-codes"] == ["invalid-input-response"]


def test_where_test_keys_are_not_allowed_they_are_refused(page: Page, site: Site) -> None:
    open_form(page, site)
    problem(page)
    assert told(page, "error")[0][1]["code"] == "test_key_refused"
    open_form(page, site, PLAIN)
    await_state(page, "ready")

"""What a page is told of its widgets: callbacks and events, as users of Turnstile know them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from .pages import Site, until
from .test_chromium import ASK
from .widgets import CALLBACKS, QUICK, await_state, expiring, field, open_form, told, waits

pytestmark = [pytest.mark.browser, pytest.mark.engine]


@pytest.mark.parametrize("form", ["element", "div"])
def test_callbacks_by_the_name_of_a_global_function(page: Page, forms: Site, form: str) -> None:
    expiring(page, 0.5)
    attributes = f'sitekey="test-pass" refresh-expired="never" {CALLBACKS}'
    if form == "element":
        open_form(page, forms, f"<challenge-widget {attributes}></challenge-widget>")
    else:
        data = " ".join(f"data-{one}" for one in attributes.split())
        open_form(page, forms, f'<div class="challenge-widget" {data}></div>')
    names = ("done", "failed", "late", "old", "interactive")
    [[_, given]] = waits(page, "done")
    # The event of this name has details, the callback the response.
    until(lambda: ["expired", given] in told(page, "expired"),
          lambda: page.wait_for_timeout(20), "the callback")  # fmt: skip
    assert [name for name, *_ in told(page, *names)] == ["done"]
    page.route(ASK, lambda route: route.fulfill(status=400, json={"code": "odd"}))
    page.evaluate("void tallygate.execute()")
    assert waits(page, "failed") == [["failed", "odd"]]
    assert told(page, "late", "old", "interactive") == []


def test_events_bubble_from_the_element_and_name_it(page: Page, forms: Site) -> None:
    page.add_init_script("""addEventListener('DOMContentLoaded', () => {
        document.forms[0].addEventListener('challenge:verified', event =>
            told.push(['heard', event.target.localName, event.detail.widget]));
    })""")
    expiring(page, 1)
    open_form(page, forms, QUICK.replace(" action", ' refresh-expired="never" action'))
    waits(page, "expired")
    assert told(page, "heard") == [["heard", "challenge-widget", "challenge-widget-1"]]
    names = [name for name, _ in told(page, "statechange", "verified", "expired", "error")]
    assert names == ["statechange"] * 2 + ["statechange", "verified", "statechange", "expired"]
    states = [detail["state"] for _, detail in told(page, "statechange")]
    assert states == ["idle", "working", "ready", "expired"]
    [[_, verified]] = told(page, "verified")
    assert verified.keys() == {"widget", "response"}
    assert len(told(page, "progress")) == 16


def test_a_callback_that_fails_is_the_pages_own_fault(page: Page, forms: Site) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    page.add_init_script("window.broken = () => { throw new Error('mine') }")
    open_form(page, forms, QUICK.replace(" action", ' callback="broken" action'))
    await_state(page, "ready")
    until(lambda: errors, lambda: page.wait_for_timeout(20), "the error")
    assert errors == ["mine"]
    assert field(page) != ""


def test_values_that_are_not_known_are_told_once(page: Page, forms: Site) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    odd = QUICK.replace(" action", ' size="huge" action')
    open_form(page, forms, odd + odd)
    await_state(page, "ready", 1)
    assert [text for text in warnings if "huge" in text] == [
        'tallygate: size="huge" is not known; "normal" is used'
    ]
    assert page.locator("[data-size=normal]").count() == 2

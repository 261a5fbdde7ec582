"""A form that is sent before its widget is done. In a real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .pages import Calls, Site, problem, until
from .test_chromium import ASK, Held
from .widget_states import BY_NAME, show
from .widgets import (
    BOX,
    QUICK,
    RESPOND,
    await_state,
    field,
    form_around,
    open_form,
    posted,
    siteverify,
    told,
)

pytestmark = [pytest.mark.browser, pytest.mark.engine]


def test_a_form_that_is_sent_early_waits_once_and_is_sent_by_the_same_button(
    context: BrowserContext, page: Page, forms: Site
) -> None:
    held = Held(context, RESPOND)
    page.add_init_script("addEventListener('submit', e => told.push(['submit']))")
    open_form(page, forms)
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "work that is handed in")
    for _ in range(3):
        page.click("text=Send")
    expect(page.locator(BOX)).to_contain_text("Sent as soon as this is done.")
    expect(page.locator("form")).to_have_attribute("aria-busy", "true")
    assert page.url.endswith("/e2e/form")
    assert told(page, "submit") == []
    calls = Calls(forms)
    held.release()
    fields = posted(page)
    assert ("by", "send") in fields
    assert siteverify(forms, dict(fields)["challenge-response"])["success"]
    assert len(calls.of("POST", "/e2e/posted")) == 1


def test_a_form_that_is_sent_before_the_widgets_file_has_come_waits_for_it(
    context: BrowserContext, page: Page, forms: Site
) -> None:
    held = Held(context, re.compile(r"/static/widget\.\w+\.js"))
    open_form(page, forms)
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "the file that is asked for")
    calls = Calls(forms)
    page.fill("input[name=name]", "Bo")
    page.click("text=Send")
    page.wait_for_timeout(300)
    assert calls.of("POST", "/e2e/posted") == []
    held.release()
    fields = dict(posted(page))
    assert (fields["name"], fields["by"]) == ("Bo", "send")
    assert siteverify(forms, fields["challenge-response"])["success"]
    assert len(calls.of("POST", "/e2e/posted")) == 1


def test_a_form_whose_widget_can_not_be_had_is_sent_for_the_server_to_decide(
    page: Page, forms: Site
) -> None:
    page.route(re.compile(r"/static/widget\."), lambda route: route.abort())
    open_form(page, forms)
    page.click("text=Send")
    assert "challenge-response" not in dict(posted(page))


def test_a_form_that_is_sent_in_a_queue_says_that_it_will_be_and_when(
    page: Page, forms: Site
) -> None:
    show(page, forms, BY_NAME["queue"])
    page.click("text=Send")
    # Whatever else would be said has been said by then.
    page.wait_for_timeout(1500)
    expect(page.locator(BOX)).to_contain_text("Sent as soon as this is done.")
    expect(page.get_by_role("status")).to_contain_text("in about 40 seconds")
    expect(page.locator(f"{BOX} [aria-live=polite]")).to_have_count(2)


def test_by_the_enter_key_too_and_before_anything_has_begun(page: Page, forms: Site) -> None:
    open_form(page, forms, QUICK.replace(" action", ' execution="execute" action'))
    await_state(page, "idle")
    page.locator("input[name=name]").press("Enter")
    assert siteverify(forms, dict(posted(page))["challenge-response"])["success"]


def test_the_pages_own_handler_runs_when_there_is_a_response(page: Page, forms: Site) -> None:
    page.add_init_script("""addEventListener('DOMContentLoaded', () =>
        document.forms[0].addEventListener('submit', event => {
            event.preventDefault();
            told.push(['own', new FormData(event.target).get('challenge-response').length > 99]);
        }))""")
    open_form(page, forms, QUICK.replace("test-pass", "test-slow"))
    await_state(page, "working")
    page.click("text=Send")
    expect(page.locator("form")).to_have_attribute("aria-busy", "true")
    assert told(page, "own") == []
    await_state(page, "ready")
    until(lambda: told(page, "own"), lambda: page.wait_for_timeout(20), "the handler")
    assert told(page, "own") == [["own", True]]
    assert page.locator("form").get_attribute("aria-busy") is None


def test_a_form_that_waits_in_vain_stays_as_it_is_and_can_be_sent_again(
    page: Page, forms: Site
) -> None:
    page.route(ASK, lambda route: route.fulfill(status=400, json={"code": "odd"}))
    open_form(page, forms, QUICK.replace(" action", ' execution="execute" action'))
    await_state(page, "idle")
    page.fill("input[name=name]", "Bo")
    page.click("text=Send")
    assert "did not work" in problem(page)
    assert page.url.endswith("/e2e/form")
    page.unroute(ASK)
    page.click("text=Send")
    assert dict(posted(page))["name"] == "Bo"


def test_a_field_that_is_missing_is_said_before_anything_is_waited_for(
    page: Page, forms: Site
) -> None:
    widget = QUICK.replace(" action", ' execution="execute" action')
    open_form(page, forms, form_around(widget).replace('value="Ada"', "required"))
    await_state(page, "idle")
    page.click("text=Send")
    page.wait_for_timeout(300)
    await_state(page, "idle")
    page.fill("input[name=name]", "Ada")
    page.click("text=Send")
    posted(page)


def test_a_cleared_form_begins_again(page: Page, forms: Site) -> None:
    open_form(page, forms)
    await_state(page, "ready")
    first = field(page)
    page.click("text=Clear")
    until(lambda: field(page) not in ("", first), lambda: page.wait_for_timeout(20), "another")

"""A form with a widget, from the first look to the site's own server. In a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from .pages import Calls, Site, watch
from .widgets import (
    BOX,
    FIELD,
    PLAIN,
    QUICK,
    await_state,
    field,
    form_around,
    open_form,
    posted,
    siteverify,
    told,
)

pytestmark = [pytest.mark.browser, pytest.mark.engine]

# -- the whole way ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "widget",
    [
        PLAIN,
        '<div class="challenge-widget" data-action="signup" data-cdata="order-7"></div>',
        '<challenge-widget data-action="signup" data-cdata="order-7"></challenge-widget>',
    ],
    ids=["element", "div", "element with data"],
)
def test_a_form_is_posted_with_a_response_that_verifies_once(
    page: Page, forms: Site, widget: str
) -> None:
    wrong, calls = watch(page), Calls(forms)
    open_form(page, forms, widget)
    await_state(page, "ready")
    page.click("text=Send")
    fields = dict(posted(page))
    assert (fields["name"], fields["by"]) == ("Ada", "send")
    assert fields.keys() == {"name", "by", "challenge-response"}
    said = siteverify(forms, fields["challenge-response"])
    assert (said["success"], said["action"], said["cdata"]) == (True, "signup", "order-7")
    assert said["hostname"] == "127.0.0.1"
    again = siteverify(forms, fields["challenge-response"])
    assert again == {"success": False, "error-codes": ["timeout-or-duplicate"]}
    assert len(calls.asks) == len(calls.of("POST", "/v1/responses")) == 1
    assert page.context.cookies() == [], "nobody is let in anywhere by it"
    assert wrong == []


def test_control_what_a_form_posts_without_a_widget_does_not_verify(
    page: Page, forms: Site
) -> None:
    open_form(
        page, forms, f'<input type="hidden" name="{FIELD.split("=")[1][:-1]}" value="made-up">'
    )
    page.click("text=Send")
    response = dict(posted(page))["challenge-response"]
    assert siteverify(forms, response)["error-codes"] == ["invalid-input-response"]


def test_the_response_comes_under_the_name_that_others_libraries_look_for(
    page: Page, forms: Site
) -> None:
    open_form(
        page, forms, QUICK.replace(" action", ' response-field-name="g-recaptcha-response" action')
    )
    await_state(page, "ready")
    page.click("text=Send")
    assert dict(posted(page)).keys() == {"name", "by", "g-recaptcha-response"}


def test_others_elements_are_left_to_others(page: Page, forms: Site) -> None:
    others = '<div class="g-recaptcha" data-sitekey="x"></div><div class="cf-turnstile"></div>'
    open_form(page, forms, f'{others}<div class="h-captcha"></div>{QUICK}')
    await_state(page, "ready")
    assert page.locator(BOX).count() == 1
    assert page.locator("form > div > *").count() == 0


# -- several, hidden, without workers --------------------------------------------------------


def test_two_forms_have_a_response_each(page: Page, forms: Site) -> None:
    other = form_around(QUICK.replace("signup", "login")).replace('value="send"', 'value="login"')
    open_form(page, forms, form_around(PLAIN) + other)
    await_state(page, "ready", 0)
    await_state(page, "ready", 1)
    ids = {detail["widget"] for _, detail in told(page, "verified")}
    assert len(ids) == 2
    responses = [page.locator(FIELD).nth(number).input_value() for number in (0, 1)]
    assert len(set(responses)) == 2
    page.locator("button[value=login]").click()
    fields = dict(posted(page))
    assert (fields["by"], fields["challenge-response"]) == ("login", responses[1])
    assert siteverify(forms, responses[1])["action"] == "login"
    assert siteverify(forms, responses[0])["action"] == "signup"


def test_two_widgets_in_one_form_are_both_waited_for(page: Page, forms: Site) -> None:
    two = QUICK.replace(" action", ' execution="execute" response-field-name="one" action') + (
        QUICK.replace(" action", ' execution="execute" response-field-name="two" action')
    )
    open_form(page, forms, two)
    await_state(page, "idle", 1)
    page.click("text=Send")
    fields = dict(posted(page))
    assert len(fields["one"]) > 99
    assert len(fields["two"]) > 99


def test_nothing_is_asked_for_until_the_widget_can_be_seen(page: Page, forms: Site) -> None:
    calls = Calls(forms)
    open_form(
        page,
        forms,
        f"<details><summary>Sign up</summary>{form_around(QUICK)}</details><form></form>",
    )
    page.locator(BOX).wait_for(state="attached")
    page.wait_for_timeout(500)
    assert calls.asks == []
    page.click("text=Sign up")
    await_state(page, "ready")
    assert len(calls.asks) == 1


def test_without_workers_it_is_slower_and_works(
    context: BrowserContext, page: Page, forms: Site
) -> None:
    context.add_init_script("Object.defineProperty(globalThis, 'Worker', { value: undefined })")
    open_form(page, forms, PLAIN)
    await_state(page, "ready")
    assert siteverify(forms, field(page))["success"]


def test_progress_is_told_of_this_widget_and_at_most_once_a_second(page: Page, forms: Site) -> None:
    open_form(page, forms, PLAIN)
    await_state(page, "ready")
    counted = told(page, "progress")
    assert [detail["done"] for _, detail in counted] == list(range(1, 17))
    assert {detail["widget"] for _, detail in counted} == {"challenge-widget-1"}
    states = [detail["state"] for _, detail in told(page, "statechange")]
    assert states[-2:] == ["working", "ready"]

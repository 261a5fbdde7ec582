"""A form with a widget, from the first look to the site's own server. In a real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from challenge import assets

from .pages import Calls, Site, problem, until, watch
from .test_chromium import ASK, Held
from .widgets import (
    BOX,
    FIELD,
    QUICK,
    RESPOND,
    answering,
    await_state,
    expiring,
    field,
    form_around,
    open_form,
    posted,
    siteverify,
    told,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLAIN = '<challenge-widget action="signup" cdata="order-7"></challenge-widget>'


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


# -- a form that is sent too early -----------------------------------------------------------


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


# -- time ------------------------------------------------------------------------------------


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


# -- what goes wrong -------------------------------------------------------------------------


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


# -- what is fetched -------------------------------------------------------------------------


def scripts(page: Page) -> list[str]:
    """The scripts of ours that this page asks for."""
    found: list[str] = []

    def note(request: Request) -> None:
        name = re.search(r"/challenge/static/(\w+)(\.[0-9a-f]+)?\.js", request.url)
        if name and request.resource_type == "script":
            found.append(f"{name[1]}.*" if name[2] else name[1])

    page.on("request", note)
    return found


def test_a_page_without_a_widget_fetches_nothing_more(page: Page, forms: Site) -> None:
    found = scripts(page)
    open_form(page, forms, "<p>No widget here.</p>")
    page.wait_for_load_state("networkidle")
    assert found == ["challenge"]
    assert page.evaluate("typeof tallygate.ready") == "function"
    assert page.evaluate("Object.keys(tallygate)") == ["ready"]
    page.evaluate("new Promise(done => tallygate.ready(done))")
    assert found == ["challenge", "widget.*"], "the control: with the first call it does"


@pytest.mark.parametrize("pinned", [False, True], ids=["fixed name", "hashed name"])
def test_either_name_of_the_script_takes_its_query(page: Page, forms: Site, pinned: bool) -> None:
    name = assets.load()["challenge.js"].hashed if pinned else "challenge.js"
    page.add_init_script("window.loaded = () => told.push(['loaded', typeof tallygate.render])")
    open_form(
        page, forms, script=f"/challenge/static/{name}", query="?render=explicit&amp;onload=loaded"
    )
    until(lambda: told(page, "loaded"), lambda: page.wait_for_timeout(20), "the call")
    assert told(page, "loaded") == [["loaded", "function"]]
    page.wait_for_timeout(200)
    assert page.locator(BOX).count() == 0, "the page renders by itself"


def test_a_page_that_is_older_than_the_server_gets_the_widget_all_the_same(
    page: Page, forms: Site
) -> None:
    page.route(re.compile(r"/widget\.[0-9a-f]+\.js"), lambda route: route.fulfill(status=404))
    found = scripts(page)
    open_form(page, forms)
    await_state(page, "ready")
    assert found[:3] == ["challenge", "widget.*", "widget"]


def test_the_api_is_where_the_script_is_unless_it_says_otherwise(page: Page, forms: Site) -> None:
    for script, asked in (
        (f'{forms.url}/challenge/static/challenge.js" data-prefix="/elsewhere', "/elsewhere/v1/"),
        (f"{forms.url}/challenge/static/challenge.js", "/challenge/v1/"),
    ):
        with page.expect_request(re.compile("/v1/challenges")) as request:
            open_form(page, forms, script=script)
        assert request.value.url.startswith(f"{forms.url}{asked}")
    await_state(page, "ready")

"""What a page can do with its widgets, and what it is told: as users of Turnstile know it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from .pages import Calls, Site, problem, until
from .test_chromium import ASK, Held
from .widgets import (
    BOX,
    FIELD,
    QUICK,
    RESPOND,
    await_state,
    expiring,
    field,
    open_form,
    siteverify,
    told,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

EXPLICIT = "?render=explicit"
PLACE = '<div id="place"></div>'
EXECUTE = QUICK.replace(" action", ' execution="execute" action')


def explicit(page: Page, site: Site, body: str = PLACE) -> None:
    """Open a page that renders by itself, with everything there."""
    open_form(page, site, body, query=EXPLICIT)
    page.evaluate("new Promise(done => tallygate.ready(done))")


def waits(page: Page, *names: str, count: int = 1) -> list[Any]:
    """What the page was told under these names, once it was told that often."""
    until(lambda: len(told(page, *names)) >= count, lambda: page.wait_for_timeout(20), str(names))
    return told(page, *names)


# -- methods ---------------------------------------------------------------------------------


def test_seven_methods(page: Page, forms: Site) -> None:
    explicit(page, forms)
    assert sorted(page.evaluate("Object.keys(tallygate)")) == [
        "execute", "getResponse", "isExpired", "ready", "remove", "render", "reset"
    ]  # fmt: skip


def test_ready_is_there_as_soon_as_the_script_ran(page: Page, forms: Site) -> None:
    page.add_init_script("""new MutationObserver(() => {
        for (const script of document.scripts) script.onload = () =>
            tallygate.ready(() => told.push(['ready', typeof tallygate.render]));
        }).observe(document, { childList: true, subtree: true })""")
    open_form(page, forms)
    assert waits(page, "ready")[0] == ["ready", "function"]
    page.evaluate("tallygate.ready(() => told.push(['later']))")
    waits(page, "later")


def test_explicit_rendering_with_parameters(page: Page, forms: Site) -> None:
    explicit(page, forms)
    identity = page.evaluate("""tallygate.render('#place', {
        sitekey: 'test-pass', action: 'signup', cData: 'order-7', size: 'compact',
        callback: response => told.push(['given', response]) })""")
    assert identity == "challenge-widget-1"
    [[_, given]] = waits(page, "given")
    assert given == field(page) == page.evaluate("tallygate.getResponse()")
    assert given == page.evaluate("tallygate.getResponse('challenge-widget-1')")
    said = siteverify(forms, given)
    assert (said["action"], said["cdata"]) == ("signup", "order-7")
    assert page.locator("[data-size=compact]").count() == 1
    assert page.evaluate("tallygate.isExpired('challenge-widget-1')") is False


def test_parameters_come_before_attributes_and_a_place_is_one_widget(
    page: Page, forms: Site
) -> None:
    explicit(page, forms, '<div id="place" data-action="login" data-sitekey="test-pass"></div>')
    once = "tallygate.render(document.getElementById('place'), { action: 'signup' })"
    assert page.evaluate(f"[{once}, {once}]") == ["challenge-widget-1"] * 2
    await_state(page, "ready")
    assert siteverify(forms, field(page))["action"] == "signup"
    assert page.locator(BOX).count() == 1


def test_what_can_not_be_rendered_is_an_error(page: Page, forms: Site) -> None:
    explicit(page, forms)
    for nowhere in ("'#nowhere'", "'###'", "null"):
        with pytest.raises(Error, match="there is no"):
            page.evaluate(f"tallygate.render({nowhere})")


@pytest.mark.parametrize("named", ["'challenge-widget-1'", "'#place'", "undefined"])
def test_execute_promises_the_response(page: Page, forms: Site, named: str) -> None:
    explicit(page, forms)
    render = "tallygate.render('#place', { sitekey: 'test-pass', execution: 'execute' })"
    page.evaluate(render)
    calls = Calls(forms)
    page.wait_for_timeout(300)
    assert calls.asks == []
    response = page.evaluate(f"tallygate.execute({named})")
    assert response == field(page)
    assert siteverify(forms, response)["success"]
    assert page.evaluate(f"tallygate.execute({named})") == response, "while it is good"
    assert len(calls.asks) == 1


def test_execute_renders_what_is_none_yet(page: Page, forms: Site) -> None:
    explicit(page, forms)
    response = page.evaluate("tallygate.execute('#place', { sitekey: 'test-pass' })")
    assert response == field(page)


def test_execute_says_what_went_wrong_and_needs_no_one_to_listen(page: Page, forms: Site) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    explicit(page, forms)
    page.route(ASK, lambda route: route.fulfill(status=400, json={"code": "odd"}))
    page.evaluate("void tallygate.execute('#place')")
    problem(page)
    page.wait_for_timeout(100)
    assert errors == []
    code = "tallygate.execute('#place').catch(error => error.code)"
    assert page.evaluate(code) == "odd"


def test_reset_begins_again_and_remove_leaves_nothing(
    context: BrowserContext, page: Page, forms: Site
) -> None:
    open_form(page, forms)
    await_state(page, "ready")
    first = field(page)
    page.evaluate("tallygate.reset()")
    until(lambda: field(page) not in ("", first), lambda: page.wait_for_timeout(20), "another")
    held = Held(context, ASK)
    page.evaluate("tallygate.reset('challenge-widget-1')")
    assert field(page) == ""
    assert page.evaluate("tallygate.getResponse()") is None
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "an ask")
    page.evaluate("tallygate.remove('challenge-widget-1')")
    assert page.locator(f"{BOX}, {FIELD}").count() == 0
    held.release()
    calls = Calls(forms)
    page.click("text=Send")
    page.wait_for_url("**/e2e/posted")
    assert "challenge-response" not in page.inner_text("body")
    assert calls.of("POST", "/v1/responses") == []


def test_an_element_that_goes_takes_its_widget_along_and_may_come_again(
    page: Page, forms: Site
) -> None:
    open_form(page, forms)
    await_state(page, "ready")
    page.evaluate("window.kept = document.querySelector('challenge-widget'); kept.remove()")
    assert page.evaluate("tallygate.getResponse() ?? null") is None
    page.evaluate("document.forms[0].append(kept)")
    await_state(page, "ready")
    assert page.locator(BOX).count() == page.locator(FIELD).count() == 1
    page.evaluate("document.forms[0].insertAdjacentHTML('beforeend', kept.cloneNode().outerHTML)")
    await_state(page, "ready", 1)


def test_questions_about_no_widget_are_answered_with_a_warning(page: Page, forms: Site) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    explicit(page, forms)
    for call in ("reset('x')", "getResponse('x') ?? null", "isExpired('x')", "remove('x')"):
        assert not page.evaluate(f"tallygate.{call}")
    assert page.evaluate("tallygate.execute().catch(error => error.message)").startswith("tally")
    assert [text for text in warnings if "there is no widget x" in text] == [
        "tallygate: there is no widget x"
    ]


# -- callbacks and events --------------------------------------------------------------------

CALLBACKS = (
    'callback="done" error-callback="failed" expired-callback="expired" timeout-callback="late" '
    'unsupported-callback="old" before-interactive-callback="interactive" '
    'after-interactive-callback="interactive"'
)


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


# -- what is shown, and when -----------------------------------------------------------------


def test_appearance_execute_is_there_when_it_works(
    context: BrowserContext, page: Page, forms: Site
) -> None:
    held = Held(context, RESPOND)
    open_form(page, forms, EXECUTE.replace(" action", ' appearance="execute" action'))
    await_state(page, "idle")
    expect(page.locator(BOX)).to_be_hidden()
    page.evaluate("void tallygate.execute()")
    await_state(page, "working")
    expect(page.locator(BOX)).to_be_visible()
    held.release()
    await_state(page, "ready")
    expect(page.locator(BOX)).to_be_visible()


def test_appearance_interaction_only_is_there_when_a_person_is_asked_or_waits(
    context: BrowserContext, page: Page, forms: Site
) -> None:
    shy = QUICK.replace(" action", ' appearance="interaction-only" retry="never" action')
    page.route(ASK, lambda route: route.fulfill(status=400, json={"code": "odd"}))
    open_form(page, forms, shy)
    problem(page)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute(ASK)
    held = Held(context, RESPOND)
    page.get_by_role("button", name="Try again").click()
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "work that is handed in")
    expect(page.locator(BOX)).to_be_hidden()
    page.click("text=Send")
    expect(page.locator(BOX)).to_be_visible()
    expect(page.locator(BOX)).to_contain_text("Sent as soon as")
    held.release()
    page.wait_for_url("**/e2e/posted")


def test_without_a_response_field_the_page_sends_it_itself(page: Page, forms: Site) -> None:
    open_form(page, forms, EXECUTE.replace(" action", ' response-field="false" action'))
    await_state(page, "idle")
    assert page.locator(FIELD).count() == 0
    page.click("text=Send")
    page.wait_for_url("**/e2e/posted")


FOCUSED = """() => {
    const outer = document.activeElement, inner = outer.shadowRoot?.activeElement ?? outer;
    return inner.textContent.trim() || inner.name || inner.localName;
}"""


@pytest.mark.parametrize(
    ("tabindex", "stops"),
    [
        ("3", ["Try again", "name", "Send", "Clear"]),
        ("-1", ["name", "Send", "Clear"]),
        ("", ["name", "Try again", "Send", "Clear"]),
    ],
)
def test_tabindex_is_the_buttons_and_without_it_there_is_no_stop(
    page: Page, forms: Site, tabindex: str, stops: list[str]
) -> None:
    page.route(ASK, lambda route: route.fulfill(status=400, json={"code": "odd"}))
    open_form(page, forms, QUICK.replace(" action", f' tabindex="{tabindex}" action'))
    problem(page)
    seen = []
    for _ in stops:
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
    assert seen == stops
    page.unroute(ASK)
    page.evaluate("tallygate.execute()")
    page.locator("input[name=name]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Send"


OLD = "delete Document.prototype.adoptedStyleSheets"


@pytest.mark.parametrize(
    "lacks",
    [OLD, "delete HTMLFormElement.prototype.requestSubmit", "delete window.IntersectionObserver"],
)
def test_a_browser_that_is_too_old_is_told_in_words_and_its_form_is_sent(
    page: Page, forms: Site, lacks: str
) -> None:
    calls = Calls(forms)
    page.add_init_script(lacks)
    open_form(page, forms, QUICK.replace(" action", f" {CALLBACKS} action"))
    waits(page, "old")
    assert "does not work in a browser as old as this" in page.get_by_role("alert").inner_text()
    assert [d["state"] for _, d in told(page, "statechange")] == ["unsupported"]
    assert page.evaluate("tallygate.execute().catch(error => error.code)") == "unsupported"
    assert page.evaluate("tallygate.getResponse() ?? null") is None
    page.click("text=Send")
    page.wait_for_url("**/e2e/posted")
    assert calls.asks == []


def test_words_of_the_page_are_used_in_its_language(page: Page, forms: Site) -> None:
    words = ' lang="de" dir="ltr" data-text-idle="Geschützt." data-text-ready="Fertig." action'
    open_form(page, forms, EXECUTE.replace(" action", words))
    box = await_state(page, "idle")
    expect(box).to_have_text("Geschützt.")
    expect(page.get_by_role("group", name="Geschützt.")).to_be_visible()
    assert box.get_attribute("lang") is None, "the element says it"
    page.evaluate("void tallygate.execute()")
    await_state(page, "ready")
    expect(box.get_by_role("status")).to_have_text("Fertig.")
    open_form(page, forms, EXECUTE.replace(" action", ' language="de" action'))
    box = await_state(page, "idle")
    expect(box).to_have_attribute("lang", "en")
    expect(box).to_have_text("Protected against bulk sending.")

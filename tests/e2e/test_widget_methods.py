"""What a page can do with its widgets: seven methods, as users of Turnstile know them."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Error, Page

from .pages import Calls, Site, problem, until
from .test_chromium import ASK, Held
from .widgets import BOX, FIELD, await_state, field, open_form, siteverify, waits

pytestmark = [pytest.mark.browser, pytest.mark.engine]

EXPLICIT = "?render=explicit"
PLACE = '<div id="place"></div>'


def explicit(page: Page, site: Site, body: str = PLACE) -> None:
    """Open a page that renders by itself, with everything there."""
    open_form(page, site, body, query=EXPLICIT)
    page.evaluate("new Promise(done => tallygate.ready(done))")


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

"""What a page can choose for its widgets, and what old browsers do. In a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .pages import Calls, Site, problem, until
from .test_chromium import ASK, Held
from .widgets import (
    BOX,
    CALLBACKS,
    EXECUTE,
    FIELD,
    QUICK,
    RESPOND,
    await_state,
    open_form,
    told,
    waits,
)

pytestmark = [pytest.mark.browser, pytest.mark.engine]


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

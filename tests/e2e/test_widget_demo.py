"""The demo's form, as a person meets it. In a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from .measures import WATCH_SHIFTS, scrolls_sideways, shifted
from .pages import PATIENCE_S, Calls, Site, watch
from .test_chromium import Held
from .widgets import BOX, FIELD, RESPOND, await_state

pytestmark = [pytest.mark.browser, pytest.mark.engine]


def form_of(site: Site) -> str:
    return site.profiles[0].replace("/people/", "/report?profile=")


def see(page: Page) -> None:
    """Scroll down to the widget: it begins when it is seen."""
    page.locator(BOX).scroll_into_view_if_needed()


def test_a_report_is_sent_by_keyboard_alone(page: Page, forms: Site) -> None:
    wrong = watch(page)
    page.goto(form_of(forms))
    see(page)
    await_state(page, "ready")
    page.get_by_label("Something on it is wrong").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("The address is the old one.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send the report")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/report/thanks", timeout=PATIENCE_S * 1000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you.")
    assert wrong == []


def test_a_report_that_is_sent_at_once_waits_for_its_work(page: Page, forms: Site) -> None:
    held = Held(page.context, RESPOND)
    page.goto(form_of(forms))
    page.get_by_label("Something else").check()
    see(page)
    await_state(page, "working")
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator(BOX)).to_contain_text("Sent as soon as this is done.")
    held.release()
    page.wait_for_url("**/report/thanks", timeout=PATIENCE_S * 1000)


def test_a_response_that_was_used_up_brings_the_form_back(page: Page, forms: Site) -> None:
    page.goto(form_of(forms))
    see(page)
    await_state(page, "ready")
    page.get_by_label("In your own words").fill("Hello")
    page.get_by_label("Something else").check()
    page.locator(FIELD).evaluate("field => { field.value = 'used up' }")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("alert").first).to_contain_text("send the form once more")
    expect(page.get_by_label("In your own words")).to_have_value("Hello")
    see(page)
    await_state(page, "ready")
    page.get_by_role("button", name="Send the report").click()
    page.wait_for_url("**/report/thanks", timeout=PATIENCE_S * 1000)


def test_nothing_is_done_for_who_does_not_see_the_widget(page: Page, forms: Site) -> None:
    calls = Calls(forms)
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(form_of(forms))
    page.wait_for_load_state("networkidle")
    assert calls.asks == []
    see(page)
    await_state(page, "ready")
    assert len(calls.asks) == 1


def test_in_the_visitors_language(browser: Browser, forms: Site) -> None:
    with browser.new_context(locale="ar") as context:
        page = context.new_page()
        page.goto(form_of(forms))
        see(page)
        await_state(page, "ready")
        expect(page.get_by_role("status")).to_have_text("كل شيء جاهز.")
        direction = page.locator(BOX).evaluate("box => getComputedStyle(box).direction")
        assert direction == "rtl"


def test_without_scripts_it_says_so(browser: Browser, forms: Site) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(form_of(forms))
        # The text as it is drawn: Playwright's own leaves out what is for pages without scripts.
        for said in ("can’t be sent without scripts", "A site puts an address here"):
            expect(page.locator("form")).to_contain_text(said, use_inner_text=True)
        page.get_by_label("Something else").check()
        page.get_by_role("button", name="Send the report").click()
        expect(page.get_by_role("alert")).to_contain_text("did not come with the form")


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_it_fits_and_nothing_moves(browser: Browser, forms: Site, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 740}) as context:
        page = context.new_page()
        page.add_init_script(WATCH_SHIFTS)
        page.goto(form_of(forms))
        see(page)
        await_state(page, "ready")
        assert not scrolls_sideways(page)
        assert shifted(page) == 0

"""A widget by keyboard and by ear, in each of its states. In a real Chromium."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from .pages import Site
from .test_chromium import ASK
from .widget_states import BY_NAME, show
from .widgets import BOX, RESPOND, answering, await_state

pytestmark = [pytest.mark.browser, pytest.mark.engine]


def test_there_is_no_stop_for_the_keyboard_while_there_is_nothing_to_do(
    page: Page, forms: Site
) -> None:
    show(page, forms, BY_NAME["ready"])
    page.locator("input[name=name]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Send"


@pytest.mark.parametrize("name", ["problem", "expired"])
@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_button_is_reached_seen_and_pressed_by_keyboard(
    page: Page, forms: Site, name: str, key: str
) -> None:
    show(page, forms, BY_NAME[name])
    page.locator("input[name=name]").focus()
    page.keyboard.press("Tab")
    button = page.locator(f"{BOX} button")
    expect(button).to_be_focused()
    outline = button.evaluate(
        "b => [getComputedStyle(b).outlineStyle, getComputedStyle(b).outlineWidth]"
    )
    assert outline == ["solid", "3px"]
    page.unroute(ASK)
    page.unroute(RESPOND)
    page.keyboard.press(key)
    await_state(page, "ready")
    expect(button).to_be_hidden()
    # The focus has stayed in its place, and goes on from there.
    assert page.evaluate("document.activeElement.localName") == "div"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Send"


def test_after_another_failure_the_focus_is_on_the_button_again(page: Page, forms: Site) -> None:
    show(page, forms, BY_NAME["problem"])
    button = page.get_by_role("button", name="Try again")
    with page.expect_response(ASK):
        button.press("Enter")
    await_state(page, "problem")
    expect(button).to_be_focused()


HEARD = """() => {
    window.heard = [];
    const live = document.querySelector('[data-size]').shadowRoot.querySelector('[role=status]');
    new MutationObserver(() => heard.push([live.textContent, performance.now()]))
        .observe(live, { childList: true, characterData: true });
}"""


def test_a_screen_reader_hears_something_at_most_once_a_second_and_the_end(
    page: Page, forms: Site
) -> None:
    show(page, forms, BY_NAME["idle"])
    # Work for a few seconds.
    answering(page, ASK, lambda body: body["puzzle"].update(threshold="000009ffffffffff"))
    page.evaluate(HEARD)
    page.route(RESPOND, lambda route: route.fulfill(json={"response": "r", "expires_in": 300}))
    page.evaluate("tallygate.execute()")
    *meanwhile, (last, _) = page.evaluate("heard")
    assert last == "Ready."
    assert meanwhile
    assert all(re.search(r"^\d+ of 16$|about \d+ seconds", text) for text, _ in meanwhile)
    times = [at for text, at in meanwhile if "of 16" in text]
    assert all(later - sooner >= 990 for sooner, later in pairwise(times))


def test_it_is_a_group_with_a_name_one_status_and_one_alert(page: Page, forms: Site) -> None:
    show(page, forms, BY_NAME["problem"])
    group = page.get_by_role("group", name="Protected against bulk sending.")
    assert group.get_by_role("alert").count() == 1
    assert page.locator(f"{BOX} [role=status]").count() == 1
    assert (
        page.locator(f"{BOX} svg").first.locator("xpath=..").get_attribute("aria-hidden") == "true"
    )

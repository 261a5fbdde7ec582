"""What a person sees and hears of a widget, in each of its states. In a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from .measures import WATCH_SHIFTS, contrast, faults, moving, scrolls_sideways, shifted
from .pages import Site, until, watch
from .test_chromium import ASK, Held
from .widgets import BOX, QUICK, RESPOND, answering, await_state, expiring, open_form

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def hold(page: Page) -> None:
    Held(page.context, RESPOND)


def crowd(page: Page) -> None:
    answer = {"status": 429, "headers": {"Retry-After": "40"}, "json": {"code": "network_busy"}}
    page.route(RESPOND, lambda route: route.fulfill(**answer))


def lose(page: Page) -> None:
    page.route(ASK, lambda route: route.fulfill(status=400, json={"code": "odd"}))


def age(page: Page) -> None:
    page.add_init_script("delete Document.prototype.adoptedStyleSheets")


def send(page: Page) -> None:
    page.click("text=Send")


@dataclass(frozen=True)
class State:
    name: str
    #: of the box; empty where there is none
    state: str
    attributes: str = ""
    before: Callable[[Page], object] | None = None
    after: Callable[[Page], object] | None = None


STATES = (
    State("idle", "idle", 'execution="execute"'),
    State("working", "working", before=hold),
    State("sending", "working", before=hold, after=send),
    State("queue", "queue", before=crowd),
    State("ready", "ready"),
    State("problem", "problem", before=lose),
    State("expired", "expired", 'refresh-expired="manual"', lambda page: expiring(page, 0.2)),
    State("unsupported", "", before=age),
)
BY_NAME = {state.name: state for state in STATES}


def show(page: Page, site: Site, state: State, attributes: str = "") -> None:
    """Bring the widget of a fresh tab into the state."""
    if state.before:
        state.before(page)
    given = f" {state.attributes} {attributes} action"
    open_form(page, site, QUICK.replace(" action", given))
    if state.state:
        await_state(page, state.state)
    else:
        page.get_by_role("alert").wait_for()
    if state.after:
        state.after(page)


each_state = pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])


# -- axe, colours, widths --------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@each_state
def test_axe_finds_nothing(
    browser: Browser, forms: Site, state: State, scheme: Literal["light", "dark"]
) -> None:
    with browser.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        show(page, forms, state)
        assert faults(page) == []
        if state.state:
            assert contrast_inside(page, "color") >= 7
            assert contrast_inside(page, "border-top-color") >= 3


def test_control_axe_finds_what_is_pale(page: Page, forms: Site) -> None:
    show(page, forms, BY_NAME["ready"])
    page.locator("challenge-widget").evaluate(
        "element => element.style.setProperty('--challenge-ink', '#c9c2b2')"
    )
    assert [fault for fault in faults(page) if fault.startswith("color-contrast")]
    assert contrast_inside(page, "color") < 7


def contrast_inside(page: Page, name: str) -> float:
    """The ratio between a colour of the box and its own paper."""
    # `contrast` compares with the page's background, so that is made the box's.
    page.evaluate("""() => {
        const box = document.querySelector('[data-size]').shadowRoot.querySelector('.box');
        document.body.style.backgroundColor = getComputedStyle(box).backgroundColor;
    }""")
    return contrast(page, BOX, name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_theme_is_the_pages_or_the_one_that_is_named(
    browser: Browser, forms: Site, theme: str, scheme: Literal["light", "dark"]
) -> None:
    with browser.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        show(page, forms, BY_NAME["ready"], f'theme="{theme}"')
        paper = page.locator(BOX).evaluate("box => getComputedStyle(box).backgroundColor")
        seen = {"rgb(250, 246, 236)": "light", "rgb(22, 21, 15)": "dark"}[paper]
        assert seen == (scheme if theme == "auto" else theme)
        assert faults(page, "color-contrast") == []


def test_a_site_gives_it_its_own_colours(page: Page, forms: Site) -> None:
    show(page, forms, BY_NAME["ready"])
    page.locator("challenge-widget").evaluate(
        "element => element.style.cssText ="
        " '--challenge-paper: #ffffff; --challenge-accent: #4b0082'"
    )
    style = page.locator(BOX).evaluate(
        "box => [getComputedStyle(box).backgroundColor,"
        " getComputedStyle(box.querySelector('.is-done')).stroke]"
    )
    assert style == ["rgb(255, 255, 255)", "rgb(75, 0, 130)"]


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("size", ["normal", "compact", "flexible"])
@each_state
def test_nothing_scrolls_sideways(
    browser: Browser, forms: Site, state: State, size: str, width: int
) -> None:
    with browser.new_context(viewport={"width": width, "height": 600}) as context:
        page = context.new_page()
        show(page, forms, state, f'size="{size}"')
        assert not scrolls_sideways(page)


@pytest.mark.parametrize(("size", "least"), [("normal", 72), ("compact", 44), ("flexible", 72)])
def test_the_box_is_small_and_as_high_from_the_first_look_to_the_last(
    page: Page, forms: Site, size: str, least: int
) -> None:
    held = Held(page.context, RESPOND)
    show(page, forms, BY_NAME["idle"], f'size="{size}"')
    heights = [page.locator(BOX).bounding_box()]
    page.evaluate("void tallygate.execute()")
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "work that is handed in")
    heights.append(page.locator(BOX).bounding_box())
    held.release()
    await_state(page, "ready")
    heights.append(page.locator(BOX).bounding_box())
    assert {box and box["height"] for box in heights} == {least}
    assert len({str(box) for box in heights}) == 1


@pytest.mark.parametrize("room", ["4.5rem", "0"], ids=["room", "control: none"])
def test_where_there_is_room_for_it_nothing_moves(page: Page, forms: Site, room: str) -> None:
    page.add_init_script(WATCH_SHIFTS)
    page.add_init_script(
        "const sheet = new CSSStyleSheet();"
        f"sheet.replaceSync('challenge-widget {{ display: block; min-height: {room} }}');"
        "document.adoptedStyleSheets = [sheet]"
    )
    show(page, forms, BY_NAME["ready"])
    assert (shifted(page) > 0) is (room == "0")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"], ids=["reduced", "control"])
def test_strokes_simply_appear_where_motion_is_reduced(
    browser: Browser, forms: Site, motion: Literal["reduce", "no-preference"]
) -> None:
    with browser.new_context(reduced_motion=motion) as context:
        page = context.new_page()
        show(page, forms, BY_NAME["working"])
        stroke = page.locator(f"{BOX} .is-done").nth(15)
        seconds = stroke.evaluate("line => getComputedStyle(line).transitionDuration")
        assert seconds == ("0s" if motion == "reduce" else "0.16s")
        assert moving(page) == []


def test_strokes_are_there_in_forced_colours(browser: Browser, forms: Site) -> None:
    with browser.new_context(forced_colors="active") as context:
        page = context.new_page()
        show(page, forms, BY_NAME["ready"])
        stroke, text, edge = page.locator(BOX).evaluate(
            "box => [getComputedStyle(box.querySelector('.is-done')).stroke,"
            " getComputedStyle(box).color, getComputedStyle(box).borderTopColor]"
        )
        assert stroke == text == edge


# -- keyboard and ears -----------------------------------------------------------------------


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


# -- policy ----------------------------------------------------------------------------------


STYLED = """() => {
    const p = document.createElement('p');
    p.setAttribute('style', 'color: red');
    document.body.append(p);
}"""


@each_state
def test_no_policy_is_violated_and_nobody_else_is_asked(
    page: Page, forms: Site, state: State
) -> None:
    wrong = watch(page)
    show(page, forms, state)
    assert page.evaluate("violations") == []
    expected = "status of (400|429)"
    assert [one for one in wrong if not re.search(expected, one)] == []


def test_control_a_style_attribute_is_reported(page: Page, forms: Site) -> None:
    show(page, forms, BY_NAME["ready"])
    page.evaluate(STYLED)
    page.wait_for_timeout(50)
    assert page.evaluate("violations") == ["style-src-attr"]

"""How a widget looks, in each of its states. In a real Chromium."""

from __future__ import annotations

import time
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Route

from .measures import WATCH_SHIFTS, contrast, faults, moving, scrolls_sideways, shifted
from .pages import Site, until
from .test_chromium import Held
from .widget_states import BY_NAME, State, each_state, show
from .widgets import BOX, RESPOND, await_state

pytestmark = [pytest.mark.browser, pytest.mark.engine]

SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


@each_state
def test_axe_finds_nothing(page: Page, forms: Site, state: State) -> None:
    show(page, forms, state)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == [], scheme
        if state.state:
            assert contrast_inside(page, "color") >= 7, scheme
            assert contrast_inside(page, "border-top-color") >= 3, scheme


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
    ratio = contrast(page, BOX, name)
    page.evaluate("document.body.style.backgroundColor = ''")
    return ratio


@pytest.mark.parametrize("scheme", SCHEMES)
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


@pytest.mark.parametrize("size", ["normal", "compact", "flexible"])
@each_state
def test_nothing_scrolls_sideways(page: Page, forms: Site, state: State, size: str) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    show(page, forms, state, f'size="{size}"')
    assert not scrolls_sideways(page)
    page.set_viewport_size({"width": 360, "height": 600})
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
    def come_late(route: Route) -> None:
        # After the first paint: before it nothing is seen to move.
        time.sleep(0.5)
        route.continue_()

    page.route("**/challenge/static/widget.*.js", come_late)
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

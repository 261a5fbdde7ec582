"""The interaction `hold`: by mouse, finger, key and click, to the ear, and not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from ..serving import Server, serve
from .measures import faults, scrolls_sideways, walk
from .pages import GATE_BUTTON, PERSONAL, REVEALED, handles

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

APP = "demo.app:create_app()"
#: what drives these browsers is a program, and is to be seen as one
ODD = {
    "CHALLENGE_BEHAVIOUR": "true",
    "CHALLENGE_INTERACTION": "hold",
    "CHALLENGE_PRICE_MS": "1",
}
#: far longer than a test takes, and as short as it may be
LONG, SHORT = "60", "5"
BUTTON = ".challenge-hold button"
#: by what the button is called
IDLE, HELD, FILLING, FULL = (
    *("Press and hold", "Keep holding", "Filling by itself"),
    "Full: press once more",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hold")
    with serve(APP, folder, workers=1, CHALLENGE_INTERACTION_WAIT=LONG, **ODD) as server:
        yield server


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same, where waiting takes five seconds."""
    folder = tmp_path_factory.mktemp("hasty")
    with serve(APP, folder, workers=1, CHALLENGE_INTERACTION_WAIT=SHORT, **ODD) as server:
        yield server


def profile(server: Server) -> str:
    return f"{server.url}/people/{handles(server)[0]}"


def shown_in(page: Page) -> list[dict[str, Any]]:
    """What each redemption from now on shows."""
    shown: list[dict[str, Any]] = []

    def note(request: Any) -> None:
        if request.url.endswith("/v1/clearances"):
            shown.append(json.loads(request.post_data)["interaction"])

    page.on("request", note)
    return shown


def asked(page: Page, url: str) -> Locator:
    """The button, on a page that a driven browser asks for."""
    page.goto(url)
    button = page.locator(BUTTON)
    expect(button).to_have_accessible_name(IDLE, timeout=60_000)
    return button


def is_open(page: Page) -> None:
    page.wait_for_selector(PERSONAL, timeout=10_000)


def by_mouse(page: Page, button: Locator) -> None:
    button.hover()
    page.mouse.down()
    expect(button).to_have_accessible_name(HELD)


def by_slipping_mouse(page: Page, button: Locator) -> None:
    by_mouse(page, button)
    page.mouse.move(5, 5)


def by_space(page: Page, button: Locator) -> None:
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.down(" ")


def by_enter(page: Page, button: Locator) -> None:
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.down("Enter")


def twice(press: Callable[[], object], button: Locator) -> None:
    press()
    expect(button).to_have_accessible_name(FILLING)
    expect(button).to_have_accessible_name(FULL)
    press()


def by_pressing_enter_twice(page: Page, button: Locator) -> None:
    button.focus()
    twice(lambda: page.keyboard.press("Enter"), button)


def by_finger(page: Page, button: Locator) -> None:
    twice(button.tap, button)


def by_a_tool_that_clicks(_: Page, button: Locator) -> None:
    twice(lambda: button.evaluate("button => button.click()"), button)


WAYS = (
    *(by_mouse, by_slipping_mouse, by_space, by_enter),
    *(by_pressing_enter_twice, by_finger, by_a_tool_that_clicks),
)


@pytest.mark.parametrize("way", WAYS)
def test_it_is_done_in_every_way(
    browser: Browser, demo: Server, way: Callable[[Page, Locator], None]
) -> None:
    context = browser.new_context(has_touch=True)
    page = context.new_page()
    shown = shown_in(page)
    way(page, asked(page, profile(demo)))
    is_open(page)
    [evidence] = shown
    assert evidence.keys() == {"kind", "after_ms", "took_ms", "seal"}, "nothing of how it was done"
    assert evidence["kind"] == "hold"
    assert 1000 <= evidence["took_ms"] < 10_000
    context.close()


def test_who_lets_go_too_early_may_take_it_up_again(page: Page, demo: Server) -> None:
    button = asked(page, profile(demo))
    by_mouse(page, button)
    page.mouse.up()
    expect(button).to_have_accessible_name(FILLING)
    page.mouse.down()
    expect(button).to_have_accessible_name(HELD)
    is_open(page)


def test_who_does_nothing_is_let_in_all_the_same(page: Page, hasty: Server) -> None:
    shown = shown_in(page)
    asked(page, profile(hasty))
    expect(page.locator("[data-challenge-live]")).to_contain_text("opens by itself in about")
    page.wait_for_selector(PERSONAL, timeout=30_000)
    assert shown == [{"kind": "wait"}]


def test_without_its_file_it_opens_too(page: Page, hasty: Server) -> None:
    shown = shown_in(page)
    page.route("**/hold.*.js", lambda route: route.abort())
    page.goto(profile(hasty))
    page.wait_for_selector(PERSONAL, timeout=30_000)
    assert shown == [{"kind": "wait"}]


def test_a_renewal_waits_in_the_background(page: Page, hasty: Server) -> None:
    asked(page, profile(hasty))
    page.wait_for_selector(PERSONAL, timeout=30_000)
    shown = shown_in(page)
    for handle in handles(hasty)[1:4]:
        page.goto(f"{hasty.url}/people/{handle}")
        page.wait_for_selector(PERSONAL, timeout=5000)
    with page.expect_response("**/v1/clearances", timeout=30_000) as answer:
        pass
    assert answer.value.status == 201
    assert shown == [{"kind": "wait"}]
    assert page.locator(PERSONAL).count() > 0, "nobody has noticed"


def test_a_gate_on_another_page_asks_in_place_of_its_button(page: Page, demo: Server) -> None:
    page.goto(profile(demo).replace("/people/", "/cards/"))
    gate = page.locator(GATE_BUTTON)
    gate.focus()
    page.keyboard.press("Enter")
    button = page.locator(BUTTON)
    expect(button).to_be_focused(timeout=60_000)
    expect(gate).to_be_hidden()
    assert faults(page) == []
    page.keyboard.down(" ")
    page.wait_for_selector(REVEALED, timeout=10_000)
    page.keyboard.up(" ")
    assert page.evaluate("document.activeElement.localName") == "challenge-gate"


def test_control_a_site_may_do_without(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = ODD | {"CHALLENGE_INTERACTION": "none"}
    with serve(APP, tmp_path_factory.mktemp("none"), workers=1, **settings) as server:
        page.goto(profile(server))
        page.wait_for_selector(PERSONAL, timeout=60_000)
    assert page.locator(BUTTON).count() == 0


# -- for everybody


def let_be(_: Page, __: Locator) -> None:
    """As it comes."""


def press_once(page: Page, button: Locator) -> None:
    button.focus()
    page.keyboard.press("Enter")


STATES: dict[str, Callable[[Page, Locator], None]] = {
    IDLE: let_be,
    HELD: by_mouse,
    FILLING: press_once,
    FULL: press_once,
}
#: rings take so long that a state can be looked at
SLOWLY = """const later = setTimeout; setTimeout = (call, ms) =>
    later(call, ms >= 1000 && ms <= 1800 ? %s : ms)"""


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_and_the_tree_names_every_state(
    context: BrowserContext, demo: Server, state: str
) -> None:
    page = context.new_page()
    page.add_init_script(SLOWLY % ("ms" if state == FULL else "60_000"))
    button = asked(page, profile(demo))
    STATES[state](page, button)
    expect(page.get_by_role("button", name=state, exact=True)).to_be_visible(timeout=10_000)
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    assert faults(page, "color|contrast") == []
    if state != IDLE:
        assert page.get_by_role("status").filter(has_text=state).count() == 1, "said as well"


def test_it_can_be_reached_and_fits_a_narrow_window(page: Page, demo: Server) -> None:
    page.set_viewport_size({"width": 320, "height": 256})
    button = asked(page, profile(demo))
    assert not scrolls_sideways(page)
    assert walk(page) == []
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44


def test_with_less_motion_the_ring_goes_by_quarters(browser: Browser, demo: Server) -> None:
    steps = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)  # type: ignore[arg-type]
        page = context.new_page()
        by_mouse(page, asked(page, profile(demo)))
        ring = page.locator(f"{BUTTON} .ring")
        steps[motion] = ring.evaluate("ring => getComputedStyle(ring).transitionTimingFunction")
        context.close()
    assert steps == {"reduce": "steps(4)", "no-preference": "linear"}

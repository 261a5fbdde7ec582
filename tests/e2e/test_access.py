"""Every page in every state, for people who see, hear, move or read otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from challenge import words

from .faces import BY_NAME, FACES, Face, Town, show, tab
from .measures import (
    WATCH_SHIFTS,
    contrast,
    faults,
    moving,
    scrolls_sideways,
    shifted,
    walk,
)
from .pages import GATE_BUTTON, PATIENCE_S, PERSONAL, PROBLEM, PROBLEM_TEXT, REVEALED

pytestmark = [pytest.mark.browser, pytest.mark.engine]

MOST_SHIFT = 0.02
#: phones, and a window of 1280 x 1024 at 400 %
NARROW = [(360, 640), (320, 640), (320, 256)]
USUAL = {"width": 1280, "height": 720}
RETRY = "[data-challenge-retry]"


# -- everywhere ------------------------------------------------------------------------------


def in_light(page: Page) -> list[str]:
    """What axe finds."""
    page.emulate_media(color_scheme="light")
    return faults(page)


def in_dark(page: Page) -> list[str]:
    """What axe finds of the other colours."""
    page.emulate_media(color_scheme="dark")
    return faults(page, "color|contrast")


def too_narrow(page: Page) -> list[tuple[int, int]]:
    """The windows in which the page has to be moved sideways."""
    found = []
    for width, height in NARROW:
        page.set_viewport_size({"width": width, "height": height})
        if scrolls_sideways(page):
            found.append((width, height))
    page.set_viewport_size(USUAL)
    return found


LOOKS: dict[str, Callable[[Page], list[Any]]] = {
    "light": in_light,
    "dark": in_dark,
    "motion": moving,
    "narrow": too_narrow,
    "keyboard": walk,
}


@pytest.mark.parametrize("face", FACES, ids=[face.name for face in FACES])
def test_everybody_can_use_it(browser: Browser, town: Town, face: Face) -> None:
    with tab(browser, reduced_motion="reduce", viewport=USUAL) as page:
        show(page, town, face)
        assert {name: look(page) for name, look in LOOKS.items()} == {name: [] for name in LOOKS}


def of(selector: str, change: str) -> str:
    return f"{{ const e = document.querySelector({selector!r}); {change}; 0 }}"


HARMS = [
    ("light", "image-alt", of(".portrait img", "e.removeAttribute('alt')")),
    ("light", "color-contrast-enhanced", of(".line", "e.style.color = '#666'")),
    ("dark", "color-contrast-enhanced", of(".line", "e.style.color = '#888'")),
    ("light", "landmark-one-main", of("main", "e.replaceWith(...e.childNodes)")),
    ("light", "region", of(".footer", "e.outerHTML = '<div>and so on</div>'")),
    ("motion", "opacity", of(".line", "e.style.transition = 'opacity 1s'")),
    ("narrow", "(320, 640)", of(".line", "e.style.width = '330px'")),
    ("narrow", "(360, 640)", of("body", "e.style.overflowX = 'hidden'")),
    ("keyboard", "stop 5 is", of(".back a", "e.tabIndex = 1")),
    ("keyboard", "stop 5 is", of(".back a", "e.tabIndex = -1")),
    ("keyboard", "nobody sees", of(".back a", "e.style.outline = 'none'")),
    ("keyboard", "nobody sees", of(".back", "e.style.cssText = 'position: fixed; left: -99em'")),
    ("keyboard", "after the last", of(".aside a", "e.onkeydown = (k) => k.preventDefault()")),
]


@pytest.mark.parametrize(("look", "said", "harm"), HARMS)
def test_control_a_fault_is_found(
    browser: Browser, town: Town, look: str, said: str, harm: str
) -> None:
    with tab(browser, reduced_motion="reduce", viewport=USUAL) as page:
        show(page, town, BY_NAME["profile"])
        page.evaluate(harm)
        assert said in str(LOOKS[look](page))


def test_control_who_wants_motion_sees_some(browser: Browser, town: Town) -> None:
    with tab(browser, reduced_motion="no-preference") as page:
        show(page, town, BY_NAME["working"])
        assert moving(page)


@pytest.mark.parametrize(
    ("name", "control", "opens"),
    [("problem", RETRY, PERSONAL), ("card", GATE_BUTTON, REVEALED)],
    ids=["retry", "reveal"],
)
def test_enter_does_it(browser: Browser, town: Town, name: str, control: str, opens: str) -> None:
    with tab(browser) as page:
        show(page, town, BY_NAME[name])
        page.unroute_all()
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.locator(control).evaluate("e => e.getRootNode().activeElement === e"):
                break
        page.keyboard.press("Enter")
        page.wait_for_selector(opens, timeout=PATIENCE_S * 1000)


# -- languages -------------------------------------------------------------------------------

#: the places of the interstitial in which each text does not fit, by the text's name
TOO_WIDE = """([texts, places]) => {
    const root = document.documentElement, found = [];
    for (const place of places) {
        const element = document.querySelector(place), before = element.textContent;
        for (const [name, text] of Object.entries(texts)) {
            element.textContent = text.replace(/{.*?}/g, 9999);
            if (root.scrollWidth > root.clientWidth) found.push(`${name} in ${place}`);
        }
        element.textContent = before;
    }
    return found;
}"""


PLACES = [".challenge-why", "[data-challenge-live]", PROBLEM_TEXT, RETRY, ".challenge-contact"]
HEADINGS = re.compile(".*heading|no_scripts|not_yet|ready")


@pytest.mark.parametrize("code", words.codes())
def test_every_language_fits_320_pixels(browser: Browser, town: Town, code: str) -> None:
    spoken = words.words(code)
    with tab(browser, viewport={"width": 320, "height": 256}, locale=code) as page:
        show(page, town, BY_NAME["problem-of-cookies"])
        assert page.inner_text(PROBLEM_TEXT) == spoken.say("cookies")
        assert not scrolls_sideways(page)
        # What the gate's other pages say has the same places; and no word of it has to be broken.
        page.evaluate("document.body.style.overflowWrap = 'normal'")
        headings = {name: text for name, text in spoken.texts.items() if HEADINGS.fullmatch(name)}
        assert page.evaluate(TOO_WIDE, [headings, ["h1"]]) == []
        assert page.evaluate(TOO_WIDE, [dict(spoken.texts), PLACES]) == []
        control = page.evaluate(TOO_WIDE, [{"control": "x" * 50}, ["h1", *PLACES]])
        assert len(control) == 1 + len(PLACES)


# -- what axe does not judge --------------------------------------------------------------


def test_the_words_of_a_chart_are_easy_to_read(browser: Browser, town: Town) -> None:
    with tab(browser) as page:
        show(page, town, BY_NAME["scraper"])
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert contrast(page, "svg text", "fill") >= 7


@pytest.mark.parametrize(
    ("name", "selector", "colour"),
    [
        ("working", "[data-challenge-progress] .is-done:not(.is-pencil)", "stroke"),
        ("problem", PROBLEM, "borderInlineStartColor"),
        ("card-problem", PROBLEM, "borderInlineStartColor"),
    ],
)
def test_forced_colours_keep_marks_and_problem(
    browser: Browser, town: Town, name: str, selector: str, colour: str
) -> None:
    with tab(browser, forced_colors="active") as page:
        show(page, town, BY_NAME[name])
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert contrast(page, selector, colour) >= 3


# -- what is said ----------------------------------------------------------------------------

#: a solver whose answers come one by one, and a note of each change of a live region
SLOWLY = """
    const Quick = Worker;
    let due = 0;
    globalThis.Worker = class extends Quick {
        set onmessage(receive) {
            super.onmessage = (event) => {
                if (!event.data.solved) return receive(event);
                due = Math.max(due + 700, performance.now());
                setTimeout(receive, due - performance.now(), event);
            };
        }
    };
    addEventListener("DOMContentLoaded", () => {
        new MutationObserver(() => {
            const text = document.querySelector("[role=status]")?.textContent;
            heard(performance.now(), text ?? "");
        }).observe(document.querySelector("[role=status]"), {childList: true, subtree: true});
    });
"""


def test_it_says_how_far_it_is_at_most_once_a_second_and_ready_at_the_end(
    browser: Browser, town: Town
) -> None:
    heard: list[tuple[float, str]] = []
    with tab(browser) as page:
        page.expose_function("heard", lambda at, text: heard.append((at, text)))
        page.add_init_script(SLOWLY)
        show(page, town, Face("", BY_NAME["profile"].path, shows=PERSONAL))
    *before, (_, last) = heard
    assert last == "Ready."
    counts = [text for _, text in before if re.fullmatch(r"\d+ of 16", text)]
    assert len(counts) >= 3
    # That it takes long is said once, and is left to be read.
    [slow] = [at for at, text in before if text.startswith("This takes a little longer")]
    assert len(before) == len(counts) + 1
    assert not [at for at, _ in heard if slow < at < slow + 4990]
    assert all(later - earlier > 990 for (earlier, _), (later, _) in pairwise(before))


@pytest.mark.parametrize("name", ["problem", "card-problem"])
def test_a_problem_is_an_alert_and_progress_a_status(
    browser: Browser, town: Town, name: str
) -> None:
    with tab(browser) as page:
        show(page, town, BY_NAME[name])
        assert "connection" in page.get_by_role("alert").inner_text()
        assert page.get_by_role("status", include_hidden=True).count() == 1


# -- jumps -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("home", "profile", "card-revealed", "working", "problem"),
        *("queue", "waiting-in-queue", "waiting-for-a-place"),
    ],
)
def test_the_layout_does_not_jump(browser: Browser, town: Town, name: str) -> None:
    with tab(browser) as page:
        page.add_init_script(WATCH_SHIFTS)
        show(page, town, BY_NAME[name])
        assert shifted(page) < MOST_SHIFT


def test_control_a_jump_is_found(browser: Browser, town: Town) -> None:
    with tab(browser) as page:
        page.add_init_script(WATCH_SHIFTS)
        show(page, town, BY_NAME["profile"])
        shifted(page)
        page.evaluate("document.querySelector('main').style.paddingTop = '200px'")
        assert shifted(page) > MOST_SHIFT

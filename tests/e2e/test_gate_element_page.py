"""The page around a gate: nothing in it moves, and its policies hold. In a real Chromium."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from .pages import (
    CONTACT,
    GATE_BUTTON,
    PATIENCE_S,
    PERSONAL,
    REVEALED,
    Site,
    card,
    change,
    press,
    problem,
    two_gates,
    until,
)
from .test_chromium import ASK, REDEEM, Held

pytestmark = pytest.mark.browser

LIVE = "challenge-gate [data-challenge-live]"

BOXES = """() => [...document.querySelectorAll('.note, .aside, footer, h1')]
    .filter(e => !e.closest('challenge-gate'))
    .map(e => e.getBoundingClientRect())
    // On the page, not in the window: a press may scroll it.
    .map(({ x, y, width, height }) => [x, y + scrollY, width, height].join(" "))"""
WATCH_BOXES = f"""() => {{
    const boxes = {BOXES}; window.seen = new Set();
    const look = () => {{ seen.add(boxes().join()); requestAnimationFrame(look); }};
    look();
}}"""


@pytest.mark.parametrize(
    ("width", "reserved", "working", "revealed"),
    [(1280, "60rem", False, False), (360, "60rem", False, False),
     (1280, "9rem", False, False), (360, "9rem", False, True), (1280, "0", True, True)],
    ids=["wide", "narrow", "wide-modest", "narrow-modest", "control"],
)  # fmt: skip
def test_where_room_is_reserved_nothing_moves(
    context: BrowserContext, site: Site, width: int, reserved: str, working: bool, revealed: bool
) -> None:
    """:param working: whether it moves by then; likewise `revealed`."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 640})
    held = Held(context, REDEEM)
    card(page, site.profiles[0])
    reserve = "height => { document.querySelector('challenge-gate').style.minHeight = height }"
    page.evaluate(reserve, reserved)
    page.evaluate(WATCH_BOXES)
    page.click(GATE_BUTTON)
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "a redeem")
    expect(page.locator(LIVE)).to_have_text("16 of 16", timeout=15_000)
    held.routes.pop().fulfill(status=429, headers={"Retry-After": "1"}, json={"code": "band_empty"})
    expect(page.locator(LIVE)).to_contain_text("A short queue.")
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (page.evaluate("seen.size") > 1) is working
    held.release()
    page.wait_for_selector(REVEALED, timeout=PATIENCE_S * 1000)
    page.wait_for_timeout(100)
    assert (page.evaluate("seen.size") > 1) is revealed


def test_without_scripts_the_link_leads_to_a_page_that_works(
    browser: Browser, context: BrowserContext, site: Site
) -> None:
    page = context.new_page()
    card(page, site.profiles[0])
    assert page.get_by_role("link", name="Show contact details").count() == 0
    press(page)
    with browser.new_context(java_script_enabled=False) as plain:
        page = plain.new_page()
        page.goto(site.profiles[0].replace("/people/", "/cards/"))
        page.get_by_role("link", name="Show contact details").click()
        page.wait_for_selector("text=You can wait instead")
        assert page.query_selector(PERSONAL) is None
    state = context.storage_state()
    with browser.new_context(java_script_enabled=False, storage_state=state) as admitted:
        page = admitted.new_page()
        page.goto(site.profiles[0].replace("/people/", "/cards/"))
        page.get_by_role("link", name="Show contact details").click()
        page.wait_for_selector(PERSONAL)
        assert page.url == f"{site.profiles[0]}/contact"


@pytest.mark.parametrize(
    "src", ["", 'src=""', 'src="https://elsewhere.example/contact"', 'src="http://["'],
    ids=["none", "empty", "foreign", "broken"],
)  # fmt: skip
def test_a_gate_to_nowhere_stays_the_link_that_it_is(
    context: BrowserContext, site: Site, src: str
) -> None:
    page = two_gates(context, site)
    page.unroute("**/cards/*")
    gate = f'<challenge-gate {src}><a href="/">Theirs</a></challenge-gate></main>'
    change(page, "**/cards/*", "</main>", gate)
    card(page, site.profiles[0])
    assert page.get_by_role("button").count() == 1, "the control is the other gate"
    assert page.get_by_role("link", name="Theirs").is_visible()


def test_the_answer_is_asked_for_in_the_language_of_the_page(
    context: BrowserContext, site: Site
) -> None:
    page = context.new_page()
    asked: list[str | None] = []
    page.on(
        "request",
        lambda r: CONTACT.search(r.url) and asked.append(r.all_headers()["accept-language"]),
    )
    for old, new in [('lang="en"', 'lang="de-AT"'), ('lang="en"', "")]:
        change(page, "**/cards/*", old, new)
        card(page, site.profiles[0])
        page.unroute("**/cards/*")
        press(page)
    *first, last = asked
    assert first == ["de-AT", "de-AT"]
    assert last is not None
    assert last.startswith(page.evaluate("navigator.language"))


# -- policies --------------------------------------------------------------------------------


@pytest.mark.parametrize("styled", [False, True], ids=["clean", "control"])
def test_the_sites_policy_is_never_violated(
    context: BrowserContext, site: Site, styled: bool
) -> None:
    page = context.new_page()
    page.add_init_script(
        "window.violations = []; addEventListener('securitypolicyviolation',"
        " e => violations.push(e.effectiveDirective))"
    )
    if styled:
        change(page, "**/cards/*", "</main>", '<p style="color: red">Red</p></main>')
    page.route(ASK, lambda route: route.fulfill(status=400, json={"code": "odd"}))
    card(page, site.profiles[0])
    page.click(GATE_BUTTON)
    problem(page)
    page.unroute(ASK)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(REVEALED, timeout=PATIENCE_S * 1000)
    assert page.evaluate("violations") == (["style-src-attr"] if styled else [])


def test_scripts_in_the_answer_never_run_and_its_addresses_hold(
    browser: Browser, site: Site
) -> None:
    answer = """<main><p data-challenge-field><script>window.ran = 1</script>
        <span data-personal>Here</span> <a href="map">map</a> <a href="#top">top</a>
        <a href="mailto:ada@people.example">mail</a></p><p>not this</p></main>"""
    # The demo's own policy would stop the script by itself.
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.route(CONTACT, lambda route: route.fulfill(content_type="text/html", body=answer))
        card(page, site.profiles[0])
        press(page)
        assert page.evaluate("window.ran") is None
        assert "not this" not in page.inner_text("challenge-gate")
        hrefs = (
            "[...document.querySelectorAll('challenge-gate a')].map(a => a.getAttribute('href'))"
        )
        assert page.evaluate(hrefs) == [
            f"{site.profiles[0]}/map", "#top", "mailto:ada@people.example"
        ]  # fmt: skip
        page.goto(f"{site.profiles[0]}/contact")
        assert page.evaluate("window.ran") == 1, "the control: on a page of its own it does"


def test_nothing_that_another_site_answers_is_shown(browser: Browser, site: Site) -> None:
    away = {"Location": f"{site.url.replace('127.0.0.1', 'localhost')}/e2e/shared"}
    # The demo's own policy would stop the request by itself.
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.route(CONTACT, lambda route: route.fulfill(status=302, headers=away))
        card(page, site.profiles[0])
        page.click(GATE_BUTTON)
        assert "connection" in problem(page)
        url = f"{site.profiles[0]}/contact"
        text = page.evaluate("url => fetch(url).then(answer => answer.text())", url)
        assert "theirs" in text, "the control: the browser would have fetched it"


@pytest.mark.parametrize(
    ("motion", "seconds"),
    [("reduce", "0s"), ("no-preference", "0.16s")],
    ids=["reduced", "control"],
)
def test_strokes_simply_appear_where_motion_is_reduced(
    browser: Browser, site: Site, motion: Literal["reduce", "no-preference"], seconds: str
) -> None:
    with browser.new_context(reduced_motion=motion) as context:
        page = context.new_page()
        Held(context, REDEEM)
        card(page, site.profiles[0])
        page.click(GATE_BUTTON)
        stroke = page.wait_for_selector("challenge-gate .is-done", timeout=PATIENCE_S * 1000)
        assert stroke is not None
        assert stroke.evaluate("line => getComputedStyle(line).transitionDuration") == seconds

"""A part of a public page is fetched when the visitor asks for it, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from challenge.cli.loading import tally_of
from demo.app import PEOPLE, SEED, create_app
from demo.town import members

from .pages import (
    CONTACT,
    GATE_BUTTON,
    PATIENCE_S,
    PROBLEM_TEXT,
    REVEALED,
    Calls,
    Site,
    card,
    change,
    press,
    problem,
    remaining,
    serve_site,
    two_gates,
    until,
    until_left,
    watch,
)
from .test_chromium import ASK, FIRST_SALE, REDEEM, Held, without

pytestmark = pytest.mark.browser

LIVE = "challenge-gate [data-challenge-live]"
#: the element that has the focus, whichever tree it is in
FOCUSED = """() => {
    const outer = document.activeElement, inner = outer.shadowRoot?.activeElement ?? outer;
    return inner.textContent.trim() || inner.localName;
}"""


def tab_to_gate(page: Page) -> None:
    """Press Tab until the focus is in the gate."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.localName") == "challenge-gate":
            return
    raise AssertionError("Tab does not reach the gate")


# -- asking and not asking -------------------------------------------------------------------


def test_the_card_is_public_and_whoever_does_not_ask_is_not_charged(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = context.new_page()
    wrong = watch(page)
    by_handle = {member.handle: member for member in members(SEED, PEOPLE)}
    for url in site.profiles[:3]:
        assert card(page, url) == 200
        page.wait_for_load_state("networkidle")
        text = page.content()
        assert not [v for v in by_handle[url.rsplit("/", 1)[1]].personal if v in text]
    assert not [p for p in ("/contact", "/clearance", "/clearances") if calls.of("GET", p)]
    assert calls.asks == calls.redeems == []
    assert context.cookies() == []
    assert wrong == []
    press(page)
    assert len(calls.sales) == 1, "the control: whoever asks is"
    assert by_handle[url.rsplit("/", 1)[1]].email in page.inner_text("challenge-gate")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_by_keyboard_alone_the_details_come_in_place_for_one_unit(
    context: BrowserContext, site: Site, calls: Calls, key: str
) -> None:
    page = context.new_page()
    wrong = watch(page)
    told = "document.addEventListener('challenge:{0}', e => (window.told ??= []).push('{0}'))"
    page.add_init_script(";".join(told.format(name) for name in ("statechange", "verified")))
    for _ in range(2):
        card(page, site.profiles[0])
        url, entries = page.url, page.evaluate("history.length")
        tab_to_gate(page)
        page.keyboard.press(key)
        page.wait_for_selector(REVEALED, timeout=PATIENCE_S * 1000)
        assert page.url == url
        assert page.evaluate("history.length") == entries
        assert page.query_selector(GATE_BUTTON) is None
        assert page.evaluate("document.activeElement.localName") == "challenge-gate"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('challenge-gate') !== null")
        expect(page.locator(LIVE)).to_have_text("Ready.")
        assert page.evaluate("told.slice(-2)") == ["statechange", "verified"]
        assert remaining(context, site) == FIRST_SALE - 1
    assert len(calls.asks) == len(calls.sales) == 1, "the second visit is free"
    assert wrong == []


def test_pressed_again_and_again_it_asks_once_and_keeps_the_focus(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = context.new_page()
    held = Held(context, REDEEM)
    card(page, site.profiles[0])
    page.locator(GATE_BUTTON).focus()
    for _ in range(5):
        page.keyboard.press("Enter")
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "a redeem")
    page.keyboard.press("Enter")
    expect(page.locator(GATE_BUTTON)).to_have_attribute("aria-disabled", "true")
    expect(page.locator(LIVE)).to_have_text("16 of 16", timeout=15_000)
    assert page.evaluate(FOCUSED) == "Show contact details"
    held.release()
    page.wait_for_selector(REVEALED)
    path = CONTACT.pattern.removeprefix("/people/[^/]+").rstrip("$")
    assert [call["status"] for call in calls.of("GET", path)] == [403, 200]
    assert len(calls.asks) == 1


def test_who_has_gone_on_reading_keeps_the_focus_there(context: BrowserContext, site: Site) -> None:
    page = context.new_page()
    held = Held(context, REDEEM)
    card(page, site.profiles[0])
    tab_to_gate(page)
    page.keyboard.press("Enter")
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "a redeem")
    page.keyboard.press("Tab")
    elsewhere = page.evaluate(FOCUSED)
    held.release()
    page.wait_for_selector(REVEALED)
    assert elsewhere.startswith("Whole profile")
    assert page.evaluate(FOCUSED) == elsewhere


def test_the_last_unit_is_renewed_behind_the_details(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = context.new_page()
    for url in site.profiles[: FIRST_SALE - 2]:
        card(page, url)
        press(page)
    assert (remaining(context, site), len(calls.sales)) == (2, 1)
    card(page, site.profiles[FIRST_SALE - 2])
    press(page)
    until_left(page, site, 2)
    assert len(calls.sales) == 2


def test_two_gates_pressed_at_once_are_one_sale(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = two_gates(context, site)
    held = Held(context, ASK)
    both = "document.querySelectorAll('challenge-gate').forEach(gate =>"
    page.evaluate(f"{both} gate.shadowRoot.querySelector('button').click())")
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "a gate that asks")
    page.wait_for_timeout(500)
    assert len(held.routes) == 1
    held.release()
    expect(page.locator("challenge-gate[revealed]")).to_have_count(2, timeout=PATIENCE_S * 1000)
    assert len(calls.asks) == len(calls.sales) == 1
    assert remaining(context, site) == FIRST_SALE - 2


def test_control_without_web_locks_both_gates_ask_and_open(
    context: BrowserContext, site: Site
) -> None:
    without(context, "navigator.locks")
    page = two_gates(context, site)
    held = Held(context, ASK)
    both = "document.querySelectorAll('challenge-gate').forEach(gate =>"
    page.evaluate(f"{both} gate.shadowRoot.querySelector('button').click())")
    until(lambda: len(held.routes) == 2, lambda: page.wait_for_timeout(20), "two that ask")
    held.release()
    expect(page.locator("challenge-gate[revealed]")).to_have_count(2, timeout=PATIENCE_S * 1000)


# -- what goes wrong -------------------------------------------------------------------------


def test_a_lost_connection_is_told_and_another_try_works(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = context.new_page()
    card(page, site.profiles[0])
    page.route(CONTACT, lambda route: route.abort())
    tab_to_gate(page)
    for _ in range(2):
        page.keyboard.press("Enter")
        assert "connection" in problem(page)
        assert page.get_by_role("alert").inner_text() == page.inner_text(PROBLEM_TEXT)
        assert page.evaluate(FOCUSED) == "Try again"
        link = page.get_by_role("link", name="Show contact details")
        assert link.get_attribute("href") == f"{site.profiles[0]}/contact"
    page.unroute(CONTACT)
    page.keyboard.press("Enter")
    page.wait_for_selector(REVEALED, timeout=PATIENCE_S * 1000)
    assert page.evaluate("document.activeElement.localName") == "challenge-gate"
    assert len(calls.sales) == 1


def test_a_connection_lost_on_the_way_is_told_in_the_sites_own_words(
    context: BrowserContext, site: Site
) -> None:
    page = context.new_page()
    card(page, site.profiles[0])
    text = "data-text-connection="
    change(page, CONTACT, text, f'{text}"Verbindung verloren." data-more=')
    page.route(ASK, lambda route: route.abort())
    page.click(GATE_BUTTON)
    assert problem(page) == "Verbindung verloren."
    page.unroute(ASK)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(REVEALED, timeout=PATIENCE_S * 1000)


WHY = '<p class="challenge-why">Many pages were opened.</p>'


@pytest.mark.parametrize(
    ("words", "said"),
    [("", "Many pages were opened."), ('data-text-queue="In {seconds} s."', "In 2 s.")],
    ids=["why", "countdown"],
)
def test_a_queue_is_stood_in(
    context: BrowserContext, site: Site, calls: Calls, words: str, said: str
) -> None:
    page = context.new_page()
    card(page, site.profiles[0])
    queue = f'<html lang="fr"><main id="challenge" data-state="queue" {words}>{WHY}</main>'
    left = [queue]

    def once(route: Route) -> None:
        if not left:
            return route.fallback()
        headers = {"Retry-After": "1"}
        return route.fulfill(status=429, headers=headers, content_type="text/html", body=left.pop())

    page.route(CONTACT, once)
    page.click(GATE_BUTTON)
    expect(page.locator(LIVE)).to_have_text(said)
    expect(page.locator(LIVE)).to_have_attribute("lang", "fr")
    assert page.locator(GATE_BUTTON).is_visible()
    assert calls.of("GET", "/contact") == []
    page.wait_for_selector(REVEALED, timeout=PATIENCE_S * 1000)
    assert len(calls.sales) == 1


@pytest.fixture(scope="module")
def closing_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that bans us."""
    with serve_site(tmp_path_factory.mktemp("closing"), workers=1) as running:
        yield running


def test_a_closed_door_says_why_until_it_is_opened(
    context: BrowserContext, closing_site: Site
) -> None:
    page = context.new_page()
    card(page, closing_site.profiles[0])
    folder = closing_site.folder
    keys, store = folder / "keys.json", f"sqlite:///{folder / 'challenge.db'}"
    app = create_app({"CHALLENGE_KEYS_PATH": str(keys), "CHALLENGE_STORE_URI": store})
    bans, us = tally_of(app).bans, ip_network("127.0.0.1/32")
    api = f"{closing_site.url}/people/nobody"

    def closed() -> bool:
        return 'data-state="refused"' in context.request.get(api).text()

    bans.add(us, reason="a test", origin="operator", hours=1)
    until(closed, lambda: page.wait_for_timeout(200), "the ban")
    page.click(GATE_BUTTON)
    assert "closed these pages to the network" in problem(page)
    assert Calls(closing_site).asks == []
    bans.lift(us)
    until(lambda: not closed(), lambda: page.wait_for_timeout(200), "the ban's end")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(REVEALED, timeout=PATIENCE_S * 1000)

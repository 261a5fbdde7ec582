"""A real Chromium in the situations that only a browser has."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route

from .drivers import CHROMIUM_FLAGS
from .pages import (
    PATIENCE_S,
    PERSONAL,
    PROBLEM,
    Calls,
    Site,
    claims,
    clearance,
    problem,
    remaining,
    serve_site,
    until,
    until_left,
    visit,
    watch,
)

pytestmark = pytest.mark.browser

TABS = 30
ASK = "**/v1/challenges"
REDEEM = "**/v1/clearances"
FIRST_SALE = 5


def without(context: BrowserContext, name: str) -> None:
    """Take something from every page of the context, such as `navigator.locks`."""
    owner, _, last = f"globalThis.{name}".rpartition(".")
    context.add_init_script(f"Object.defineProperty({owner}, '{last}', {{ value: undefined }})")


class Held:
    """Requests of a context that wait until they are let go."""

    def __init__(self, context: BrowserContext, pattern: str) -> None:
        self.routes: list[Route] = []
        self._released = False
        context.route(pattern, self._hold)

    def _hold(self, route: Route) -> None:
        if self._released:
            route.continue_()
        else:
            self.routes.append(route)

    def release(self) -> None:
        self._released = True
        for route in self.routes:
            route.continue_()


def open_tabs(context: BrowserContext, urls: list[str]) -> tuple[list[Page], int]:
    """Open them at once: nobody gets a challenge before all are there.

    Returns the tabs, open, and how many of them asked at first.
    """
    tabs = [context.new_page() for _ in urls]
    held = Held(context, ASK)
    for tab, url in zip(tabs, urls, strict=True):
        tab.goto(url, wait_until="commit")
    until(lambda: held.routes, lambda: tabs[0].wait_for_timeout(20), "a tab that asks")
    tabs[-1].wait_for_selector("#challenge", state="attached")
    asked = len(held.routes)
    held.release()
    for tab in tabs:
        tab.wait_for_selector(PERSONAL, timeout=PATIENCE_S * 1000)
    return tabs, asked


# -- renewal ---------------------------------------------------------------------------------


def test_reading_on_is_renewed_in_the_background(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = context.new_page()
    wrong = watch(page)
    statuses = [visit(page, site.profiles[0])]
    first = clearance(context)
    for url in site.profiles[1:12]:
        statuses.append(visit(page, url))
        until_left(page, site, 2)
    assert statuses == [403] + [200] * 11
    assert len(calls.asks) == len(calls.sales) == 2, "five and ten"
    later = clearance(context)
    assert (later["sub"], later["cnf"]) == (first["sub"], first["cnf"])
    assert later["jti"] != first["jti"]
    assert wrong == []


def test_control_without_renewal_the_sixth_profile_is_an_interstitial(
    context: BrowserContext, site: Site
) -> None:
    page = context.new_page()
    statuses = [visit(page, site.profiles[0])]
    context.route(ASK, lambda route: route.abort())
    statuses += [visit(page, url) for url in site.profiles[1:FIRST_SALE]]
    answer = page.goto(site.profiles[FIRST_SALE])
    assert answer is not None
    assert [*statuses, answer.status] == [403, 200, 200, 200, 200, 403]


# -- tabs ------------------------------------------------------------------------------------


def test_thirty_tabs_of_one_profile_solve_once(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    tabs, asked = open_tabs(context, [site.profiles[0]] * TABS)
    assert asked == 1
    assert len(calls.asks) == len(calls.redeems) == len(calls.sales) == 1
    assert remaining(context, site) == FIRST_SALE - 1
    assert not any(tab.query_selector("#challenge") for tab in tabs)


def test_control_without_web_locks_each_tab_asks_and_all_open(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    without(context, "navigator.locks")
    _, asked = open_tabs(context, [site.profiles[0]] * 4)
    assert asked > 1
    assert len(calls.asks) >= asked


@pytest.mark.timeout(200)
def test_thirty_tabs_of_thirty_profiles_solve_one_at_a_time(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    tabs, asked = open_tabs(context, site.profiles[:TABS])
    assert asked == 1
    # 5 + 10 + 20 units for 30 profiles; one renewal ahead is allowed.
    until_left(tabs[0], site, 2)
    assert 3 <= len(calls.sales) <= 4
    assert len(calls.asks) == len(calls.redeems) == len(calls.sales)
    phases = sorted(calls.asks + calls.redeems, key=lambda call: call["begun"])
    assert [call["path"][-2:] for call in phases] == ["es"] * len(phases)
    assert [call in calls.asks for call in phases] == [True, False] * len(calls.sales)
    assert all(one["ended"] <= other["begun"] for one, other in pairwise(phases))
    assert not any(tab.query_selector("#challenge") for tab in tabs)
    loads = [len(calls.of("GET", url.removeprefix(site.url))) for url in site.profiles[:TABS]]
    assert max(loads) <= 6, "no tab goes round"


# -- history and prefetch --------------------------------------------------------------------


def test_back_leads_through_the_pages_and_never_to_an_interstitial(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = context.new_page()
    page.goto(site.url)
    visit(page, site.profiles[0])
    visit(page, site.profiles[1])
    for url in (site.profiles[0], f"{site.url}/"):
        answer = page.go_back()
        assert page.url == url
        assert answer is None or answer.status == 200
        assert page.query_selector("#challenge") is None
    page.go_forward()
    page.wait_for_selector(PERSONAL)
    assert page.evaluate("history.length") == 4, "about:blank, home, and two profiles"
    assert len(calls.asks) == 1
    assert remaining(context, site) == FIRST_SALE - 2


@pytest.fixture(scope="module")
def odd_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with the back-forward cache, that knows a host which is not loopback."""
    chromium = playwright.chromium.launch(
        executable_path=os.environ["TALLYGATE_CHROME"],
        args=[*CHROMIUM_FLAGS, "--host-resolver-rules=MAP people.example 127.0.0.1"],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield chromium
    chromium.close()


@pytest.fixture
def odd_context(odd_browser: Browser) -> Iterator[BrowserContext]:
    fresh = odd_browser.new_context()
    yield fresh
    fresh.close()


def test_a_page_from_the_back_forward_cache_renews(
    odd_context: BrowserContext, site: Site, calls: Calls
) -> None:
    odd_context.add_init_script(
        "addEventListener('pageshow', e => { globalThis.restored = e.persisted })"
    )
    page = odd_context.new_page()
    visit(page, site.profiles[0])
    odd_context.route(ASK, lambda route: route.abort())
    for url in site.profiles[1:4]:
        visit(page, url)
    assert remaining(odd_context, site) == 1
    odd_context.unroute(ASK)
    # Two units were left when this page was made: by itself it would not renew for half an hour.
    page.go_back(wait_until="commit")
    until_left(page, site, 2)
    assert page.url == site.profiles[2]
    assert page.evaluate("restored"), "Chromium did not keep the page: this test shows nothing"
    assert len(calls.sales) == 2


@pytest.mark.parametrize(
    ("hint", "purpose"),
    [
        ("link = Object.assign(document.createElement('link'), {rel: 'prefetch', href: url})",
         "prefetch"),
        ("link = Object.assign(document.createElement('script'), {type: 'speculationrules',"
         " textContent: JSON.stringify({prerender: [{urls: [url], eagerness: 'immediate'}]})})",
         "prefetch;prerender"),
    ],
    ids=["link", "prerender"],
)  # fmt: skip
def test_a_prefetch_charges_nothing(
    browser: Browser, site: Site, calls: Calls, hint: str, purpose: str
) -> None:
    # The demo's own policy forbids rules written into the page.
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        visit(page, site.profiles[0])
        wanted = site.profiles[1]
        page.evaluate(f"url => {{ let {hint}; document.head.append(link) }}", wanted)
        path = wanted.removeprefix(site.url)
        until(lambda: calls.of("GET", path), lambda: page.wait_for_timeout(20), "a prefetch")
        [call] = calls.of("GET", path)
        assert (call["purpose"], call["status"]) == (purpose, 503)
        assert remaining(context, site) == FIRST_SALE - 1
        # The control: going there opens the page and charges it.
        assert visit(page, wanted) == 200
        assert remaining(context, site) == FIRST_SALE - 2


# -- time and connections --------------------------------------------------------------------


@pytest.fixture(scope="module")
def aging_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose clock is put forward."""
    with serve_site(tmp_path_factory.mktemp("aging"), workers=1) as running:
        yield running


def test_suspended_past_the_expiry_it_asks_once_more_and_says_nothing(
    context: BrowserContext, aging_site: Site
) -> None:
    calls = Calls(aging_site)
    page = context.new_page()
    page.add_init_script(
        "addEventListener('challenge:error', e => console.error('said', e.detail?.code))"
    )
    wrong = watch(page)
    held = Held(context, REDEEM)
    page.goto(aging_site.profiles[0], wait_until="commit")
    until(lambda: held.routes, lambda: page.wait_for_timeout(20), "a redeem")
    aging_site.let_pass(300)
    held.release()
    page.wait_for_selector(PERSONAL, timeout=PATIENCE_S * 1000)
    assert [call["status"] for call in calls.redeems] == [403, 201]
    assert len(calls.asks) == 2
    assert wrong == []


def test_control_a_server_for_whom_all_is_expired_is_asked_twice_only(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    refusal = {"status": 403, "code": "expired"}
    context.route(REDEEM, lambda route: route.fulfill(status=403, json=refusal))
    page = context.new_page()
    page.goto(site.profiles[0])
    assert problem(page) != ""
    assert len(calls.asks) == 2


@pytest.mark.parametrize("keyed", [True, False], ids=["key", "bearer"])
def test_an_expired_clearance_is_renewed_by_its_key(
    context: BrowserContext, aging_site: Site, keyed: bool
) -> None:
    if not keyed:
        without(context, "indexedDB")
    page = context.new_page()
    visit(page, aging_site.profiles[0])
    first = clearance(context)
    aging_site.let_pass(3600)
    assert visit(page, aging_site.profiles[1]) == 403
    assert ("cnf" in first) is keyed
    assert (clearance(context)["sub"] == first["sub"]) is keyed
    left = remaining(context, aging_site)
    assert visit(page, aging_site.profiles[0]) == 200
    assert (remaining(context, aging_site) == left) is keyed, "what was charged stays charged"


def test_a_connection_lost_while_redeeming_costs_no_second_sale(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    bodies: list[str | None] = []
    tokens: list[str] = []

    def lose_the_first(route: Route) -> None:
        bodies.append(route.request.post_data)
        if len(bodies) > 1:
            answer = route.fetch()
            tokens.append(answer.json()["token"])
            return route.fulfill(response=answer)
        # By hand, so that the answer's cookie is lost too.
        headers = {k: v for k, v in route.request.headers.items() if k != "content-length"}
        body = (route.request.post_data or "").encode()
        status, _, content = site.server.call("POST", "/challenge/v1/clearances", headers, body)
        assert status == 201
        tokens.append(json.loads(content)["token"])
        return route.abort("connectionreset")

    page = context.new_page()
    page.route(REDEEM, lose_the_first)
    assert visit(page, site.profiles[0]) == 403
    assert len(bodies) == len(tokens) == 2
    assert bodies[0] == bodies[1]
    assert tokens[0] == tokens[1]
    assert clearance(context)["jti"] == claims(tokens[0])["jti"]
    assert len(calls.asks) == 1
    assert remaining(context, site) == FIRST_SALE - 1


# -- the browser key -------------------------------------------------------------------------

FORGET_KEY = """() => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("challenge-main");
    request.onsuccess = () => resolve(true);
    request.onerror = request.onblocked = () => reject(new Error("kept"));
})"""


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
def test_a_key_is_kept_over_pages_and_its_loss_is_survived(
    context: BrowserContext, site: Site, calls: Calls, lost: bool
) -> None:
    page = context.new_page()
    visit(page, site.profiles[0])
    first = clearance(context)
    if lost:
        page.evaluate(FORGET_KEY)
    page.close()
    page = context.new_page()
    statuses = [visit(page, url) for url in site.profiles[1:4]]
    until_left(page, site, 2)
    statuses += [visit(page, url) for url in site.profiles[4:6]]
    assert statuses == [200] * 5
    later = clearance(context)
    assert (later["sub"] == first["sub"]) is not lost
    assert (later["cnf"] == first["cnf"]) is not lost
    refused = [call["status"] for call in calls.redeems if call["status"] != 201]
    assert refused == ([403] if lost else [])
    assert len(calls.asks) == 2 + lost


def test_a_lost_key_at_the_interstitial_asks_as_new(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = context.new_page()
    visit(page, site.profiles[0])
    page.evaluate(FORGET_KEY)
    context.route(ASK, lambda route: route.abort())
    for url in site.profiles[1:FIRST_SALE]:
        visit(page, url)
    # Else the last page's renewal might ask once more, and be refused too.
    page.goto("about:blank")
    context.unroute(ASK)
    assert visit(page, site.profiles[FIRST_SALE]) == 403
    assert [call["status"] for call in calls.redeems] == [201, 403, 201]


# -- what a browser may lack -----------------------------------------------------------------

ODD_STATES = [
    ("Worker", "typeof Worker", "undefined"),
    ("indexedDB", "typeof indexedDB", "undefined"),
    ("navigator.locks", "typeof navigator.locks", "undefined"),
    ("WebAssembly", "typeof WebAssembly", "undefined"),
    ("crypto.subtle", "typeof crypto.subtle", "undefined"),
    ("sessionStorage", "typeof sessionStorage", "undefined"),
]


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Hardly any work: what a browser lacks makes it slow, and the slow buy less at a time."""
    with serve_site(tmp_path_factory.mktemp("easy"), workers=1, CHALLENGE_PRICE_MS="1") as running:
        yield running


@pytest.mark.parametrize(("name", "look", "seen"), ODD_STATES, ids=[s[0] for s in ODD_STATES])
def test_without_it_profiles_open_and_are_renewed(
    context: BrowserContext, easy: Site, name: str, look: str, seen: str
) -> None:
    without(context, name)
    calls, page = Calls(easy), context.new_page()
    wrong = watch(page)
    statuses = [visit(page, url) for url in easy.profiles[:4]]
    assert page.evaluate(look) == seen
    until_left(page, easy, 2)
    assert statuses == [403, 200, 200, 200], (calls.asks, clearance(context))
    # A renewal that the next page cut short has asked in vain.
    assert len(calls.sales) == 2 <= len(calls.asks)
    keyless = name in ("indexedDB", "crypto.subtle")
    assert ("cnf" in clearance(context)) is not keyless
    assert wrong == []


STRICTEST = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self';"
    " style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
)
TYPED = f"{STRICTEST}; require-trusted-types-for 'script'"
NO_WORKERS = STRICTEST.replace("worker-src 'self'", "worker-src 'none'")
NO_SCRIPTS = "default-src 'none'"


@pytest.mark.parametrize(
    ("policy", "renewed", "clean"),
    [
        (STRICTEST, True, True),
        (TYPED, True, False),
        (NO_WORKERS, True, False),
        (NO_SCRIPTS, False, False),
    ],
    ids=["strictest", "trusted-types", "no-workers", "control-no-scripts"],
)
def test_renewal_under_a_strict_policy_of_the_app(
    context: BrowserContext, site: Site, policy: str, renewed: bool, clean: bool
) -> None:
    page = context.new_page()
    for url in site.profiles[:3]:
        visit(page, url)

    def restrict(route: Route) -> None:
        answer = route.fetch()
        headers = answer.headers | {"content-security-policy": policy}
        route.fulfill(response=answer, headers=headers)

    wrong = watch(page)
    page.route(site.profiles[3], restrict)
    with_script = "document.querySelector('script[data-remaining]') !== null"
    assert visit(page, site.profiles[3]) == 200
    assert page.evaluate(with_script)
    if renewed:
        until_left(page, site, 2)
    else:
        page.wait_for_load_state("networkidle")
        assert remaining(context, site) == 1
    assert (wrong == []) is clean, wrong


# -- what stops it ---------------------------------------------------------------------------


def test_with_cookies_switched_off_it_says_so_and_asks_for_nothing(
    context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setDocumentCookieDisabled", {"disabled": True})
    page.goto(site.profiles[0])
    assert "cookie" in problem(page)
    assert page.evaluate("navigator.cookieEnabled") is False
    assert calls.asks == []


def test_off_loopback_without_https_it_says_so_and_asks_for_nothing(
    odd_context: BrowserContext, site: Site, calls: Calls
) -> None:
    page = odd_context.new_page()
    page.goto(site.profiles[0].replace("127.0.0.1", "people.example"))
    assert "https" in problem(page)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(PROBLEM)
    assert calls.asks == []
    # The control: this browser, at the loopback address.
    assert visit(page, site.profiles[0]) == 403
    assert len(calls.asks) == 1

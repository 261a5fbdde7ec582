"""Every page in every state that a person may come to see: one table, and how to get there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

from challenge.tally.waiting import WAIT as WAIT_S

from ..serving import ROOT, Server
from ..solving import ASK, REDEEM, redemption
from .pages import COOKIE, GATE_BUTTON, PATIENCE_S, PERSONAL, PROBLEM, REVEALED, Site, serve_site
from .widgets import BOX

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

APP = "demo.app:create_app()"
TICKET = f"{COOKIE}-ticket"
JSON = {"Content-Type": "application/json"}
ASKING = "**/v1/challenges"
REDEEMING = "**/v1/clearances"

QUICK = {"CHALLENGE_PRICE_MS": "0", "CHALLENGE_CONTACT": "mailto:help@example.org"}

#: waits between two tries pass fifty times as fast
HURRY = "const later = setTimeout; setTimeout = (call, ms) => later(call, ms / 50)"
#: no redemption is ever answered
HOLD = """const ask = fetch; fetch = (url, init) =>
    url.endsWith("/clearances") ? new Promise(() => {}) : ask(url, init)"""


@dataclass(frozen=True)
class Town:
    """The demo, served three times, and what its visitors hold."""

    #: for everybody
    open: Site
    #: the band of this network is empty
    crowded: Site
    #: this network is kept out
    closed: Site
    #: by name of the site: the cookies of a visitor who holds a clearance
    held: dict[str, dict[str, str]]

    @property
    def handle(self) -> str:
        """Whose profile, card and contact page are looked at."""
        return self.open.profiles[0].rpartition("/")[2]


@dataclass(frozen=True)
class Face:
    """One page in one state."""

    name: str
    #: of the URL; {handle} stands for somebody's
    path: str
    #: the site: `open`, `crowded` or `closed`
    at: str = "open"
    #: the cookie that the visitor holds
    holds: str = ""
    #: what is done to the tab before it goes there
    before: Callable[[Page], object] | None = None
    #: what a visitor does there
    after: Callable[[Page], object] | None = None
    #: what is there when the state is reached
    shows: str = "h1"


def hold_redeem(page: Page) -> None:
    """The work is done, and nothing follows."""
    page.add_init_script(HOLD)


def lose_connection(page: Page) -> None:
    """No call for a challenge arrives."""
    page.add_init_script(HURRY)
    page.route(ASKING, lambda route: route.abort())


def refuse_cookies(page: Page) -> None:
    """The browser says that cookies are switched off."""
    page.add_init_script("Object.defineProperty(navigator, 'cookieEnabled', { value: false })")


def give_place(page: Page) -> None:
    """What is bought is for later."""
    sale = {"token": "", "budget": 1, "remaining": 0, "not_before_ms": 40_000, "expires_in": 1800}
    page.route(REDEEMING, lambda route: route.fulfill(status=201, json=sale))


def give_no_place(page: Page) -> None:
    """The network has all that it can have, and a place in the queue only later."""
    busy = {"code": "network_busy", "opens_in_ms": 900_000}
    headers = {"Retry-After": "300"}
    page.route(REDEEMING, lambda route: route.fulfill(status=429, headers=headers, json=busy))


def reveal(page: Page) -> None:
    """Ask for what is behind the gate."""
    page.click(GATE_BUTTON)


def ask_price(page: Page) -> None:
    """Ask what the next sale costs."""
    page.get_by_role("button", name="Ask for a price").click()


def see_widget(page: Page) -> None:
    """Scroll down to the form's widget, which begins when it is seen."""
    page.locator(BOX).scroll_into_view_if_needed()


PROFILE = "/people/{handle}"
CARD = "/cards/{handle}"
REPORT = "/report?profile={handle}"
WAIT = "/challenge/v1/wait?to=/people/{handle}"
ALL_DONE = "[data-challenge-progress] .is-done:last-child"
PRICE = "[data-yours-price]:not(:empty)"
QUEUED = "#challenge[data-state=queue] [role=status]:not(:empty)"

FACES = (
    Face("home", "/"),
    Face("search", "/?q=sailmaker"),
    Face("search-in-vain", "/?q=astronaut+ada"),
    Face("letter", "/?letter=K&page=2"),
    Face("not-found", "/nobody-lives-here"),
    Face("profile", PROFILE, holds=COOKIE, shows=PERSONAL),
    Face("first-visit", PROFILE, shows=PERSONAL),
    Face("contact", "/people/{handle}/contact", holds=COOKIE, shows=PERSONAL),
    Face("card", CARD),
    Face("card-revealed", CARD, holds=COOKIE, after=reveal, shows=REVEALED),
    Face("card-problem", CARD, before=lose_connection, after=reveal, shows=PROBLEM),
    Face("protection", "/protection"),
    Face("yours", "/yours", holds=COOKIE, after=ask_price, shows=PRICE),
    Face("yours-empty", "/yours"),
    Face("scraper", "/scraper"),
    Face("report", REPORT, after=see_widget, shows=f"{BOX}[data-state=ready]"),
    Face("report-sent", "/report/thanks"),
    Face("working", PROFILE, before=hold_redeem, shows=ALL_DONE),
    Face("working-arabic", f"{PROFILE}?lang=ar", before=hold_redeem, shows=ALL_DONE),
    Face("problem", PROFILE, before=lose_connection, shows=PROBLEM),
    Face("problem-of-cookies", PROFILE, before=refuse_cookies, shows=PROBLEM),
    Face("problem-arabic", f"{PROFILE}?lang=ar", before=refuse_cookies, shows=PROBLEM),
    Face("waiting-in-queue", PROFILE, at="crowded", before=give_place, shows=QUEUED),
    Face("waiting-for-a-place", PROFILE, at="crowded", before=give_no_place, shows=QUEUED),
    Face(
        *("waiting-arabic", f"{PROFILE}?lang=ar"),
        at="crowded",
        before=give_no_place,
        shows=QUEUED,
    ),
    Face("queue", PROFILE, at="crowded", holds=COOKIE, shows=QUEUED),
    Face(
        *("card-queue", CARD),
        at="crowded",
        before=give_place,
        after=reveal,
        shows="challenge-gate [role=status]:not(:empty)",
    ),
    Face("kept-out", PROFILE, at="closed"),
    Face("wait", WAIT),
    Face("wait-full", WAIT, at="crowded", holds=TICKET),
    Face("wait-placed", WAIT, at="crowded", holds=COOKIE),
    Face("wait-without-cookie", f"{WAIT}&joined=1"),
    Face("wait-for-nothing", "/challenge/v1/wait"),
)
BY_NAME = {face.name: face for face in FACES}


def show(page: Page, town: Town, face: Face) -> None:
    """Bring a fresh tab into the state."""
    site: Site = getattr(town, face.at)
    if face.holds:
        value = town.held[face.at][face.holds]
        page.context.add_cookies([{"name": face.holds, "value": value, "url": site.url}])
    if face.before:
        face.before(page)
    page.goto(site.url + face.path.format(handle=town.handle))
    if face.after:
        face.after(page)
    page.wait_for_selector(face.shows, timeout=PATIENCE_S * 1000, state="attached")


@contextmanager
def tab(browser: Browser, **options: Any) -> Iterator[Page]:
    """A tab of a visitor who has never been here, with options of Playwright's contexts."""
    context = browser.new_context(**options)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def serve_town(folder: Path) -> Iterator[Town]:
    """Serve the demo for everybody, with an empty band, and with a ban."""
    with ExitStack() as stack:
        sites = {}
        for name, burst in (("open", "100000"), ("crowded", "20"), ("closed", "20")):
            (folder / name).mkdir()
            settings = QUICK | {"CHALLENGE_BAND_BURST": burst, "CHALLENGE_LANES": "none"}
            settings["CHALLENGE_SIGN_IN_URL"] = "/sign-in"
            sites[name] = stack.enter_context(serve_site(folder / name, workers=1, **settings))
        _ban_this_network(sites["closed"])
        held = {
            "open": {COOKIE: _buy(sites["open"].server)},
            "crowded": {TICKET: _ticket(sites["crowded"]), COOKIE: _buy_all(sites["crowded"])},
        }
        yield Town(**sites, held=held)


def _ban_this_network(site: Site) -> None:
    kept = {
        "CHALLENGE_KEYS_PATH": str(site.folder / "keys.json"),
        "CHALLENGE_STORE_URI": f"sqlite:///{site.folder / 'challenge.db'}",
    }
    command = [sys.executable, "-m", "flask", "--app", APP, "challenge", "bans", "add"]
    command += ["127.0.0.1", "--reason", "to see what it says"]
    subprocess.run(command, cwd=ROOT, env=os.environ | kept, check=True, capture_output=True)


def _ticket(site: Site) -> str:
    """A ticket of the queue for those without scripts, that is due."""
    _, headers, _ = site.server.call("GET", "/challenge/v1/wait?to=/")
    site.let_pass(WAIT_S + 1)
    return SimpleCookie(headers["set-cookie"])[TICKET].value


def _buy(server: Server) -> str:
    """A clearance; empty when the band is."""
    offer = server.call("POST", ASK, JSON, b"{}")[2]
    status, _, sale = server.call("POST", REDEEM, JSON, redemption(json.loads(offer)))
    return str(json.loads(sale)["token"]) if status == 201 else ""


def _buy_all(site: Site) -> str:
    """Empty the band and its backlog; the clearance of who waits longest."""
    last = ""
    while bought := _buy(site.server):
        last = bought
    return last

"""Every page in every state that a person may come to see: one table, and how to get there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..serving import ROOT, Server, serve
from ..solving import ASK, REDEEM, redemption
from .pages import COOKIE, PATIENCE_S, PERSONAL, PROBLEM, handles

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

APP = "demo.app:create_app()"
JSON = {"Content-Type": "application/json"}
ASKING = "**/v1/challenges"
REDEEMING = "**/v1/clearances"
REVEALED = "challenge-gate[revealed]"

#: waits between two tries pass fifty times as fast
HURRY = "const later = setTimeout; setTimeout = (call, ms) => later(call, ms / 50)"


@dataclass(frozen=True)
class Town:
    """The demo, served three times, and the clearances of two of its visitors."""

    #: for everybody
    open: Server
    #: the band of this network is empty
    crowded: Server
    #: this network is kept out
    closed: Server
    #: whose profile, card and contact page are looked at
    handle: str
    #: by server: the clearance of a visitor who holds one
    clearances: dict[str, str]


@dataclass(frozen=True)
class Face:
    """One page in one state."""

    name: str
    #: of the URL; {handle} stands for somebody's
    path: str
    #: the server: `open`, `crowded` or `closed`
    at: str = "open"
    #: whether the visitor holds a clearance
    holds: bool = False
    #: what is done to the tab before it goes there
    before: Callable[[Page], object] | None = None
    #: what a visitor does there
    after: Callable[[Page], object] | None = None
    #: what is there when the state is reached
    shows: str = "h1"


def hold_redeem(page: Page) -> None:
    """No redemption is ever answered."""
    page.route(REDEEMING, lambda route: None)


def lose_connection(page: Page) -> None:
    """No call for a challenge arrives."""
    page.add_init_script(HURRY)
    page.route(ASKING, lambda route: route.abort())


def refuse_cookies(page: Page) -> None:
    """The browser says that cookies are switched off."""
    page.add_init_script("Object.defineProperty(navigator, 'cookieEnabled', { value: false })")


def reveal(page: Page) -> None:
    """Ask for what is behind the gate."""
    page.get_by_role("button", name="Show contact details").click()


PROFILE = "/people/{handle}"
CARD = "/cards/{handle}"
WAIT = "/challenge/v1/wait?to=/people/{handle}"
ALL_DONE = "[data-challenge-progress] .is-done:last-child"
QUEUED = "#challenge[data-state=queue] [role=status]:not(:empty)"

FACES = (
    Face("home", "/"),
    Face("not-found", "/nobody-lives-here"),
    Face("profile", PROFILE, holds=True, shows=PERSONAL),
    Face("contact", "/people/{handle}/contact", holds=True, shows=PERSONAL),
    Face("card", CARD),
    Face("card-revealed", CARD, holds=True, after=reveal, shows=REVEALED),
    Face("card-problem", CARD, before=lose_connection, after=reveal, shows=PROBLEM),
    Face("working", PROFILE, before=hold_redeem, shows=ALL_DONE),
    Face("working-arabic", f"{PROFILE}?lang=ar", before=hold_redeem, shows=ALL_DONE),
    Face("problem", PROFILE, before=lose_connection, shows=PROBLEM),
    Face("problem-arabic", f"{PROFILE}?lang=ar", before=refuse_cookies, shows=PROBLEM),
    Face("waiting-in-queue", PROFILE, at="crowded", shows=QUEUED),
    Face("queue", PROFILE, at="crowded", holds=True),
    Face("kept-out", PROFILE, at="closed"),
    Face("wait", WAIT),
    Face("wait-full", WAIT, at="crowded"),
    Face("wait-without-cookie", f"{WAIT}&joined=1"),
    Face("wait-for-nothing", "/challenge/v1/wait"),
)
BY_NAME = {face.name: face for face in FACES}


def show(page: Page, town: Town, face: Face) -> None:
    """Bring a fresh tab into the state."""
    server: Server = getattr(town, face.at)
    if face.holds:
        cookie: Any = {"name": COOKIE, "value": town.clearances[face.at], "url": server.url}
        page.context.add_cookies([cookie])
    if face.before:
        face.before(page)
    page.goto(server.url + face.path.format(handle=town.handle))
    if face.after:
        face.after(page)
    page.wait_for_selector(face.shows, timeout=PATIENCE_S * 1000, state="attached")


@contextmanager
def tab(browser: Browser, **options: Any) -> Iterator[Page]:
    """A tab of a visitor who has never been here, with options of Playwright's contexts."""
    context = browser.new_context(**options)
    page = context.new_page()
    try:
        yield page
    finally:
        # What is held is never answered.
        page.unroute_all(behavior="ignoreErrors")
        context.close()


@contextmanager
def serve_town(folder: Path) -> Iterator[Town]:
    """Serve the demo for everybody, with an empty band, and with a ban."""
    quick = {"workers": 1, "CHALLENGE_PRICE_MS": "0", "CHALLENGE_CONTACT": "mailto:a@example.org"}
    with ExitStack() as stack:
        servers = {}
        for name, burst in (("open", "100000"), ("crowded", "20"), ("closed", "20")):
            (folder / name).mkdir()
            settings: Any = quick | {"CHALLENGE_BAND_BURST": burst}
            servers[name] = stack.enter_context(serve(APP, folder / name, **settings))
        handle = handles(servers["open"])[0]
        _ban_this_network(folder / "closed")
        held = {"open": _buy(servers["open"]), "crowded": _buy_all(servers["crowded"])}
        yield Town(**servers, handle=handle, clearances=held)


def _ban_this_network(folder: Path) -> None:
    kept = {
        "CHALLENGE_KEYS_PATH": str(folder / "keys.json"),
        "CHALLENGE_STORE_URI": f"sqlite:///{folder / 'challenge.db'}",
    }
    command = [sys.executable, "-m", "flask", "--app", APP, "challenge", "bans", "add"]
    command += ["127.0.0.1", "--reason", "to see what it says"]
    subprocess.run(command, cwd=ROOT, env=os.environ | kept, check=True, capture_output=True)


def _buy(server: Server) -> str:
    """A clearance; empty when the band is."""
    offer = server.call("POST", ASK, JSON, b"{}")[2]
    status, _, sale = server.call("POST", REDEEM, JSON, redemption(json.loads(offer)))
    return str(json.loads(sale)["token"]) if status == 201 else ""


def _buy_all(server: Server) -> str:
    """Empty the band and its backlog; the clearance of who waits longest."""
    last = ""
    while bought := _buy(server):
        last = bought
    return last

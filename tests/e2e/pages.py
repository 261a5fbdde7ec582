"""What the browser tests share: the site under test, its log, and words for a visit."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..serving import Server, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page, Route

PERSONAL = "[data-personal]"
PROBLEM = "[data-challenge-problem]:not([hidden])"
PROBLEM_TEXT = "[data-challenge-problem-text]"
#: of a gate in a public page, which its press replaces with what it reveals
GATE_BUTTON = "challenge-gate button[part]"
REVEALED = f"challenge-gate[revealed] {PERSONAL}"
CONTACT = re.compile(r"/people/[^/]+/contact$")
COOKIE = "challenge-main"
#: for what takes a second; other people's tests run beside these
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Site:
    """The demo of `site.py`, served."""

    server: Server
    folder: Path

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def log(self) -> Path:
        return self.folder / "calls.log"

    @cached_property
    def profiles(self) -> list[str]:
        """The URLs of all profiles."""
        return [f"{self.url}/people/{handle}" for handle in handles(self.server)]

    def let_pass(self, seconds: float) -> None:
        """Put the gate's clock forward. It is never put back."""
        ahead = self.folder / "ahead"
        later = float(ahead.read_text()) + seconds
        ahead.with_suffix(".new").write_text(str(later))
        ahead.with_suffix(".new").replace(ahead)


def serve_site(folder: Path, *, workers: int = 2, **env: str) -> AbstractContextManager[Site]:
    """Serve it, with a band that the visitors of many tests do not exhaust.

    The work is a quarter of the usual: plain JavaScript on a busy machine would else be a slow
    device, which asks twice.
    """
    usual = {"CHALLENGE_BAND_BURST": "100000", "CHALLENGE_PRICE_MS": "50"}
    return _serve_site(folder, workers, usual | env)


@contextmanager
def _serve_site(folder: Path, workers: int, env: dict[str, str]) -> Iterator[Site]:
    (folder / "calls.log").touch()
    (folder / "ahead").write_text("0")
    env |= {"E2E_LOG": str(folder / "calls.log"), "E2E_CLOCK": str(folder / "ahead")}
    with serve("tests.e2e.site:create_app()", folder, workers=workers, **env) as server:
        yield Site(server, folder)


class Calls:
    """The calls that the site has answered since this was made."""

    def __init__(self, site: Site) -> None:
        self._log = site.log
        self._start = site.log.stat().st_size

    def of(self, method: str, path: str) -> list[dict[str, Any]]:
        """Those whose path ends like this, in the order in which they began."""
        with self._log.open("rb") as log:
            log.seek(self._start)
            found = [json.loads(line) for line in log.read().splitlines()]
        found = [call for call in found if call["method"] == method]
        found = [call for call in found if call["path"].endswith(path)]
        return sorted(found, key=lambda call: call["begun"])

    @property
    def asks(self) -> list[dict[str, Any]]:
        return self.of("POST", "/v1/challenges")

    @property
    def redeems(self) -> list[dict[str, Any]]:
        return self.of("POST", "/v1/clearances")

    @property
    def sales(self) -> list[dict[str, Any]]:
        return [call for call in self.redeems if call["status"] == 201]


def handles(server: Server) -> list[str]:
    _, _, home = server.call("GET", "/")
    found = [part.split('"')[0] for part in home.decode().split('href="/people/')[1:]]
    return sorted(set(found))


def watch(page: Page) -> list[str]:
    """Collect what must not happen: errors, policy violations, requests to other hosts."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: (
            message.type == "error"
            and not re.search("status of (403|404)", message.text)
            and "favicon" not in message.location.get("url", "")
            and wrong.append(f"console: {message.text}")
        ),
    )
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("http://127.0.0.1", "data:"))
            or wrong.append(f"request: {request.url}")
        ),
    )
    return wrong


def visit(page: Page, url: str) -> int:
    """Open a profile; the status of the first answer."""
    answer = page.goto(url)
    page.wait_for_selector(PERSONAL, timeout=PATIENCE_S * 1000)
    return answer.status if answer is not None else 0


def problem(page: Page) -> str:
    """The text of the problem that the interstitial comes to."""
    page.wait_for_selector(PROBLEM, timeout=PATIENCE_S * 1000)
    return page.inner_text(PROBLEM_TEXT)


def card(page: Page, url: str) -> int:
    """Open the card of a profile; the status of the answer."""
    answer = page.goto(url.replace("/people/", "/cards/"))
    page.wait_for_selector(GATE_BUTTON)
    return answer.status if answer is not None else 0


def press(page: Page) -> None:
    """Press the gate's button, and wait for the details."""
    page.click(GATE_BUTTON)
    page.wait_for_selector(REVEALED, timeout=PATIENCE_S * 1000)


def two_gates(context: BrowserContext, site: Site) -> Page:
    """The card of the first profile, with a gate for the second one too."""
    page = context.new_page()
    other = site.profiles[1].removeprefix(site.url)
    more = f'<challenge-gate src="{other}/contact">Theirs</challenge-gate></main>'
    change(page, "**/cards/*", "</main>", more)
    card(page, site.profiles[0])
    return page


def change(page: Page, pattern: str | re.Pattern[str], old: str, new: str) -> None:
    """Serve what matches with another text in it."""

    def altered(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(old, new))

    page.route(pattern, altered)


def until(check: Callable[[], object], pause: Callable[[], object], what: str) -> None:
    """Wait until `check()` is true; `pause()` lets a little time pass, and the driver work."""
    end = time.monotonic() + PATIENCE_S
    while not check():
        assert time.monotonic() < end, f"in vain: {what}"
        pause()


def until_left(page: Page, site: Site, least: int) -> None:
    """Wait until the visitor has at least that many units."""
    until(
        lambda: remaining(page.context, site) >= least,
        lambda: page.wait_for_timeout(50),
        f"{least} units",
    )


def remaining(context: BrowserContext, site: Site) -> int:
    """What the visitor's clearance still holds, as the server knows it."""
    answer = context.request.get(f"{site.url}/challenge/v1/clearance")
    return int(answer.json()["remaining"]) if answer.ok else 0


def clearance(context: BrowserContext) -> dict[str, Any]:
    """The claims of the clearance in the visitor's cookie."""
    [cookie] = [c for c in context.cookies() if c.get("name") == COOKIE]
    return claims(cookie.get("value", ""))


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found

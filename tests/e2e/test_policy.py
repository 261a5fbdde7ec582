"""Every page under its policy: nothing inline, nothing from elsewhere, nothing kept but ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Request, Response, Route

from .faces import BY_NAME, FACES, TICKET, Face, Town, show, tab
from .pages import COOKIE, until

pytestmark = [pytest.mark.browser, pytest.mark.engine]

SOURCES = {
    "default-src": {"'self'", "'none'"},
    "script-src": {"'self'", "'wasm-unsafe-eval'"},
    "worker-src": {"'self'"},
}
INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|<[^>]*\s(style|on[a-z]+)\s*=|javascript:", re.I)
KEPT = """async () => ({
    session: Object.keys(sessionStorage),
    local: Object.keys(localStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
OURS = {
    "session": {"challenge-main-reloads"},
    "local": set(),
    "databases": {"challenge-main"},
    "caches": set(),
}
VIOLATION = "addEventListener('securitypolicyviolation', e => violated(e.violatedDirective))"


@dataclass
class Seen:
    """What a tab has done while it was watched."""

    violations: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    sockets: list[str] = field(default_factory=list)
    pages: list[Response] = field(default_factory=list)

    def strangers(self, origin: str) -> list[str]:
        """The URLs that were asked for and are not of this origin."""
        urls = [request.url for request in self.requests]
        return [url for url in urls if not url.startswith(f"{origin}/")]


@contextmanager
def watched(browser: Browser) -> Iterator[tuple[Page, Seen]]:
    """A fresh tab, and what it does."""
    seen = Seen()
    with tab(browser) as page:
        page.expose_function("violated", lambda directive: seen.violations.append(directive))
        page.add_init_script(VIOLATION)
        page.context.on("request", lambda request: seen.requests.append(request))
        page.context.on("response", lambda r: seen.pages.append(r) if is_page(r) else None)
        page.on("websocket", lambda socket: seen.sockets.append(socket.url))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
        yield page, seen


def is_page(response: Response) -> bool:
    return "html" in response.headers.get("content-type", "")


def unexpected(errors: list[str]) -> list[str]:
    """Without what Chromium says of a refusal, and of the connection that a face loses."""
    expected = re.compile("status of (403|404|429|400)|net::ERR_FAILED")
    return [error for error in errors if not expected.search(error)]


def loosened(policy: str) -> list[str]:
    """What a policy allows of scripts beyond what every page may need."""
    directives = {name: set(rest) for name, *rest in map(str.split, policy.split(";"))}
    wrong = [f"no {name}" for name in ("default-src", "script-src") if name not in directives]
    for name, allowed in SOURCES.items():
        wrong += sorted(directives.get(name, set()) - allowed)
    return wrong


def again(page: Page, response: Response) -> APIResponse:
    """The same page once more, since a browser forgets the text of pages it has left."""
    headers = {"Accept": "text/html"}
    return page.context.request.get(response.url, headers=headers, max_redirects=0)


@pytest.mark.parametrize("face", FACES, ids=[face.name for face in FACES])
def test_it_keeps_to_its_policy_and_to_its_origin(browser: Browser, town: Town, face: Face) -> None:
    origin = getattr(town, face.at).url
    with watched(browser) as (page, seen):
        show(page, town, face)
        page.wait_for_load_state("load")
        kept = page.evaluate(KEPT)
        cookies = {cookie.get("name") for cookie in page.context.cookies()}
        texts = [again(page, response).text() for response in seen.pages]
        policies = [response.headers["content-security-policy"] for response in seen.pages]
    assert seen.violations == unexpected(seen.errors) == seen.sockets == []
    assert seen.strangers(origin) == []
    assert texts
    assert [INLINE.findall(text) for text in texts] == [[]] * len(texts)
    assert [loosened(policy) for policy in policies] == [[]] * len(policies)
    assert cookies <= {COOKIE, TICKET}
    assert kept.pop("workers") == 0
    assert {name for name, ours in OURS.items() if not set(kept[name]) <= ours} == set()


def test_a_visit_has_been_seen_whole(browser: Browser, town: Town) -> None:
    # Without this, what the test above does not see would be no fault.
    with watched(browser) as (page, seen):
        show(page, town, BY_NAME["first-visit"])
        page.wait_for_load_state("load")
        kept = page.evaluate(KEPT)
        assert {cookie.get("name") for cookie in page.context.cookies()} == {COOKIE}
    paths = " ".join(request.url.removeprefix(town.open.url) for request in seen.requests)
    for part in ("/people/", "challenge.", ".css", "/v1/challenges", "/v1/clearances", "/photo?"):
        assert part in paths
    assert sum(".js" in request.url for request in seen.requests) > 1, "workers are seen too"
    assert kept["databases"] == ["challenge-main"]
    assert len(seen.pages) == 2


# -- controls --------------------------------------------------------------------------------


def spoil(page: Page, text: str, **headers: str) -> None:
    """Serve profiles with this text, and these headers, in them."""

    def altered(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace("</main>", f"{text}</main>")
        route.fulfill(response=answer, body=body, headers=answer.headers | headers)

    page.route("**/people/*", altered)


@pytest.mark.parametrize(
    ("text", "directive"),
    [
        ('<p style="color: red">x</p>', "style-src-attr"),
        ("<style>p { color: red }</style>", "style-src-elem"),
        ("<script>globalThis.x = 1</script>", "script-src-elem"),
        ('<p onclick="x()">x</p>', "script-src-attr"),
        ('<script src="data:text/javascript,x=1"></script>', "script-src-elem"),
    ],
)
def test_control_what_is_inline_is_reported(
    browser: Browser, town: Town, text: str, directive: str
) -> None:
    with watched(browser) as (page, seen):
        spoil(page, text)
        show(page, town, BY_NAME["profile"])
        page.wait_for_load_state("load")
        assert bool(INLINE.search(page.content())) is ("data:" not in text)
    assert directive in seen.violations
    assert unexpected(seen.errors) != []


ELSEWHERE = "http://127.0.0.1:9/x"


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no-policy"])
def test_control_an_image_from_elsewhere_is_found(
    browser: Browser, town: Town, policy: bool
) -> None:
    with watched(browser) as (page, seen):
        headers = {} if policy else {"content-security-policy": ""}
        spoil(page, f'<img alt="" src="{ELSEWHERE}">', **headers)
        show(page, town, BY_NAME["profile"])
        page.wait_for_load_state("load")
    assert seen.strangers(town.open.url) == [ELSEWHERE]
    assert ("img-src" in seen.violations) is policy


@pytest.mark.parametrize(
    "script",
    [
        f"fetch('{ELSEWHERE}')",
        f"navigator.sendBeacon('{ELSEWHERE}')",
        f"new WebSocket('{ELSEWHERE.replace('http', 'ws')}')",
        f"new Worker(URL.createObjectURL(new Blob([`fetch('{ELSEWHERE}')`])))",
    ],
    ids=["fetch", "beacon", "socket", "worker"],
)
def test_control_a_call_to_elsewhere_is_found(browser: Browser, town: Town, script: str) -> None:
    with watched(browser) as (page, seen):
        spoil(page, "", **{"content-security-policy": ""})
        show(page, town, BY_NAME["profile"])
        assert seen.strangers(town.open.url) == seen.sockets == []
        page.evaluate(f"() => {{ {script} }}")
        until(
            lambda: ELSEWHERE in seen.strangers(town.open.url) or seen.sockets,
            lambda: page.wait_for_timeout(20),
            "what goes elsewhere",
        )


@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'self'",
        "default-src 'self'",
        "default-src *; script-src 'self'",
        "default-src 'self'; script-src 'self' 'unsafe-inline'",
        "default-src 'self'; script-src 'self' 'unsafe-eval'; worker-src 'self' blob:",
    ],
)
def test_control_a_loose_policy_is_found(policy: str) -> None:
    assert loosened(policy) != []

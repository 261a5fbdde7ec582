"""Pages with a form that has a widget, under the demo's own policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from demo.app import PAGE_POLICY

from .pages import PATIENCE_S, Site, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

SECRET = "q7Yv2nLr9Xw4Tb8Kd1Mz6Pc3Fh5Js0Ga"
FORM_PAGE = "**/e2e/form"
RESPOND = "**/v1/responses"
BOX = "[data-size] .box"
FIELD = "input[name=challenge-response]"
SCRIPT = "/challenge/static/challenge.js"
#: passes at once, and is counted nowhere
QUICK = '<challenge-widget sitekey="test-pass" action="signup"></challenge-widget>'
#: begins when it is told to
EXECUTE = QUICK.replace(" action", ' execution="execute" action')
#: earns what it posts
PLAIN = '<challenge-widget action="signup" cdata="order-7"></challenge-widget>'
#: every callback, by the functions of TOLD
CALLBACKS = (
    'callback="done" error-callback="failed" expired-callback="expired" timeout-callback="late" '
    'unsupported-callback="old" before-interactive-callback="interactive" '
    'after-interactive-callback="interactive"'
)
#: the colours that a browser has anyway, where axe can see them
SHEET = """body { color: light-dark(#000, #fff); background: light-dark(#fff, #121212); }
p button { color: inherit; background: none; border: 1px solid; }"""
VIOLATION = (
    "window.violations = []; addEventListener('securitypolicyviolation',"
    " e => violations.push(e.effectiveDirective))"
)
#: everything that a page is told of its widgets, in order
TOLD = """window.told = [];
for (const name of ['statechange', 'progress', 'verified', 'expired', 'error'])
  document.addEventListener(`challenge:${name}`, e => told.push([name, e.detail]));
for (const name of ['done', 'failed', 'expired', 'late', 'old', 'interactive'])
  window[name] = (...values) => told.push([name, ...values]);"""


def form_around(widget: str) -> str:
    """A form that has the widget between a field and a button."""
    return f"""<form method="post" action="/e2e/posted">
        <p><label>Name <input name="name" value="Ada"></label></p>
        {widget}
        <p><button name="by" value="send">Send</button> <button type="reset">Clear</button></p>
        </form>"""


def open_form(
    page: Page, site: Site, widget: str = QUICK, *, query: str = "", script: str = SCRIPT
) -> None:
    """Open a page that has this form, or these forms, in it."""
    body = widget if "<form" in widget else form_around(widget)
    html = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A form</title>
        <meta name="viewport" content="width=device-width">
        <meta name="color-scheme" content="light dark">
        <link rel="stylesheet" href="/e2e/form.css">
        <script src="{script}{query}" async></script></head>
        <body><main><h1>A form</h1>{body}<p id="after">After it.</p></main></body></html>"""
    headers = {"Content-Security-Policy": PAGE_POLICY}
    page.unroute(FORM_PAGE)
    page.route(
        FORM_PAGE, lambda route: route.fulfill(body=html, content_type="text/html", headers=headers)
    )
    page.route("**/e2e/form.css", lambda r: r.fulfill(body=SHEET, content_type="text/css"))
    page.add_init_script(VIOLATION)
    page.add_init_script(TOLD)
    page.goto(f"{site.url}/e2e/form")


def await_state(page: Page, state: str, number: int = 0) -> Locator:
    """Wait until the widget is in this state; its box."""
    box = page.locator(BOX).nth(number)
    page.locator(f"{BOX}[data-state={state}]").nth(number).wait_for(
        timeout=PATIENCE_S * 1000, state="attached"
    )
    return box


def told(page: Page, *names: str) -> list[Any]:
    """What the page was told under these names, in order."""
    found: list[Any] = page.evaluate("told")
    return [one for one in found if one[0] in names]


def waits(page: Page, *names: str, count: int = 1) -> list[Any]:
    """What the page was told under these names, once it was told that often."""
    until(lambda: len(told(page, *names)) >= count, lambda: page.wait_for_timeout(20), str(names))
    return told(page, *names)


def field(page: Page, selector: str = FIELD) -> str:
    """What the form would post now."""
    return page.locator(selector).first.input_value()


def posted(page: Page) -> list[tuple[str, str]]:
    """What the form has posted."""
    page.wait_for_url("**/e2e/posted", timeout=PATIENCE_S * 1000)
    return [(name, value) for name, value in json.loads(page.inner_text("body"))]


def siteverify(site: Site, response: str) -> dict[str, Any]:
    """What the site's own server is told of it."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"secret": SECRET, "response": response}).encode()
    said: dict[str, Any] = json.loads(
        site.server.call("POST", "/challenge/siteverify", headers, body)[2]
    )
    return said


def answering(page: Page, pattern: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the gate answers to calls of this pattern."""

    def altered(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        change(body)
        route.fulfill(response=answer, json=body)

    page.route(pattern, altered)


def expiring(page: Page, seconds: float) -> None:
    """Let responses end so soon."""
    answering(page, RESPOND, lambda body: body.update(expires_in=seconds))

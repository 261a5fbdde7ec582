"""Letters without keys, and calls of drivers: what counts, and what people do that must not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from challenge.core.behaviour import Headers
from challenge.tally.judging import judge

from ..serving import Server, serve
from .test_behaviour_browser import person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CONDUCT = "**/conduct.*.js"
FIELD = "#q"
LETTERS = "sailmaker"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tells")
    app = "demo.app:create_app()"
    with serve(app, folder, workers=1, CHALLENGE_BEHAVIOUR="true") as server:
        yield server


@pytest.fixture
def page(browser: Browser, demo: Server) -> Iterator[Page]:
    """The demo's first page, counting, in a browser that a person might use."""
    context = person(browser)
    page = context.new_page()
    with page.expect_response(CONDUCT):
        page.goto(f"{demo.url}/")
    # Playwright's own calls are a driver's.
    page.wait_for_function("!HTMLElement.prototype.click.toString().includes('click')")
    yield page
    context.close()


def reported(page: Page) -> dict[str, int]:
    report: str = page.evaluate("tallygate.report()")
    return dict(json.loads(report or "{}"))


def factor(page: Page) -> int:
    seen = reported(page)
    major = seen.get("hints_major", 0)
    return judge(seen, Headers(agent_major=major, hint_major=major)).factor


def test_letters_of_the_debugger_come_without_keys(page: Page) -> None:
    page.click(FIELD)
    session = page.context.new_cdp_session(page)
    for letter in LETTERS:
        session.send("Input.dispatchKeyEvent", {"type": "char", "text": letter})
    assert page.input_value(FIELD) == LETTERS
    assert reported(page)["keyless_inputs"] == len(LETTERS)
    assert factor(page) == 3


def test_letters_that_no_key_types_are_not_counted(page: Page) -> None:
    """As input methods, dictation and emoji panels compose and commit."""
    page.click(FIELD)
    session = page.context.new_cdp_session(page)
    for text in ("n", "ni", "nin"):
        at = {"selectionStart": len(text), "selectionEnd": len(text)}
        session.send("Input.imeSetComposition", {"text": text, **at})
    session.send("Input.insertText", {"text": "你"})
    for letter in LETTERS:
        session.send("Input.insertText", {"text": letter})
    page.evaluate("document.execCommand('insertText', false, 'pasted')")
    assert page.input_value(FIELD) == f"你{LETTERS}pasted"
    page.fill(FIELD, LETTERS)
    assert "keyless_inputs" not in reported(page)
    assert factor(page) == 1


def test_letters_of_keys_are_not_counted(page: Page) -> None:
    page.click(FIELD)
    page.keyboard.type(LETTERS, delay=30)
    assert "keyless_inputs" not in reported(page)


#: whole clicks as link hints and voice control make them, in a moment and in the very centre
HINTED = """(it) => {
  const { left, top, width, height } = it.getBoundingClientRect();
  const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true,
    pointerType: "mouse" };
  for (const type of ["pointermove", "pointerdown", "pointerup", "click"]) {
    const event = type === "click" ? MouseEvent : PointerEvent;
    it.dispatchEvent(new event(type, at));
  }
  for (let time = 0; time < 9; time++) {
    it.dispatchEvent(new KeyboardEvent("keypress", { bubbles: true }));
  }
}"""


def test_what_an_extension_plays_is_not_counted(page: Page) -> None:
    before = reported(page)
    for _ in range(4):
        page.locator("h1").evaluate(HINTED)
    assert reported(page) == before


def run_own(page: Page, code: str) -> None:
    """Run a script of the page's own."""
    page.route("**/own.js", lambda route: route.fulfill(body=code, content_type="text/javascript"))
    page.evaluate(
        """() => new Promise((ready) => {
          const script = document.createElement("script");
          script.src = "/own.js";
          script.onload = ready;
          document.head.append(script);
        })"""
    )


def calls(page: Page, script: str) -> dict[str, int]:
    """What is counted of calls that a script in the console makes, one after the other."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": script, "awaitPromise": True})
    return {name: value for name, value in reported(page).items() if name.endswith("_calls")}


def test_a_script_from_nowhere_is_counted_and_the_pages_own_is_not(
    page: Page, demo: Server
) -> None:
    assert calls(page, "document.querySelector('#q').focus()") == {"nameless_calls": 1}
    run_own(page, "globalThis.go = () => document.querySelector('#q').focus()")
    page.wait_for_timeout(300)
    assert calls(page, "go()") == {"nameless_calls": 1}


def test_a_driver_that_calls_in_the_page_says_so(page: Page) -> None:
    page.evaluate("document.querySelector('#q').focus()")
    assert reported(page)["driver_calls"] == 1
    assert factor(page) == 8


def test_a_page_that_does_not_report_has_its_methods_as_they_were(
    browser: Browser, tmp_path: Path
) -> None:
    with serve("demo.app:create_app()", tmp_path, workers=1) as server:
        context = person(browser)
        page = context.new_page()
        page.goto(f"{server.url}/", wait_until="networkidle")
        assert "click" in page.evaluate("HTMLElement.prototype.click.toString()")
        context.close()

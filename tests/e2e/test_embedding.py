"""The HTML and CSS of README and docs, in a real page beside the app that the docs make."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from ..serving import ROOT, wait_for_port
from ..test_docs import PAGES, Snippet, first_program, snippets
from .pages import watch

pytestmark = pytest.mark.browser

EMBED = snippets(ROOT / "docs" / "embed.md")
CSP = snippets(ROOT / "docs" / "csp.md")
FORMS = snippets(ROOT / "docs" / "forms.md")
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A public page</title>
<link rel="stylesheet" href="/static/page.css"></head><body>
{}
<p id="after">After it.</p></body></html>"""


def program() -> str:
    """The app that somebody has who followed quickstart, embed and csp."""
    parts = [s.text for s in (*EMBED, *CSP, *FORMS) if s.language == "python"]
    return "\n\n".join((first_program(), *parts))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("embedding")
    (folder / "static").mkdir()
    (folder / "app.py").write_text(program())
    [sheet] = [s.text for s in EMBED if s.language == "css"]
    (folder / "static" / "page.css").write_text(sheet)
    for number, snippet in enumerate(html_snippets()):
        (folder / "static" / f"{number}.html").write_text(PAGE.format(snippet.text))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CHALLENGE_", "FLASK_"))}
    # What drives the browser here is a program, and would be asked to wait.
    env["CHALLENGE_INTERACTION"] = "none"
    command = [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=env | {"PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
    wait_for_port(port, server)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(20)
    assert "Traceback" not in (folder / "server.log").read_text()


def html_snippets() -> list[Snippet]:
    return [snippet for page in PAGES for snippet in snippets(page) if snippet.language == "html"]


def numbers(of: str) -> list[int]:
    return [n for n, snippet in enumerate(html_snippets()) if of in snippet.text]


def test_there_is_html_to_try() -> None:
    assert numbers("challenge-gate")
    assert numbers("challenge-widget")
    assert len(html_snippets()) == len(numbers("challenge-gate") + numbers("challenge-widget"))


@pytest.mark.parametrize("number", numbers("<challenge-widget"))
def test_an_embedded_form_is_sent_with_its_response(
    context: BrowserContext, url: str, number: int
) -> None:
    page = context.new_page()
    wrong = watch(page)
    page.goto(f"{url}/static/{number}.html")
    # At once: it waits for the response by itself.
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/signup")
    expect(page.locator("body")).to_have_text("Welcome.")
    assert wrong == []


def test_control_without_a_response_the_form_is_refused(context: BrowserContext, url: str) -> None:
    for fields in ({}, {"challenge-response": "x"}):
        assert context.request.post(f"{url}/signup", form=fields).status == 400


@pytest.mark.parametrize("number", numbers("<challenge-gate"))
def test_embedded_html_shows_what_is_asked_for(
    context: BrowserContext, url: str, number: int
) -> None:
    page = context.new_page()
    wrong = watch(page)
    page.goto(f"{url}/static/{number}.html")
    assert page.evaluate(
        "getComputedStyle(document.querySelector('challenge-gate')).minHeight"
    ) == ("144px")
    expect(page.locator("body")).not_to_contain_text("ada@example.org")
    page.get_by_role("button", name="Show contact details").press("Enter")
    expect(page.locator("challenge-gate > p")).to_have_text("ada@example.org", timeout=20_000)
    expect(page.locator("challenge-gate")).not_to_contain_text("How to reach")
    assert wrong == []


def test_the_card_of_the_docs_shows_what_is_asked_for(context: BrowserContext, url: str) -> None:
    page = context.new_page()
    wrong = watch(page)
    answer = page.goto(f"{url}/cards/bo")
    assert answer is not None
    assert (answer.status, "bo@example.org" in answer.text()) == (200, False)
    page.get_by_role("button", name="Show contact details").click()
    expect(page.locator("challenge-gate > p")).to_have_text("bo@example.org", timeout=20_000)
    assert wrong == []


def pinned(folder: Path) -> str:
    """The tag that `flask challenge embed` prints."""
    (folder / "app.py").write_text(program())
    command = [sys.executable, "-m", "flask", "--app", "app", "challenge", "embed"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("changed", [False, True], ids=["as released", "control: changed"])
def test_the_pinned_tag_runs_the_script_and_no_other(
    context: BrowserContext, url: str, tmp_path: Path, changed: bool
) -> None:
    page = context.new_page()
    tag = pinned(tmp_path)
    gate = '<challenge-gate src="/people/ada/contact">Show contact details</challenge-gate>'
    page.route(f"{url}/pinned", lambda route: route.fulfill(
        body=PAGE.format(tag + gate), content_type="text/html"))  # fmt: skip
    if changed:
        page.route("**/challenge.*.js", lambda route: route.fulfill(
            body=route.fetch().text() + " ", content_type="text/javascript"))  # fmt: skip
    page.goto(f"{url}/pinned")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("button")).to_have_count(0 if changed else 1)

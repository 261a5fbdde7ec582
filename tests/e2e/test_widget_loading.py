"""What a page with a widget, or without one, asks the server for. In a real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request

from challenge import assets

from .pages import Site, until
from .widgets import BOX, await_state, open_form, told

pytestmark = [pytest.mark.browser, pytest.mark.engine]


def scripts(page: Page) -> list[str]:
    """The scripts of ours that this page asks for."""
    found: list[str] = []

    def note(request: Request) -> None:
        name = re.search(r"/challenge/static/(\w+)(\.[0-9a-f]+)?\.js", request.url)
        if name and request.resource_type == "script":
            found.append(f"{name[1]}.*" if name[2] else name[1])

    page.on("request", note)
    return found


def test_a_page_without_a_widget_fetches_nothing_more(page: Page, forms: Site) -> None:
    found = scripts(page)
    open_form(page, forms, "<p>No widget here.</p>")
    page.wait_for_load_state("networkidle")
    assert found == ["challenge"]
    assert page.evaluate("typeof tallygate.ready") == "function"
    assert page.evaluate("Object.keys(tallygate)") == ["ready"]
    page.evaluate("new Promise(done => tallygate.ready(done))")
    assert found == ["challenge", "widget.*"], "the control: with the first call it does"


@pytest.mark.parametrize("pinned", [False, True], ids=["fixed name", "hashed name"])
def test_either_name_of_the_script_takes_its_query(page: Page, forms: Site, pinned: bool) -> None:
    name = assets.load()["challenge.js"].hashed if pinned else "challenge.js"
    page.add_init_script("window.loaded = () => told.push(['loaded', typeof tallygate.render])")
    open_form(
        page, forms, script=f"/challenge/static/{name}", query="?render=explicit&amp;onload=loaded"
    )
    until(lambda: told(page, "loaded"), lambda: page.wait_for_timeout(20), "the call")
    assert told(page, "loaded") == [["loaded", "function"]]
    page.wait_for_timeout(200)
    assert page.locator(BOX).count() == 0, "the page renders by itself"


def test_a_page_that_is_older_than_the_server_gets_the_widget_all_the_same(
    page: Page, forms: Site
) -> None:
    page.route(re.compile(r"/widget\.[0-9a-f]+\.js"), lambda route: route.fulfill(status=404))
    found = scripts(page)
    open_form(page, forms)
    await_state(page, "ready")
    assert found[:3] == ["challenge", "widget.*", "widget"]


def test_the_api_is_where_the_script_is_unless_it_says_otherwise(page: Page, forms: Site) -> None:
    for script, asked in (
        (f'{forms.url}/challenge/static/challenge.js" data-prefix="/elsewhere', "/elsewhere/v1/"),
        (f"{forms.url}/challenge/static/challenge.js", "/challenge/v1/"),
    ):
        with page.expect_request(re.compile("/v1/challenges")) as request:
            open_form(page, forms, script=script)
        assert request.value.url.startswith(f"{forms.url}{asked}")
    await_state(page, "ready")

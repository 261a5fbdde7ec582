"""What the browser tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from .drivers import CHROMIUM_FLAGS, Chromium, Driver, Firefox, WebKit, firefox, mini_browser
from .faces import Town, serve_town
from .pages import Calls, Site, serve_site
from .widgets import SECRET


# The scope ends with these tests: while Playwright runs, its thread has an event loop.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium as people have it."""
    with launched(playwright, os.environ["TALLYGATE_CHROME"]) as running:
        yield running


@pytest.fixture(scope="package")
def headless_shell(playwright: Playwright) -> Iterator[Browser]:
    """Its engine without a window, which costs a third; where there is none, Chromium."""
    shell = os.environ.get("TALLYGATE_HEADLESS_SHELL", os.environ["TALLYGATE_CHROME"])
    with launched(playwright, shell) as running:
        yield running


@contextmanager
def launched(playwright: Playwright, program: str) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
    yield running
    running.close()


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Browser:
    engine_only = request.node.get_closest_marker("engine") is not None
    found: Browser = request.getfixturevalue("headless_shell" if engine_only else "chromium")
    return found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context()
    yield fresh
    fresh.close()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="package")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, with a secret, and with keys for tests."""
    env = {"CHALLENGE_SITE_SECRET": SECRET, "CHALLENGE_ALLOW_TEST_KEYS": "true"}
    with serve_site(tmp_path_factory.mktemp("forms"), workers=1, **env) as running:
        yield running


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def calls(site: Site) -> Calls:
    return Calls(site)


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with serve_town(tmp_path_factory.mktemp("town")) as running:
        yield running


# -- the scenarios, in every engine ----------------------------------------------------------

Drive = Callable[..., Driver]
ENGINES = {"chromium": None, "firefox": firefox, "webkit": mini_browser}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--browsers")
        names = list(ENGINES) if chosen == "all" else ["chromium"]
        marks = {"chromium": [pytest.mark.browser]}
        metafunc.parametrize("engine", [pytest.param(n, marks=marks.get(n, [])) for n in names])


@pytest.fixture
def drive(engine: str, request: pytest.FixtureRequest) -> Iterator[Drive]:
    """A function that starts a fresh profile of the engine's browser."""
    find = ENGINES[engine]
    if find is not None and find() is None:
        pytest.skip(f"no {engine} here: ./run test --browsers all says how to get it")
    started: list[Driver] = []

    def start(*, scripts: bool = True) -> Driver:
        if engine == "chromium":
            started.append(Chromium(request.getfixturevalue("browser"), scripts=scripts))
        else:
            started.append({"firefox": Firefox, "webkit": WebKit}[engine](scripts=scripts))
        return started[-1]

    yield start
    for driver in started:
        driver.close()

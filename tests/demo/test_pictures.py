"""What a browser shows: the scraper's page on narrow screens, and the pictures for the docs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from bench._chromium import chromium
from bench._site import Site
from bench.scrape import demo
from demo import screenshots
from demo.screenshots import LOOKS, SCENES, take

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(os.environ["TALLYGATE_CHROME"]) as running:
        yield running


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with demo(9, {"CHALLENGE_PRICE_MS": "20"}) as running:
        yield Site(running.port, "127.0.0.1")


@pytest.mark.parametrize("width", [320, 360])
def test_the_scrapers_page_needs_no_sideways_scroll(
    browser: Browser, site: Site, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(f"http://127.0.0.1:{site.port}/scraper")
    assert page.locator("svg[role=img] polyline").count() == 3
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= width
    # Control: the check sees what sticks out.
    page.evaluate("document.querySelector('h1').style.width = '500px'")
    assert page.evaluate(wide) > width
    page.close()


def test_pictures_are_small_and_of_every_look(
    browser: Browser, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {name: SCENES[name] for name in ("home", "interstitial")}
    monkeypatch.setattr(screenshots, "SCENES", chosen)
    url = f"http://127.0.0.1:{site.port}"
    take(browser, url, "nobody", tmp_path)
    names = {f"{scene}-{look}.png" for scene in chosen for look in LOOKS}
    assert {file.name for file in tmp_path.iterdir()} == names
    sizes = {}
    for file in tmp_path.iterdir():
        with Image.open(file) as picture:
            sizes[file.stem] = picture.size
            assert picture.mode == "P"
        assert file.stat().st_size < 60 * 1024
    assert sizes["home-light"] == sizes["home-dark"] == (1280, 800)
    assert sizes["home-phone"] == (780, 1688)
    light, dark = (tmp_path / f"home-{look}.png" for look in ("light", "dark"))
    assert light.read_bytes() != dark.read_bytes()

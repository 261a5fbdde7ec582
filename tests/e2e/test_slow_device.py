"""A device for which the work is much: made here of a fast one and of very much work."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from .pages import PERSONAL, Calls, Site, clearance, serve_site

pytestmark = pytest.mark.browser

#: for five units: more than any machine that runs tests does in five seconds, and of one more
#: than it does in four
MUCH_MS = "60000"
FIRST_SALE = 5
LIVE = "[data-challenge-live]"
#: what the page said while it worked; it is gone afterwards
SAID = """addEventListener('DOMContentLoaded', () => {
    const live = document.querySelector('[data-challenge-live]');
    if (live) new MutationObserver(() => said(live.textContent))
        .observe(live, { childList: true, characterData: true, subtree: true });
})"""


@pytest.fixture(scope="module")
def demanding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("demanding")
    with serve_site(folder, workers=1, CHALLENGE_PRICE_MS=MUCH_MS) as running:
        yield running


@pytest.mark.timeout(150)
def test_it_buys_fewer_units_and_is_told_how_long_it_takes(
    context: BrowserContext, demanding: Site
) -> None:
    calls = Calls(demanding)
    said: list[str] = []
    asked: list[dict[str, object]] = []
    page = context.new_page()
    page.expose_function("said", lambda text: said.append(text))
    page.add_init_script(SAID)
    page.on(
        "request",
        lambda r: asked.append(json.loads(r.post_data or "")) if "v1/challenges" in r.url else None,
    )
    page.goto(demanding.profiles[0])
    page.wait_for_selector(PERSONAL, timeout=120_000)
    assert "most" not in asked[0]
    assert asked[1] == asked[0] | {"most": asked[1]["most"]}
    assert 1 <= clearance(context)["budget"] == asked[1]["most"] < FIRST_SALE
    assert [call["status"] for call in calls.redeems] == [201]
    assert any("a little longer on this device" in text for text in said), said

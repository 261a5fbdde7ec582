"""What a first visit adds to a page: `./run bench first-page`.

Fifty fresh visitors to the demo in headless Chromium, one after the other. What a visit adds is the
time to the profile's details less that of the same visitor's next profile, which asks for nothing.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from tests.serving import serve

from ._chromium import chromium
from ._report import Figure, aimed, publish
from ._site import Site, handles_of
from .face import PERSONAL, fresh

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VISITS = 50
REACH_MS, FLOOR_MS = 300, 500
PROFILES = 5


#: The page itself tells when the visit began and when its details came: what drives the browser
#: hears of either some time later.
SHOWN = """
const begun = Number(sessionStorage.begun || (sessionStorage.begun = performance.timeOrigin));
new MutationObserver((_, watching) => {
    if (!document.querySelector("[data-personal]")) return;
    watching.disconnect();
    window.waitedMs = performance.timeOrigin + performance.now() - begun;
    delete sessionStorage.begun;
}).observe(document, { childList: true, subtree: true });
"""


def wait_for(page: Page, url: str) -> float:
    """Milliseconds until a profile's details are there."""
    page.goto(url, wait_until="commit")
    page.wait_for_selector(PERSONAL, state="attached", timeout=60_000)
    page.wait_for_load_state("load")
    return float(page.evaluate("waitedMs"))


def visits(browser: Browser, urls: list[str]) -> Iterator[tuple[float, float]]:
    """What visitors waited whom the site has never seen, and for a later profile.

    Milliseconds; each has an empty cache at first.
    """
    for _ in range(VISITS):
        context = browser.new_context()
        context.add_init_script(SHOWN)
        page = context.new_page()
        first, *later = [wait_for(page, url) for url in urls]
        yield first, median(later)
        context.close()


def carried(browser: Browser, url: str) -> tuple[int, int]:
    """Requests and bytes of a first visit, headers too."""
    with fresh(browser) as (page, sizes):
        page.goto(url, wait_until="commit")
        page.wait_for_selector(PERSONAL, state="attached", timeout=60_000)
        page.wait_for_load_state("networkidle")
        return len(sizes), int(sum(sizes.values()))


def figures(browser: Browser, urls: list[str]) -> Iterator[Figure]:
    """All of them."""
    found = list(visits(browser, urls))
    added = [first - later for first, later in found]
    note = f"median of {len(found)} first visits, {os.cpu_count()} cores"
    yield aimed(
        "solver.first_page_ms", median(added), "ms", reach=REACH_MS, floor=FLOOR_MS, note=note
    )
    yield Figure("solver.first_page_p95_ms", quantiles(added, n=20)[-1], "ms")
    whole = median(first for first, _ in found)
    yield Figure("solver.first_page_whole_ms", whole, "ms", note="to the details, all in all")
    requests, size = carried(browser, urls[0])
    note = "with the profile, its photo and style"
    yield Figure("solver.first_page_requests", requests, "requests", note=note)
    yield Figure("solver.first_page_bytes", size, "bytes", note=f"{note}; headers too")


def main() -> None:
    """Measure and publish."""
    program = os.environ.get("TALLYGATE_CHROME") or shutil.which("chromium") or ""
    with (
        tempfile.TemporaryDirectory(prefix="tallygate-first-page-") as folder,
        serve(
            "demo.app:create_app()", Path(folder), workers=2, CHALLENGE_BAND_BURST="100000"
        ) as server,
        chromium(program) as browser,
    ):
        handles = handles_of(Site(server.port, "127.0.0.1"))[:PROFILES]
        urls = [f"{server.url}/people/{handle}" for handle in handles]
        publish("first-page", list(figures(browser, urls)))


if __name__ == "__main__":
    main()

"""What a first visit adds to a page: `./run bench first-page`.

Fifty fresh visitors to the demo in headless Chromium, one after the other. What the gate adds is
the time to the profile's details less that of a visitor who is as fresh, but brings a clearance.
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

from ._chromium import chromium, undriven
from ._report import Figure, aimed, publish
from ._site import Site, handles_of
from .face import PERSONAL, fresh

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

VISITS = 50
REACH_MS, FLOOR_MS = 300, 500


#: A script of ours in the page would cost the time that it measures.
SHOWN = """performance.timeOrigin
    + performance.getEntriesByType("navigation")[0].domInteractive"""


def wait_for(page: Page, url: str) -> float:
    """Milliseconds until a profile's details are there."""
    documents: list[Response] = []

    def answered(response: Response) -> None:
        if response.request.resource_type == "document":
            documents.append(response)

    page.on("response", answered)
    with page.expect_event("load", lambda _: documents[-1].ok, timeout=60_000):
        page.goto(url, wait_until="commit")
    return float(page.evaluate(SHOWN)) - documents[0].request.timing["startTime"]


def visits(browser: Browser, url: str) -> Iterator[tuple[float, float]]:
    """What visitors waited whom the site has never seen, and others who brought their clearance.

    Milliseconds. Both have an empty cache, and no connection yet.
    """
    for _ in range(VISITS):
        context = browser.new_context()
        waited = wait_for(context.new_page(), url)
        let_in = browser.new_context(storage_state=context.storage_state())
        yield waited, wait_for(let_in.new_page(), url)
        context.close()
        let_in.close()


def carried(browser: Browser, url: str) -> tuple[int, int]:
    """Requests and bytes of a first visit, headers too."""
    with fresh(browser) as (page, sizes):
        page.goto(url, wait_until="commit")
        page.wait_for_selector(PERSONAL, state="attached", timeout=60_000)
        page.wait_for_load_state("networkidle")
        return len(sizes), int(sum(sizes.values()))


def figures(browser: Browser, url: str) -> Iterator[Figure]:
    """All of them."""
    found = list(visits(browser, url))
    added = [first - let_in for first, let_in in found]
    note = f"median of {len(found)} first visits, {os.cpu_count()} cores"
    yield aimed(
        "solver.first_page_ms", median(added), "ms", reach=REACH_MS, floor=FLOOR_MS, note=note
    )
    yield Figure("solver.first_page_p95_ms", quantiles(added, n=20)[-1], "ms")
    whole = median(first for first, _ in found)
    yield Figure("solver.first_page_whole_ms", whole, "ms", note="to the details, all in all")
    requests, size = carried(browser, url)
    note = "with the profile, its photo and style"
    yield Figure("solver.first_page_requests", requests, "requests", note=note)
    yield Figure("solver.first_page_bytes", size, "bytes", note=f"{note}; headers too")


def main() -> None:
    """Measure and publish."""
    program = os.environ.get("TALLYGATE_CHROME") or shutil.which("chromium") or ""
    with (
        tempfile.TemporaryDirectory(prefix="tallygate-first-page-") as folder,
        serve(
            "demo.app:create_app()",
            Path(folder),
            workers=2,
            CHALLENGE_BAND_BURST="100000",
            CHALLENGE_BEHAVIOUR="true",
        ) as server,
        chromium(program, *undriven(program)) as browser,
    ):
        handle = handles_of(Site(server.port, "127.0.0.1"))[0]
        publish("first-page", list(figures(browser, f"{server.url}/people/{handle}")))


if __name__ == "__main__":
    main()

"""What a first visit adds to a page: `./run bench first-page`.

Fifty fresh visitors to the demo in headless Chromium, one after the other. What a visit adds is the
time to the profile's details less that of the same visitor's next profile, which asks for nothing.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Visit:
    """One first visit."""

    added_ms: float
    #: until the first visit's details were there
    waited_ms: float
    #: before the profile's own page
    requests: int
    size: int


def wait_for(page: Page, url: str) -> float:
    """Milliseconds until a profile's details are there."""
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(PERSONAL, state="attached", timeout=60_000)
    return (time.perf_counter() - started) * 1000


def visits(browser: Browser, urls: list[str]) -> Iterator[Visit]:
    """Each of a visitor that the site has never seen, with an empty cache."""
    for _ in range(VISITS):
        with fresh(browser) as (page, sizes):
            waited = wait_for(page, urls[0])
            page.wait_for_load_state("networkidle")
            requests, size = len(sizes), sum(sizes.values())
            later = median(wait_for(page, url) for url in urls[1:])
            yield Visit(waited - later, waited, requests, int(size))


def figures(found: list[Visit]) -> Iterator[Figure]:
    """Of all visits together."""
    added = [visit.added_ms for visit in found]
    note = f"median of {len(found)} first visits, {os.cpu_count()} cores"
    yield aimed(
        "solver.first_page_ms", median(added), "ms", reach=REACH_MS, floor=FLOOR_MS, note=note
    )
    yield Figure("solver.first_page_p95_ms", quantiles(added, n=20)[-1], "ms")
    waited = median(visit.waited_ms for visit in found)
    yield Figure("solver.first_page_whole_ms", waited, "ms", note="to the details, all in all")
    requests = median(visit.requests for visit in found)
    yield Figure("solver.first_page_requests", requests, "requests", note="with the profile itself")
    size = median(visit.size for visit in found)
    yield Figure(
        "solver.first_page_bytes", size, "bytes", note="with the profile itself, headers too"
    )


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
        publish("first-page", list(figures(list(visits(browser, urls)))))


if __name__ == "__main__":
    main()

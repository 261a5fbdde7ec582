"""What a visitor's browser waits for and carries: `./run bench face`.

Headless Chromium against the demo with its default settings. Times are medians of several loads in
fresh contexts; paints are first contentful paints at a sixth of the machine's speed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.serving import serve

from ._chromium import chromium
from ._report import Figure, publish
from ._site import Site, handles_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOADS = 7
THROTTLE = 6
PAINT_REACH_MS = 1000
PERSONAL = "[data-personal]"
PAINT = """new Promise(resolve => new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries())
        if (name === 'first-contentful-paint') resolve(startTime);
}).observe({ type: 'paint', buffered: true }))"""


@contextmanager
def fresh(browser: Browser, *, slow: bool = False) -> Iterator[tuple[Page, dict[str, int]]]:
    """A page of a new visitor, and the encoded bytes of what it gets by request, headers included.

    What comes out of the browser's cache is no request.
    """
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: dict[str, int] = {}

    def finished(event: dict[str, Any]) -> None:
        if event["encodedDataLength"]:
            sizes[event["requestId"]] = event["encodedDataLength"]

    def sent(event: dict[str, Any]) -> None:
        if moved := event.get("redirectResponse"):
            sizes[f"{event['requestId']} {moved['url']}"] = moved["encodedDataLength"]

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    if slow:
        session.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    yield page, sizes
    context.close()


def first_visits(browser: Browser, url: str) -> Iterator[tuple[float, int, int]]:
    """Milliseconds to a profile's details, requests and bytes, of visitors who come to it first."""
    for _ in range(LOADS):
        with fresh(browser) as (page, sizes):
            started = time.monotonic()
            page.goto(url, wait_until="commit")
            page.wait_for_selector(PERSONAL, state="attached", timeout=60_000)
            waited = (time.monotonic() - started) * 1000
            page.wait_for_load_state("networkidle")
            yield waited, len(sizes), int(sum(sizes.values()))


def paints(browser: Browser, url: str, *, admitted: bool) -> Iterator[float]:
    """First contentful paints, in milliseconds, on a slow machine with an empty cache."""
    for _ in range(LOADS):
        with fresh(browser, slow=True) as (page, _):
            if admitted:
                page.goto(url)
                page.wait_for_selector(PERSONAL, timeout=120_000)
            page.goto(url)
            yield float(page.evaluate(PAINT))


def figures(browser: Browser, home: str, profile: str) -> Iterator[Figure]:
    """All of them."""
    waits, requests, sizes = zip(*first_visits(browser, profile), strict=True)
    note = f"median of {LOADS} fresh visitors"
    yield Figure("face.first_visit_ms", median(waits), "ms", note=f"to the details; {note}")
    whole = "interstitial and profile with photo, style sheets and icon"
    yield Figure("face.first_visit_requests", median(requests), "requests", note=whole)
    yield Figure("face.first_visit_bytes", median(sizes), "bytes", note="with headers")
    with fresh(browser) as (page, carried):
        page.goto(home)
        page.wait_for_load_state("networkidle")
        yield Figure("face.home_requests", len(carried), "requests")
        yield Figure("face.home_bytes", sum(carried.values()), "bytes", note="with headers")
    for name, url, admitted in (("home", home, False), ("profile", profile, True)):
        at = median(paints(browser, url, admitted=admitted))
        note = f"first contentful paint at {THROTTLE}x CPU throttle"
        note += ", clearance held" if admitted else ", nothing cached"
        ok = at <= PAINT_REACH_MS
        yield Figure(f"face.{name}_paint_ms_6x", at, "ms", PAINT_REACH_MS, ok, note)


def main() -> None:
    """Measure and publish."""
    program = os.environ.get("TALLYGATE_CHROME") or shutil.which("chromium") or ""
    with (
        tempfile.TemporaryDirectory(prefix="tallygate-face-") as folder,
        serve("demo.app:create_app()", Path(folder), workers=2) as server,
        chromium(program) as browser,
    ):
        handle = handles_of(Site(server.port, "127.0.0.1"))[0]
        publish("face", list(figures(browser, f"{server.url}/", f"{server.url}/people/{handle}")))


if __name__ == "__main__":
    main()

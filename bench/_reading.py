"""A person who reads on, in headless Chromium: one profile after the other, and each one's wait."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._chromium import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

PROFILES = 12
PACE_S = 4.0
PERSONAL = "[data-personal]"
PATIENCE_MS = 60_000


@dataclass
class Reading:
    """Milliseconds from navigating to a profile to its personal details, in order."""

    waits_ms: list[float] = field(default_factory=list)
    #: the same for a profile that was opened before, which costs nothing
    revisit_ms: float | None = None
    #: why there is nothing, or not all
    lacking: str = ""


def read(
    url: str,
    handles: list[str],
    program: str,
    start: threading.Event,
    over: threading.Event,
) -> Reading:
    """From the start on open twelve profiles, one each four seconds; then the first once more.

    :param over: no further profile is opened once it is set.
    """
    from playwright.sync_api import Error

    reading = Reading()
    chosen = handles[:: max(1, len(handles) // PROFILES)][:PROFILES]
    try:
        with chromium(program) as browser:
            page = browser.new_page()
            page.goto(url)
            start.wait()
            for handle in chosen:
                due = time.monotonic() + PACE_S
                reading.waits_ms.append(_wait_ms(page, f"{url}/people/{handle}"))
                if over.wait(max(0.0, due - time.monotonic())):
                    break
            reading.revisit_ms = _wait_ms(page, f"{url}/people/{chosen[0]}")
    except Error as error:
        reading.lacking = str(error).partition("\n")[0]
    return reading


def _wait_ms(page: Page, url: str) -> float:
    started = time.monotonic()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(PERSONAL, timeout=PATIENCE_MS, state="attached")
    return (time.monotonic() - started) * 1000

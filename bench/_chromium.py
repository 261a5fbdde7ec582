"""A headless Chromium that talks to nobody but the demo."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def undriven(program: str) -> tuple[str, str]:
    """Flags with which it does not say that a program drives it, which would have a price."""
    told = subprocess.run([program, "--version"], capture_output=True, check=True, text=True)
    version = re.search(r"[0-9]+", told.stdout)
    major = version[0] if version else "0"
    return (
        "--disable-blink-features=AutomationControlled",
        f"--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        f" Chrome/{major}.0.0.0 Safari/537.36",
    )


@contextmanager
def chromium(program: str, *more: str) -> Iterator[Browser]:
    """The browser, until the block ends.

    :param more: flags besides `FLAGS`.
    :raises playwright.sync_api.Error: if it does not start.
    """
    # Only who wants a browser needs Playwright.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *more])
        try:
            yield browser
        finally:
            browser.close()

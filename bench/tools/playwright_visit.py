"""The visit with Playwright, plain or not."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

PATIENCE_MS = 60_000


def visit(new_page: Callable[[Browser], Page]) -> None:
    """Carry out the plan in the arguments."""
    plan = json.loads(sys.argv[1])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=plan["chromium"], headless=plan["headless"], args=plan["args"]
        )
        page = new_page(browser)
        page.set_default_timeout(PATIENCE_MS)
        look_around(page, plan)
        page.goto(plan["last"])
        page.wait_for_selector("[data-verdict]")
        browser.close()


def look_around(page: Page, plan: dict[str, Any]) -> None:
    """Search, and open one profile after the other."""
    page.goto(plan["home"])
    if plan["clicks"]:
        page.locator("#q").press_sequentially(plan["query"])
        page.locator("#q").press("Enter")
    for handle in plan["people"]:
        if plan["clicks"]:
            page.click(f'a[href="/people/{handle}"]')
        else:
            page.goto(f"{plan['home']}people/{handle}")
        page.wait_for_selector(f'a[href="/cards/{handle}"]')
        time.sleep(plan["read_s"])

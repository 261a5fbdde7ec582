"""pyppeteer."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from pyppeteer import launch
from pyppeteer.errors import NetworkError
from pyppeteer.page import Page

PATIENCE = {"timeout": 60_000}


async def wait_for(page: Page, selector: str) -> None:
    """Wait until there is such an element, whichever pages come and go meanwhile."""
    while True:
        try:
            await page.waitForSelector(selector, PATIENCE)
            return
        except NetworkError:
            await asyncio.sleep(0.1)


async def look_around(page: Page, plan: dict[str, Any]) -> None:
    """Search, and open one profile after the other."""
    await page.goto(plan["home"])
    if plan["clicks"]:
        await page.type("#q", plan["query"])
        await page.keyboard.press("Enter")
    for handle in plan["people"]:
        if plan["clicks"]:
            await wait_for(page, f'a[href="/people/{handle}"]')
            await page.click(f'a[href="/people/{handle}"]')
        else:
            await page.goto(f"{plan['home']}people/{handle}")
        await wait_for(page, f'a[href="/cards/{handle}"]')
        await asyncio.sleep(plan["read_s"])


async def visit() -> None:
    """Carry out the plan in the arguments."""
    plan = json.loads(sys.argv[1])
    browser = await launch(
        executablePath=plan["chromium"], headless=plan["headless"], args=plan["args"]
    )
    page = await browser.newPage()
    await look_around(page, plan)
    await page.goto(plan["last"])
    await wait_for(page, "[data-verdict]")
    await browser.close()


asyncio.run(visit())

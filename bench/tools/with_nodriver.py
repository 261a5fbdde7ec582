"""nodriver."""

from __future__ import annotations

import json
import sys
from typing import Any

import nodriver
from nodriver import Element, Tab
from nodriver.core.connection import ProtocolException

PATIENCE_S = 60


async def found(tab: Tab, selector: str) -> Element:
    """The first such element, whichever pages come and go meanwhile."""
    while True:
        try:
            if (element := await tab.select(selector, PATIENCE_S)) is not None:
                return element
        except ProtocolException:
            pass
        await tab.sleep(0.1)


async def look_around(tab: Tab, plan: dict[str, Any]) -> None:
    """Search, and open one profile after the other."""
    if plan["clicks"]:
        field = await found(tab, "#q")
        # What its documentation advises for Enter.
        await field.send_keys(f"{plan['query']}\r\n")
    for handle in plan["people"]:
        if plan["clicks"]:
            link = await found(tab, f'a[href="/people/{handle}"]')
            await link.click()
        else:
            await tab.get(f"{plan['home']}people/{handle}")
        await found(tab, f'a[href="/cards/{handle}"]')
        await tab.sleep(plan["read_s"])


async def visit() -> None:
    """Carry out the plan in the arguments."""
    plan = json.loads(sys.argv[1])
    browser = await nodriver.start(
        browser_executable_path=plan["chromium"],
        headless=plan["headless"],
        browser_args=plan["args"],
        sandbox=False,
    )
    tab = await browser.get(plan["home"])
    await look_around(tab, plan)
    await tab.get(plan["last"])
    await found(tab, "[data-verdict]")
    browser.stop()


nodriver.loop().run_until_complete(visit())

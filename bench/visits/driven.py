"""The same desk with a program at it: Playwright does what hands and eyes did."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .desk import Desk
from .motion import Box, Step

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

KEYS = {"Return": "Enter", "space": " ", "Next": "PageDown", "Down": "ArrowDown"}
NOTCH = 100


class DrivenDesk(Desk):
    """A page of Playwright's; things are where they are in its window."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def _named(self, name: str) -> Locator:
        link = self._page.get_by_role("link", name=name, exact=True)
        return link.or_(self._page.get_by_role("searchbox", name=name, exact=True)).first

    def find(self, name: str) -> Box | None:
        named = self._named(name)
        box = named.bounding_box() if named.count() else None
        return box and Box(*(round(box[side]) for side in ("x", "y", "width", "height")))

    def window(self) -> Box:
        size = self._page.viewport_size
        assert size is not None
        return Box(0, 0, size["width"], size["height"])

    def is_focused(self, name: str) -> bool:
        named = self._named(name)
        return bool(named.count() and named.evaluate("e => e === document.activeElement"))

    def move(self, steps: Sequence[Step]) -> None:
        for step in steps:
            time.sleep(step.wait_s)
            self._page.mouse.move(step.x, step.y)

    def click(self, held_s: float) -> None:
        self._page.mouse.down()
        time.sleep(held_s)
        self._page.mouse.up()

    def turn(self, notches: int) -> None:
        for _ in range(abs(notches)):
            self._page.mouse.wheel(0, NOTCH if notches > 0 else -NOTCH)
            time.sleep(0.09)

    def key(self, key: str, held_s: float) -> None:
        self._page.keyboard.press(KEYS.get(key, key), delay=held_s * 1000)

    def focus(self, name: str) -> None:
        self._named(name).focus()

    def follow(self, name: str) -> None:
        self._named(name).click()

    def touch(self, steps: Sequence[Step]) -> None:
        session = self._page.context.new_cdp_session(self._page)
        for at, step in enumerate(steps):
            time.sleep(step.wait_s)
            kind = "touchMove" if at else "touchStart"
            points = [{"x": step.x, "y": step.y}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        session.detach()

    def enlarge(self) -> None:
        """Its window and its pixels are as if zoomed from the beginning."""


@contextmanager
def driven_desk(
    url: str, chromium: str, context: Mapping[str, Any], *, slowness: float = 1
) -> Iterator[DrivenDesk]:
    """A headless Chromium of Playwright's with this page open.

    :param context: what Playwright's `new_context` is told.
    """
    # Only who wants a driven browser needs Playwright.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(**context).new_page()
        if slowness > 1:
            session = page.context.new_cdp_session(page)
            session.send("Emulation.setCPUThrottlingRate", {"rate": slowness})
        page.goto(url)
        try:
            yield DrivenDesk(page)
        finally:
            browser.close()

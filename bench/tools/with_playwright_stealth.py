"""Playwright with playwright-stealth."""

from playwright.sync_api import Browser, Page
from playwright_stealth import Stealth
from playwright_visit import visit


def new_page(browser: Browser) -> Page:
    """A page with everything that the plugin does of itself."""
    page = browser.new_page()
    Stealth().apply_stealth_sync(page)
    return page


visit(new_page)

"""Playwright."""

from playwright_visit import visit

visit(lambda browser: browser.new_page())

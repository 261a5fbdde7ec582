"""The visit with Selenium's drivers, plain or not."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE_S = 60


def plan() -> dict[str, Any]:
    """What is asked for in the arguments."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    return asked


def options(asked: dict[str, Any], fresh: ChromeOptions) -> ChromeOptions:
    """The browser's, in the options' own class."""
    fresh.binary_location = asked["chromium"]
    for argument in asked["args"]:
        fresh.add_argument(argument)
    if asked["headless"]:
        fresh.add_argument("--headless=new")
    return fresh


def visit(driver: Chrome, asked: dict[str, Any]) -> None:
    """Search, open one profile after the other, and end the browser."""
    try:
        driver.get(asked["home"])
        if asked["clicks"]:
            driver.find_element(By.ID, "q").send_keys(asked["query"], Keys.ENTER)
        for handle in asked["people"]:
            if asked["clicks"]:
                wait_for(driver, f'a[href="/people/{handle}"]')
                driver.find_element(By.CSS_SELECTOR, f'a[href="/people/{handle}"]').click()
            else:
                driver.get(f"{asked['home']}people/{handle}")
            wait_for(driver, f'a[href="/cards/{handle}"]')
            time.sleep(asked["read_s"])
        driver.get(asked["last"])
        wait_for(driver, "[data-verdict]")
    finally:
        driver.quit()


def wait_for(driver: Chrome, selector: str) -> None:
    """Wait until the page has such an element."""
    WebDriverWait(driver, PATIENCE_S).until(
        presence_of_element_located((By.CSS_SELECTOR, selector))
    )

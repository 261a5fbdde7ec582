"""Selenium with selenium-stealth, as its own page shows it."""

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium_stealth import stealth
from selenium_visit import options, plan, visit

asked = plan()
shown = options(asked, ChromeOptions())
shown.add_experimental_option("excludeSwitches", ["enable-automation"])
shown.add_experimental_option("useAutomationExtension", False)
driver = Chrome(shown, Service(asked["driver"]))
stealth(
    driver,
    languages=["en-US", "en"],
    vendor="Google Inc.",
    platform="Win32",
    webgl_vendor="Intel Inc.",
    renderer="Intel Iris OpenGL Engine",
    fix_hairline=True,
)
visit(driver, asked)

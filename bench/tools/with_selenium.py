"""Selenium."""

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium_visit import options, plan, visit

asked = plan()
visit(Chrome(options(asked, ChromeOptions()), Service(asked["driver"])), asked)

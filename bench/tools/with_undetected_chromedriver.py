"""undetected-chromedriver."""

import shutil
import tempfile
from pathlib import Path

from selenium_visit import options, plan, visit
from undetected_chromedriver import Chrome, ChromeOptions

asked = plan()
with tempfile.TemporaryDirectory() as folder:
    # It patches the driver that it is given, where that lies.
    driver = shutil.copy(asked["driver"], Path(folder) / "chromedriver")
    visit(
        Chrome(
            options(asked, ChromeOptions()),
            driver_executable_path=str(driver),
            browser_executable_path=asked["chromium"],
            headless=asked["headless"],
        ),
        asked,
    )

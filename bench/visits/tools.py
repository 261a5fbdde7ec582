"""The automation tools, and a visit with one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.screens import screen

from .installed import SCRIPTS, botd, node_folder, python_with
from .processes import MARK, end_marked
from .route import route
from .watched import Told, watched

READ_S = 1.0
PATIENCE_S = 240
#: Chromium has no sandbox for root.
ARGS = ["--no-sandbox"]


@dataclass(frozen=True)
class Tool:
    """A tool, its script in bench/tools, and what that needs from PyPI; nothing if it is Node's."""

    name: str
    script: str
    packages: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """What starts the script, installed if need be."""
        program = str(python_with(self.packages)) if self.packages else shutil.which("node")
        return [program or "node", str(SCRIPTS / self.script)]


_SELENIUM = "selenium==4.51.0"

TOOLS = (
    Tool("playwright", "with_playwright.py", ("playwright==1.65.2",)),
    Tool(
        "playwright-stealth",
        "with_playwright_stealth.py",
        ("playwright==1.65.2", "playwright-stealth==2.0.3"),
    ),
    Tool("puppeteer", "with_puppeteer.cjs"),
    Tool("pyppeteer", "with_pyppeteer.py", ("pyppeteer==2.0.0",)),
    Tool("nodriver", "with_nodriver.py", ("nodriver==0.50.99",)),
    Tool("selenium", "with_selenium.py", (_SELENIUM,)),
    Tool("selenium-stealth", "with_selenium_stealth.py", (_SELENIUM, "selenium-stealth==1.0.6")),
    Tool(
        "undetected-chromedriver",
        "with_undetected_chromedriver.py",
        # It imports distutils, which Python no longer has.
        (_SELENIUM, "undetected-chromedriver==3.5.5", "setuptools<81"),
    ),
    Tool("puppeteer with stealth", "with_puppeteer_stealth.cjs"),
)


def visit(tool: Tool, *, headless: bool, clicks: bool = True) -> Told:
    """Let a tool make the visit to a site of its own.

    :param clicks: False: the tool only opens addresses, and neither types nor clicks.
    :raises RuntimeError: if it does not come to its end.
    """
    command = tool.command()
    with watched(botd()) as site, ExitStack() as stack:
        display = None if headless else stack.enter_context(screen())
        plan = {
            "chromium": chromium(),
            "driver": shutil.which("chromedriver"),
            "args": ARGS,
            "headless": headless,
            "home": f"{site.url}/",
            "query": route().query,
            "people": [person.handle for person in route().people],
            "clicks": clicks,
            "read_s": READ_S,
            "last": f"{site.url}/bench/botd",
        }
        _run([*command, json.dumps(plan)], display)
        return site.told()


def chromium() -> str:
    """The browser that all drive.

    :raises RuntimeError: if there is none.
    """
    program = os.environ.get("TALLYGATE_CHROME") or shutil.which("chromium")
    if not program:
        raise RuntimeError("no Chromium: install it, or set TALLYGATE_CHROME")
    return program


def _run(command: list[str], display: str | None) -> None:
    """Run a script that starts a browser, and leave nothing of either."""
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with tempfile.TemporaryDirectory(prefix="tallygate-tool-", ignore_cleanup_errors=True) as home:
        env |= {"HOME": home, MARK: home, "TOOLS_NODE": str(node_folder())}
        env |= {"DISPLAY": display} if display else {}
        log = Path(home) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, env=env, stdout=file, stderr=file)
        try:
            code: int | str = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            code = "no end"
        finally:
            end_marked(home)
            process.wait()
        if code:
            raise RuntimeError(f"{Path(command[1]).name}: {code}: {log.read_text()[-2000:]}")

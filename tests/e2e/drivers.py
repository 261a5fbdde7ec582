"""Browsers behind one small interface, each by the protocol that its engine speaks itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..screens import start_screen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
FIREFOXES = ("firefox-esr", "firefox")
MINI_BROWSERS = "/usr/lib/*/webkit2gtk-4.1/MiniBrowser"
WEBKIT_DRIVER = "WebKitWebDriver"

START_S = 60
WAIT_S = 60.0


class DriverError(Exception):
    """The browser could not do it, or not now: pages come and go while we ask."""


class Driver(ABC):
    """A fresh profile of a browser. Calls are about the current tab."""

    @abstractmethod
    def open(self, url: str, *, new_tab: bool = False) -> None:
        """Begin to load a page, and do not wait for it. A new tab becomes the current one."""

    @abstractmethod
    def open_behind(self, url: str) -> None:
        """Open it in a new tab that nobody sees, which becomes the current one."""

    @abstractmethod
    def turn_to(self, tab: int) -> None:
        """Make a tab the current one, by the order in which they were opened."""

    @abstractmethod
    def has(self, selector: str) -> bool:
        """Whether the page has such an element. Works with scripts off."""

    @abstractmethod
    def evaluate(self, expression: str) -> Any:
        """What JavaScript in the page comes to; a promise is waited for."""

    @abstractmethod
    def cookies(self) -> dict[str, str]:
        """All cookies for the page, HttpOnly ones too."""

    @abstractmethod
    def back(self) -> None:
        """Go back, and do not wait for it."""

    @abstractmethod
    def close(self) -> None:
        """End the browser, or forget the profile."""

    def text(self, selector: str) -> str:
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent"))

    def until(self, check: Callable[[], object], what: str) -> None:
        """Wait until `check()` is true; that the page goes away meanwhile is no failure."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                if check():
                    return
            except DriverError as error:
                what = f"{what} ({error})" if time.monotonic() > end else what
            assert time.monotonic() < end, f"in vain: {what}"
            time.sleep(0.05)

    def wait_for(self, selector: str) -> None:
        self.until(lambda: self.has(selector), selector)


class Chromium(Driver):
    """Playwright's, over the DevTools protocol."""

    def __init__(self, browser: Browser, *, scripts: bool) -> None:
        from playwright.sync_api import Error

        self._error = Error
        self._context = browser.new_context(java_script_enabled=scripts)
        self._page = self._context.new_page()

    def open(self, url: str, *, new_tab: bool = False) -> None:
        if new_tab:
            self._page = self._context.new_page()
        self._page.goto(url, wait_until="commit")

    def open_behind(self, url: str) -> None:
        self._page = self._context.new_page()
        # To itself no page is hidden while Playwright drives it.
        self._page.add_init_script("Object.defineProperty(document, 'hidden', { value: true })")
        self._page.goto(url, wait_until="commit")

    def turn_to(self, tab: int) -> None:
        self._page = self._context.pages[tab]

    def has(self, selector: str) -> bool:
        try:
            return self._page.query_selector(selector) is not None
        except self._error as error:
            raise DriverError(str(error)) from error

    def evaluate(self, expression: str) -> Any:
        try:
            return self._page.evaluate(expression)
        except self._error as error:
            raise DriverError(str(error)) from error

    def cookies(self) -> dict[str, str]:
        return {c.get("name", ""): c.get("value", "") for c in self._context.cookies()}

    def back(self) -> None:
        self._page.go_back(wait_until="commit")

    def close(self) -> None:
        self._context.close()


FIREFOX_PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.prefetch-next": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "data:,",
}


class Firefox(Driver):
    """Firefox's own WebDriver BiDi: no geckodriver is needed."""

    def __init__(self, *, scripts: bool) -> None:
        import websocket

        self._folder = tempfile.mkdtemp(prefix="tallygate-firefox-")
        preferences = FIREFOX_PREFERENCES | {"javascript.enabled": scripts}
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in preferences.items()]
        (Path(self._folder) / "user.js").write_text("\n".join(lines))
        self._log = Path(self._folder) / "firefox.log"
        with self._log.open("wb") as log:
            command = [firefox(), "--headless", "--no-remote", "--profile", self._folder]
            self._process = subprocess.Popen(
                [*command, "--remote-debugging-port", "0"],
                env=os.environ | {"HOME": self._folder, "MOZ_CRASHREPORTER_DISABLE": "1"},
                stdout=log,
                stderr=log,
            )
        # Firefox refuses a socket with an Origin that it does not know.
        self._socket = websocket.create_connection(
            f"{self._address()}/session", timeout=WAIT_S, suppress_origin=True
        )
        self._count = 0
        self._call("session.new", capabilities={})
        [first, *_] = self._call("browsingContext.getTree")["contexts"]
        self._tabs = [first["context"]]
        self._tab = self._tabs[0]

    def _address(self) -> str:
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            found = re.search(r"BiDi listening on (ws://\S+)", self._log.read_text())
            if found:
                return found[1]
            time.sleep(0.1)
        raise DriverError(f"Firefox does not start: {self._log.read_text()}")

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") != self._count:
                continue
            if answer["type"] == "error":
                raise DriverError(f"{method}: {answer['error']}: {answer['message']}")
            result: dict[str, Any] = answer["result"]
            return result

    def open(self, url: str, *, new_tab: bool = False) -> None:
        if new_tab:
            self._new_tab()
        self._call("browsingContext.navigate", context=self._tab, url=url, wait="none")

    def open_behind(self, url: str) -> None:
        self._new_tab(background=True)
        self._call("browsingContext.navigate", context=self._tab, url=url, wait="none")

    def _new_tab(self, *, background: bool = False) -> None:
        created = self._call("browsingContext.create", type="tab", background=background)
        self._tab = created["context"]
        self._tabs.append(self._tab)

    def turn_to(self, tab: int) -> None:
        self._tab = self._tabs[tab]
        self._call("browsingContext.activate", context=self._tab)

    def has(self, selector: str) -> bool:
        found = self._call(
            "browsingContext.locateNodes",
            context=self._tab,
            locator={"type": "css", "value": selector},
            maxNodeCount=1,
        )
        return bool(found["nodes"])

    def evaluate(self, expression: str) -> Any:
        answer = self._call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._tab},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise DriverError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def cookies(self) -> dict[str, str]:
        partition = {"type": "context", "context": self._tab}
        found = self._call("storage.getCookies", partition=partition)["cookies"]
        return {cookie["name"]: cookie["value"]["value"] for cookie in found}

    def back(self) -> None:
        self._call("browsingContext.traverseHistory", context=self._tab, delta=-1)

    def close(self) -> None:
        self._socket.close()
        end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)


class WebKit(Driver):
    """WebKitGTK's MiniBrowser, over classic WebDriver, on a screen that nobody sees."""

    def __init__(self, *, scripts: bool) -> None:
        from selenium.common import WebDriverException
        from selenium.webdriver import WebKitGTK, WebKitGTKOptions
        from selenium.webdriver.webkitgtk.service import Service

        self._error = WebDriverException
        self._screen, display = start_screen()
        options = WebKitGTKOptions()
        options.binary_location = mini_browser()
        options.page_load_strategy = "none"
        options.add_argument("--automation")
        if not scripts:
            options.add_argument("--enable-javascript=FALSE")
        # As root there is no other way than without WebKit's sandbox.
        env = {"DISPLAY": display, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
        env |= {"GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1", "NO_AT_BRIDGE": "1"}
        service = Service(shutil.which(WEBKIT_DRIVER), env=os.environ | env)
        try:
            with warnings.catch_warnings():
                # Selenium's own class uses what Selenium deprecates.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._browser = WebKitGTK(options=options, service=service)
        except BaseException:
            end(self._screen)
            raise
        self._browser.set_script_timeout(WAIT_S)
        self._tabs = [self._browser.current_window_handle]

    def _try(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except self._error as error:
            raise DriverError(str(error)) from error

    def open(self, url: str, *, new_tab: bool = False) -> None:
        if new_tab:
            self._new("window")
        self._browser.get(url)

    def open_behind(self, url: str) -> None:
        self._new("tab")
        self._browser.get(url)

    def _new(self, kind: str) -> None:
        # MiniBrowser's new tabs stay hidden in the background; a new window is seen.
        self._browser.switch_to.new_window(kind)
        self._tabs.append(self._browser.current_window_handle)

    def turn_to(self, tab: int) -> None:
        self._browser.switch_to.window(self._tabs[tab])

    def has(self, selector: str) -> bool:
        return bool(self._try(lambda: self._browser.find_elements("css selector", selector)))

    def evaluate(self, expression: str) -> Any:
        script = (
            "const done = arguments[arguments.length - 1];"
            f"(async () => JSON.stringify((await ({expression})) ?? null))()"
            ".then((value) => done({value}), (error) => done({error: String(error)}))"
        )
        answer = self._try(lambda: self._browser.execute_async_script(script))
        if "error" in answer:
            raise DriverError(answer["error"])
        return json.loads(answer["value"])

    def cookies(self) -> dict[str, str]:
        return {cookie["name"]: cookie["value"] for cookie in self._browser.get_cookies()}

    def back(self) -> None:
        self._try(self._browser.back)

    def close(self) -> None:
        self._browser.quit()
        end(self._screen)


def end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    process.wait(START_S)


def firefox() -> str | None:
    """The program; None where there is none."""
    return next((path for path in map(shutil.which, FIREFOXES) if path), None)


def mini_browser() -> str | None:
    """WebKitGTK's browser, with its driver and a screen; None where one of them is missing."""
    if shutil.which(WEBKIT_DRIVER) is None or shutil.which("Xvfb") is None:
        return None
    return next(map(str, Path("/").glob(MINI_BROWSERS[1:])), None)

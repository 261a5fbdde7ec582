"""A browser as people start it, moved by what the system sends it: xdotool, and a touch screen.

Nothing is attached to it. What is on its page is seen as a screen reader sees it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

from tests.screens import screen

from .desk import Desk, wait_for
from .finger import CONFIGURATION, Finger
from .motion import Box, Step
from .processes import MARK, end_marked, slowed

WIDTH, HEIGHT = 1280, 900
#: seconds in which what was killed is gone
ENDS_S = 20
AT_SPI = Path(__file__).with_name("at_spi.py")
#: Debian's GObject is for Debian's Python.
SYSTEM_PYTHON = "/usr/bin/python3"
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--no-first-run", "--no-default-browser-check", "--password-store=basic"),
    *("--force-renderer-accessibility", f"--window-size={WIDTH},{HEIGHT}", "--window-position=0,0"),
)
XVFB = ("Xvfb", "-screen", "0", f"{WIDTH}x{HEIGHT}x24")
FIREFOX_PREFERENCES = {
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "privacy.resistFingerprinting": True,
}
ENLARGEMENTS = 8

Program = Literal["chromium", "firefox"]


class Sight:
    """What a screen reader would see, asked of a process that speaks AT-SPI."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(AT_SPI)],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, verb: str, name: str | None = None) -> Any:
        """Its answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"verb": verb, "name": name}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Look no more."""
        self._process.communicate()


class PlainDesk(Desk):
    """A browser, seen by AT-SPI and moved by xdotool or a finger."""

    def __init__(self, sight: Sight, env: Mapping[str, str], finger: Finger | None) -> None:
        self._sight, self._env, self._finger = sight, env, finger

    def find(self, name: str) -> Box | None:
        box = self._sight.ask("find", name)
        return Box(*box) if box else None

    def window(self) -> Box:
        return Box(*wait_for(lambda: self._sight.ask("window"), "a page"))

    def is_focused(self, name: str) -> bool:
        return bool(self._sight.ask("focused", name))

    def _do(self, *words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self._env, check=True)

    def move(self, steps: Sequence[Step]) -> None:
        words: list[object] = []
        for step in steps:
            words += ["sleep", f"{step.wait_s:.3f}", "mousemove", step.x, step.y]
        if words:
            self._do(*words)

    def click(self, held_s: float) -> None:
        self._do("mousedown", 1, "sleep", f"{held_s:.3f}", "mouseup", 1)

    def turn(self, notches: int) -> None:
        button = 5 if notches > 0 else 4
        words = ["click", button, "sleep", "0.09"] * abs(notches)
        self._do(*words)

    def key(self, key: str, held_s: float) -> None:
        self._do("keydown", key, "sleep", f"{held_s:.3f}", "keyup", key)

    def focus(self, name: str) -> None:
        self._sight.ask("focus", name)

    def follow(self, name: str) -> None:
        self._sight.ask("follow", name)

    def touch(self, steps: Sequence[Step]) -> None:
        assert self._finger is not None, "this screen feels no touch"
        self._finger.touch(steps)

    def enlarge(self) -> None:
        for _ in range(ENLARGEMENTS):
            self._do("key", "ctrl+plus", "sleep", "0.3")


@contextmanager
def plain_desk(
    url: str,
    chromium: str,
    *,
    program: Program = "chromium",
    flags: Sequence[str] = (),
    touchable: bool = False,
    slowness: float = 1,
) -> Iterator[PlainDesk]:
    """A browser with this page open, on a screen of its own that nobody sees.

    :param chromium: the program.
    :param program: Firefox resists fingerprinting.
    :param flags: more for Chromium.
    :param touchable: with a touch screen, for which one must be root.
    :param slowness: how many times slower the browser runs.
    """
    with ExitStack() as stack:
        name = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="tallygate-desk-", ignore_cleanup_errors=True)
        )
        home = Path(name)
        server = _with_touch(home) if touchable else XVFB
        display = stack.enter_context(screen(server))
        started: list[subprocess.Popen[Any]] = []
        # Once they are ended.
        stack.callback(lambda: [process.wait(ENDS_S) for process in started])
        stack.callback(end_marked, name)
        env = _surroundings(home, display, started)
        started.append(_start(["openbox", "--sm-disable"], env))
        browser = _browser(program, chromium, flags, home)
        process = _start([*browser, url], env)
        started.append(process)
        if slowness > 1:
            stack.enter_context(slowed(process.pid, slowness))
        sight = Sight(env)
        stack.callback(sight.close)
        finger = Finger(home / "finger", WIDTH, HEIGHT) if touchable else None
        if finger is not None:
            stack.callback(finger.close)
        yield PlainDesk(sight, env, finger)


def _with_touch(home: Path) -> list[str]:
    """An X server that has a touch screen."""
    configuration = home / "xorg.conf"
    configuration.write_text(CONFIGURATION.format(folder=home, width=WIDTH, height=HEIGHT))
    log = str(home / "xorg.log")
    return ["Xorg", "-config", str(configuration), "-logfile", log, "-noreset"]


def _surroundings(home: Path, display: str, started: list[subprocess.Popen[Any]]) -> dict[str, str]:
    """The environment of what runs on a screen, with a message bus of its own."""
    env = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}
    env |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "DISPLAY": display, MARK: str(home)}
    # Chromium and Firefox each want to be told that somebody will ask.
    env |= {"ACCESSIBILITY_ENABLED": "1", "GNOME_ACCESSIBILITY": "1"}
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    bus = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    started.append(bus)
    assert bus.stdout is not None
    with bus.stdout:
        return env | {"DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip()}


def _browser(program: Program, chromium: str, flags: Sequence[str], home: Path) -> list[str]:
    profile = home / "profile"
    if program == "chromium":
        return [chromium, *CHROMIUM_FLAGS, *flags, f"--user-data-dir={profile}"]
    profile.mkdir()
    lines = [
        f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in FIREFOX_PREFERENCES.items()
    ]
    (profile / "user.js").write_text("\n".join(lines))
    size = ["--width", str(WIDTH), "--height", str(HEIGHT)]
    return ["firefox-esr", "--no-remote", "--profile", str(profile), *size]


def _start(command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=env, stdout=quiet, stderr=quiet)

"""A text browser without scripts opens a profile by waiting."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import time
from pathlib import Path

import pytest

from challenge.tally.waiting import WAIT as WAIT_S
from demo.app import PEOPLE, SEED
from demo.town import members

from .demo.reading import told
from .e2e.pages import serve_site

pytestmark = pytest.mark.skipif(shutil.which("lynx") is None, reason="no lynx on PATH")

MEMBER = members(SEED, PEOPLE)[0]
CODES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|[\x0e\x0f]")


class Lynx:
    """lynx in a terminal of its own."""

    def __init__(self, url: str) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="vt100", LINES="60", COLUMNS="120", LANG="C.UTF-8")
            os.execvp("lynx", ["lynx", "-accept_all_cookies", "-nopause", url])

    def shows(self, text: str, seconds: float = 20) -> str:
        """What has come onto the screen since the last call, once this text is among it."""
        end, seen = time.monotonic() + seconds, b""
        while time.monotonic() < end:
            ready, _, _ = select.select([self._terminal], [], [], 0.2)
            seen += os.read(self._terminal, 65_536) if ready else b""
            if text in (plain := CODES.sub(b"", seen).decode("utf-8", "replace")):
                return plain
        raise AssertionError(f"{text!r} did not come: {CODES.sub(b'', seen)!r}")

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def close(self) -> None:
        os.close(self._terminal)
        os.waitpid(self.pid, 0)


def test_lynx_opens_a_profile_by_waiting(tmp_path: Path) -> None:
    with serve_site(tmp_path, workers=1) as site:
        lynx = Lynx(f"{site.url}/people/{MEMBER.handle}")
        try:
            lynx.shows("You can wait instead")
            lynx.press("\r")
            lynx.shows(f"opens in {WAIT_S} seconds")
            site.let_pass(WAIT_S + 0.5)
            lynx.press("\r")
            lynx.shows("Open the page")
            lynx.press("\r")
            profile = lynx.shows(MEMBER.phone)
        finally:
            lynx.close()
        assert MEMBER.email in told(profile, MEMBER.personal)


def test_control_before_its_time_the_page_stays_shut(tmp_path: Path) -> None:
    with serve_site(tmp_path, workers=1) as site:
        lynx = Lynx(f"{site.url}/people/{MEMBER.handle}")
        try:
            lynx.shows("You can wait instead")
            lynx.press("\r")
            lynx.shows("to go back")
            lynx.press("\r")
            shown = lynx.shows("429")
        finally:
            lynx.close()
        assert "Open the page" not in shown

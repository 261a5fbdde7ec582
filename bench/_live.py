"""How a run stands, while it runs."""

from __future__ import annotations

import sys
import time

from demo.scraping import NAMES

from ._runs import Run


class Live:
    """Says how a run stands: one line that is rewritten, or a new line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._every = 0.1 if self._terminal else 10.0
        self._told = time.monotonic()
        self._started: dict[str, float] = {}

    def __call__(self, name: str, pages: int, wait_s: float) -> None:
        """:param wait_s: seconds until the scraper may go on; up to 0 if it need not wait."""
        now = time.monotonic()
        elapsed = now - self._started.setdefault(name, now)
        if now - self._told < self._every:
            return
        self._told = now
        rate = pages * 60 / max(elapsed, 1)
        line = f"{NAMES[name]}: {elapsed:.0f} s, {pages:,} pages, {rate:,.0f} per minute"
        if wait_s > 0:
            until = time.strftime("%H:%M:%S", time.localtime(time.time() + wait_s))
            line += f", waiting for the band until {until}"
        print(f"\r{line:<78}" if self._terminal else line, end=self._end, flush=True)

    @property
    def _end(self) -> str:
        return "" if self._terminal else "\n"

    def done(self, run: Run) -> None:
        """Say what a run came to, and begin a new line."""
        start = "\r" if self._terminal else ""
        line = f"{NAMES[run.name]}: {len(run.taken):,} pages in {run.seconds:.1f} s"
        print(f"{start}{line:<78}".rstrip(" "), flush=True)
        self._told = time.monotonic()

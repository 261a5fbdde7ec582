"""Hashes a second of solvers in a headless browser that has one core."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._chromium import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE = Path(__file__).parent / "solver"
#: until the browser has its best code for a loop
WARM_MS = 400
RUN_MS = 700
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@contextmanager
def one_core() -> Iterator[bool]:
    """What is started in the block has one core for itself and its children.

    False where the system has no such thing.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, before)


def install_peers() -> None:
    """The other projects' packages, as the lock file has them; once."""
    lock = (HERE / "package-lock.json").read_bytes()
    stamp, mark = HERE / "node_modules" / ".installed", hashlib.sha256(lock).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return
    npm = shutil.which("npm") or "npm"
    command = [npm, "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([*command, "--loglevel=error"], cwd=HERE, check=True)
    stamp.write_text(mark)


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and tells nobody."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder, until the block ends."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class Solvers:
    """Solvers in a page, each in one worker when it is its turn."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.names: list[str] = page.evaluate("bench.start('', 0)")

    def rate(self, name: str) -> float:
        """Hashes a second: of processor time of the whole browser, or by the clock.

        The clock counts what else runs on the core; the system may not tell the other.
        """
        self.warm(name)
        before = processor_seconds()
        told: dict[str, float] = self._page.evaluate(f"bench.run({RUN_MS})")
        took = (processor_seconds() - before) or told["ms"] / 1000
        return told["hashes"] / took

    def solve(self, name: str, puzzles: Sequence[dict[str, Any]]) -> list[float]:
        """Milliseconds by the clock that each puzzle takes one of our engines."""
        self.warm(name)
        waits: list[float] = self._page.evaluate("bench.solve", list(puzzles))
        return waits

    def warm(self, name: str) -> None:
        """Start a solver."""
        self._page.evaluate(f"bench.start('{name}', {WARM_MS})")


@contextmanager
def solvers(program: str, folder: Path) -> Iterator[Solvers]:
    """All solvers, in a page that is made in a folder."""
    install_peers()
    bundle = ["node", str(HERE / "bundle.mjs"), str(folder)]
    subprocess.run(bundle, check=True)
    with ExitStack() as stack:
        url = stack.enter_context(served(folder))
        with one_core():
            browser = stack.enter_context(chromium(program))
        page = browser.new_page()
        page.goto(url)
        yield Solvers(page)


def processor_seconds() -> float:
    """What all children of this process have used, and their children; 0 if that is not told."""
    if not Path("/proc/self/stat").exists():
        return 0
    used: dict[int, tuple[int, int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used[int(stat.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    ours, more = {os.getpid()}, True
    while more:
        found = {pid for pid, (parent, _) in used.items() if parent in ours} - ours
        ours, more = ours | found, bool(found)
    return sum(used[pid][1] for pid in ours - {os.getpid()}) / TICKS

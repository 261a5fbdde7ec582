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
RUN_MS = 800
#: A browser makes its best code while it runs. It has it when a run is hardly faster than before.
WARM_RUNS = (6, 20)
HARDLY = 1.05
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
    """Solvers in a page, each in a worker of its own. Only one runs at a time."""

    def __init__(self, page: Page) -> None:
        self._page = page
        #: the browser's
        self.version = page.context.browser.version if page.context.browser else ""
        names: dict[str, list[str]] = page.evaluate("bench.names()")
        #: our engines that the browser can run, the best first
        self.ours = names["ours"]
        #: these, and what they are compared with
        self.all = names["all"]

    def rate(self, name: str) -> float:
        """Hashes a second: of processor time of the whole browser, or by the clock.

        The clock counts what else runs on the core too; not every system tells the other.
        """
        before = processor_seconds()
        told: dict[str, float] = self._page.evaluate("bench.run", [name, RUN_MS])
        took = (processor_seconds() - before) or told["ms"] / 1000
        return told["hashes"] / took

    def warm(self, name: str) -> None:
        """Run a solver until it is as fast as it gets."""
        best = 0.0
        fewest, most = WARM_RUNS
        for run in range(most):
            before, best = best, max(best, self.rate(name))
            if run >= fewest and best <= before * HARDLY:
                return

    def solve(self, name: str, puzzles: Sequence[dict[str, Any]]) -> list[float]:
        """Milliseconds by the clock that each puzzle takes one of our engines."""
        waits: list[float] = self._page.evaluate("bench.solve", [name, list(puzzles)])
        return waits


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

"""The usual gate and this one, scraped alike: `./run scrape`.

Two demos of one town are started on loopback: one sells the unlimited pass, one counts views with
its default settings. A plain client, then a scraper that solves puzzles natively, take what they
can of the directory; meanwhile a reader on another network opens a few profiles.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from challenge import config
from challenge.config import Source
from challenge.core.bands import Band
from tests.serving import serve

from ._live import Live
from ._reading import Reading, read
from ._report import RESULTS, content, write
from ._runs import Run, figures_of, reader_figures, table, week_figure
from ._scraper import Scraper, Solver, native_solver
from ._site import ADDRESS, Site, handles_of

RECORDED = Path(__file__).resolve().parent.parent / "demo" / "scrape.json"
Tell = Callable[[str, int, float], None]


@contextmanager
def demo(people: int | None, settings: Mapping[str, str], *, workers: int = 1) -> Iterator[Site]:
    """A demo with its own folder and port, served by processes with threads."""
    with tempfile.TemporaryDirectory(prefix="tallygate-scrape-") as folder:
        town = {"DEMO_INSTANCE_PATH": folder} | ({"DEMO_MEMBERS": people} if people else {})
        app = f"demo.app:create_app({town!r})"
        with serve(app, Path(folder), workers=workers, **settings) as server:
            yield Site(server.port)


def fetch_plainly(site: Site, handles: list[str], *, seconds: float, tell: Tell) -> Run:
    """Ask for every profile without taking part in the gate's protocol."""
    started, cpu = time.monotonic(), time.thread_time()
    taken: list[float] = []
    for handle in handles:
        now = time.monotonic() - started
        if now > seconds:
            break
        tell("plain", len(taken), 0)
        if site.call("GET", f"/people/{handle}").is_profile:
            taken.append(time.monotonic() - started)
    lasted = time.monotonic() - started
    return Run("plain", len(handles), taken, lasted, cpu_s=time.thread_time() - cpu)


def scrape(
    name: str, site: Site, handles: list[str], solver: Solver, *, seconds: float, tell: Tell
) -> Run:
    """Take profiles as the gate sells them, for so many seconds or until there are no more."""
    started, cpu = time.monotonic(), time.thread_time()
    puzzles, solving_s = solver.puzzles, solver.cpu_s
    scraper = Scraper(
        site,
        solver,
        handles,
        until=started + seconds,
        tell=lambda pages, wait_s: tell(name, pages, wait_s),
    )
    scraper.run()
    lasted = time.monotonic() - started
    return Run(
        name,
        len(handles),
        [at - started for at in scraper.taken],
        lasted,
        puzzles=solver.puzzles - puzzles,
        identities=scraper.identities,
        cpu_s=time.thread_time() - cpu + solver.cpu_s - solving_s,
    )


def scrape_beside_reader(
    site: Site, handles: list[str], solver: Solver, *, seconds: float, live: Live, chromium: str
) -> tuple[Run, Reading]:
    """Scrape the counted demo, while a reader on another network opens profiles.

    The reader begins when the scraper has to wait for the first time: until then that takes every
    core for its puzzles, which on two machines it would not take from a reader.
    """
    stalled, over = threading.Event(), threading.Event()

    def tell(name: str, pages: int, wait_s: float) -> None:
        live(name, pages, wait_s)
        if wait_s > 0:
            stalled.set()

    with ThreadPoolExecutor(1) as pool:
        url = f"http://127.0.0.1:{site.port}"
        reading = pool.submit(read, url, handles, chromium, stalled, over) if chromium else None
        try:
            run = scrape("counted", site, handles, solver, seconds=seconds, tell=tell)
        finally:
            over.set()
            stalled.set()
        live.done(run)
        return run, reading.result() if reading else Reading(lacking="no Chromium")


@dataclass(frozen=True)
class Outcome:
    """What everything came to."""

    plain: Run
    unlimited: Run
    counted: Run
    reading: Reading
    #: of the counted demo
    band: Band
    #: what solved the puzzles
    note: str

    @property
    def runs(self) -> tuple[Run, Run, Run]:
        """In the order of the table."""
        return self.plain, self.unlimited, self.counted


def measure(
    *, people: int | None, seconds: float, chromium: str, settings: Mapping[str, str]
) -> Outcome:
    """Everything, one after the other.

    :param people: how large the town is; None for the demo's own.
    :param seconds: the longest that a run may take.
    :param chromium: the reader's browser; empty if there is none.
    :param settings: of both demos.
    """
    live = Live()
    with native_solver() as solver:
        with demo(people, {**settings, "CHALLENGE_UNLIMITED_PASS": "1"}) as site:
            handles = handles_of(site)
            print(f"{len(handles):,} people, from the public pages", flush=True)
            unlimited = scrape("unlimited", site, handles, solver, seconds=seconds, tell=live)
            live.done(unlimited)
        with demo(people, settings) as site:
            plain = fetch_plainly(site, handles, seconds=seconds, tell=live)
            live.done(plain)
            counted, reading = scrape_beside_reader(
                site, handles, solver, seconds=seconds, live=live, chromium=chromium
            )
    speed = solver.hashes / max(solver.cpu_s, 1e-9) / 1e6
    note = (
        f"Solved by Python's hashlib (OpenSSL's SHA-256) in {os.cpu_count()} processes:"
        f" {speed:.1f} million hashes a CPU second. A program in C is many times faster; that"
        " saves CPU seconds, and gains no page of a band."
    )
    loaded = config.load(Source("scrape", settings))
    band = Band(loaded.band_burst, loaded.band_per_hour)
    return Outcome(plain, unlimited, counted, reading, band, note)


def publish(outcome: Outcome, command: str) -> None:
    """Print the table, and write bench/results/scrape.json."""
    band = outcome.band
    print(f"\n{table(outcome.runs, band, outcome.reading)}\n\n{outcome.note}")
    figures = [figure for run in outcome.runs for figure in figures_of(run, band)]
    figures.append(week_figure(outcome.unlimited, outcome.counted, band))
    figures += reader_figures(outcome.reading)
    record = content(command, figures) | {
        "people": outcome.plain.people,
        "band": asdict(band),
        "note": outcome.note,
        "series": {run.name: run.series() for run in outcome.runs},
    }
    write("scrape", record)


def refuse_without_address() -> None:
    """Stop where the scraper cannot have a network of its own."""
    with socket.socket() as probe:
        try:
            probe.bind((ADDRESS, 0))
        except OSError:
            raise SystemExit(
                f"the scraper needs the loopback address {ADDRESS}; on macOS:"
                f" sudo ifconfig lo0 alias {ADDRESS}"
            ) from None


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run scrape", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=180, help="for each run; default: 180")
    parser.add_argument("--people", type=int, help="how large the town is; default: the demo's")
    parser.add_argument("--record", action="store_true", help="write demo/scrape.json too")
    options = parser.parse_args()
    refuse_without_address()
    # A server that is left behind would go on serving.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in [name for name in os.environ if name.startswith("CHALLENGE_")]:
        del os.environ[name]
    outcome = measure(
        people=options.people,
        seconds=options.seconds,
        chromium=os.environ.get("TALLYGATE_CHROME", ""),
        settings={},
    )
    given = [argument for argument in sys.argv[1:] if argument != "--record"]
    publish(outcome, shlex.join(["./run", "scrape", *given]))
    if options.record:
        shutil.copyfile(RESULTS / "scrape.json", RECORDED)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

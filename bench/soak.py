"""The gate under load: 50 views a second offered to 16 processes on one SQLite file.

Open loop: each view has its moment, and what it costs counts from then on, whether or not those
before it are answered. Sales go on at the same time.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.serving import Server, serve
from tests.solving import ASK, REDEEM, redemption

from ._report import Figure, publish

APP = "tests.racing:create_app()"
WORKERS = 16
VIEWS_PER_SECOND = 50
SALES_PER_SECOND = 5
#: share of views that are revisits, which are free and write nothing
REVISITS = 0.3
REACH_MS = 100
JSON = {"Content-Type": "application/json"}


@dataclass
class Load:
    """Visitors, and how long each of their calls took."""

    server: Server
    #: clearances, the newest last, each with the number of profiles it has opened
    held: list[tuple[str, list[int]]] = field(default_factory=list)
    #: by what was asked: milliseconds from the moment it was due
    took: dict[str, list[float]] = field(default_factory=lambda: {"view": [], "sale": []})
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, status: int, due: float) -> None:
        """Keep an answer; status 0 is none."""
        with self.lock:
            self.answers[kind, status] += 1
            self.took[kind].append((time.monotonic() - due) * 1000)

    def sell(self, due: float) -> None:
        """Ask, solve, and redeem: one new visitor."""
        try:
            status, _, offer = self.server.call("POST", ASK, JSON, b"{}")
            if status == 201:
                body = redemption(json.loads(offer))
                status, _, sale = self.server.call("POST", REDEEM, JSON, body)
        except (OSError, http.client.HTTPException):
            status = 0
        if status == 201:
            with self.lock:
                self.held.append((json.loads(sale)["token"], []))
        self.note("sale", status, due)

    def view(self, due: float, dice: random.Random) -> None:
        """One profile, new or seen before, by one of the visitors who came last."""
        with self.lock:
            token, seen = dice.choice(self.held[-VIEWS_PER_SECOND:])
            new = not seen or (len(seen) < 19 and dice.random() >= REVISITS)
            if new:
                seen.append(len(seen))
            profile = seen[-1] if new else dice.choice(seen)
        headers = {"Cookie": f"challenge-main={token}", "Accept": "application/json"}
        try:
            status = self.server.call("GET", f"/people/{profile}", headers)[0]
        except (OSError, http.client.HTTPException):
            status = 0
        self.note("view", status, due)


def offer(load: Load, seconds: float, dice: random.Random) -> None:
    """Views and sales at their moments, answered or not."""
    every = VIEWS_PER_SECOND // SALES_PER_SECOND
    with ThreadPoolExecutor(64) as pool:
        start = time.monotonic()
        for number in range(int(seconds * VIEWS_PER_SECOND)):
            due = start + number / VIEWS_PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
            pool.submit(load.view, due, dice)
            if number % every == 0:
                pool.submit(load.sell, due)


def ready(server: Server) -> None:
    """Return when all workers have started: each takes some of many calls at once."""
    calls: list[float] = []

    def call(_: int) -> None:
        start = time.monotonic()
        server.call("GET", "/challenge/healthz")
        calls.append(time.monotonic() - start)

    for _ in range(60):
        calls.clear()
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(call, range(4 * WORKERS)))
        if max(calls) < 0.2:
            return
        time.sleep(0.5)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def figures_of(load: Load, seconds: float) -> list[Figure]:
    """What the load has come to."""
    views = load.took["view"]
    p50, p99 = percentile(views, 0.5), percentile(views, 0.99)
    wrong = {k: n for k, n in load.answers.items() if k not in (("view", 200), ("sale", 201))}
    errors = sum(wrong.values())
    note = f"{len(views)} views in {seconds:g} s beside {len(load.took['sale'])} sales"
    return [
        Figure("gate.soak.p50_ms", p50, "ms", note=note),
        Figure("gate.soak.p99_ms", p99, "ms", REACH_MS, p99 < REACH_MS, note),
        Figure("gate.soak.max_ms", max(views), "ms"),
        Figure("gate.soak.sale_p99_ms", percentile(load.took["sale"], 0.99), "ms", note="2 calls"),
        Figure("gate.soak.errors", errors, "answers", 0, not errors, str(wrong or "")),
    ]


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(prog="./run bench soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    seconds = parser.parse_args().seconds
    settings = {"GUNICORN_CMD_ARGS": "--preload"}
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(APP, Path(folder), workers=WORKERS, **settings) as server,
    ):
        ready(server)
        load = Load(server)
        for _ in range(VIEWS_PER_SECOND):
            load.sell(time.monotonic())
        load.took["sale"].clear()
        offer(load, seconds, random.Random(1))
    publish("soak", figures_of(load, seconds))


if __name__ == "__main__":
    main()

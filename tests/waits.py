"""How long pages are waited for, without what a busy machine makes of it.

Time does not count in which the process that answers, or the one that asks, did not get to run. It
is known of each by a thread that only sleeps, and sees how late it wakes. Nor does time count in
which a page took long that needs no store.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

#: seconds from which on a page takes long, and a thread wakes late
LONG, LATE = 0.05, 0.03
#: seconds that it sleeps
_NAP = 0.01
#: the headers in which a worker tells when it did not run, and which one it is
STALLS, WORKER = "Stalls", "Worker"

#: from when to when; all processes of a machine have the same monotonic clock
Span = tuple[float, float]


class Stalls:
    """When this process did not get to run."""

    def __init__(self) -> None:
        self._spans: deque[Span] = deque(maxlen=500)
        self._due = time.monotonic() + _NAP
        threading.Thread(target=self._nap, daemon=True).start()

    def _nap(self) -> None:
        while True:
            self._due = time.monotonic() + _NAP
            time.sleep(_NAP)
            now = time.monotonic()
            if now - self._due > LATE:
                self._spans.append((self._due, now))

    def since(self, moment: float) -> list[Span]:
        """Those that ended after it, and one that has not ended."""
        now = time.monotonic()
        spans = [*list(self._spans), *([(self._due, now)] if now - self._due > LATE else [])]
        return [span for span in spans if span[1] > moment]


def telling(app: Callable[..., Any]) -> Callable[..., Any]:
    """A WSGI app whose answers tell when its worker did not run, shortly before and meanwhile."""
    stalls: list[Stalls] = []

    def call(environ: Any, start: Callable[..., Any]) -> Any:
        began = time.monotonic()
        # Not before there is a request: threads do not survive the fork of a worker.
        stalls or stalls.append(Stalls())

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            spans = stalls[0].since(began - 1)
            told = ",".join(f"{first:.3f}-{last:.3f}" for first, last in spans)
            return start(status, [*headers, (STALLS, told), (WORKER, str(os.getpid()))], *rest)

        return app(environ, started)

    return call


def read_stalls(told: str) -> list[Span]:
    """What an answer tells."""
    pairs = [each.split("-") for each in told.split(",") if each]
    return [(float(first), float(last)) for first, last in pairs]


def outside(span: Span, others: Iterable[Span]) -> float:
    """Seconds of a span that are in none of the others."""
    left, at = 0.0, span[0]
    for first, last in sorted(others):
        if first > at:
            left += min(first, span[1]) - at
        at = max(at, last)
        if at >= span[1]:
            return left
    return left + span[1] - at


@dataclass
class Waits:
    """What took long since they were last asked for."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _own: Stalls = field(default_factory=Stalls)
    #: each with the machine, and when its worker did not run
    _pages: list[tuple[int, Span, list[Span]]] = field(default_factory=list)
    #: of the page that needs no store, for each machine
    _busy: list[tuple[int, Span]] = field(default_factory=list)

    def page(self, at: int, began: float, ended: float, told: str) -> None:
        """A page has been answered, and its worker has told that."""
        if ended - began > LONG:
            stalls = read_stalls(told) + self._own.since(began)
            with self._lock:
                self._pages.append((at, (began, ended), stalls))

    @contextmanager
    def yardstick(self, at: int) -> Iterator[None]:
        """Around asking for the page that needs no store."""
        began = time.monotonic()
        yield
        ended = time.monotonic()
        if ended - began > LONG:
            with self._lock:
                self._busy.append((at, (began, ended)))

    def slowest(self) -> tuple[float, float]:
        """Seconds for which the slowest page was waited for, and for the store by any page."""
        with self._lock:
            pages, busy = self._pages, self._busy
            self._pages, self._busy = [], []
        seconds, own = [0.0], [0.0]
        for at, span, stalls in pages:
            seconds.append(span[1] - span[0])
            own.append(outside(span, stalls + [each for where, each in busy if where == at]))
        return max(seconds), max(own)

"""How long pages are waited for, without what a busy machine makes of it.

Beside the pages one is asked for, again and again, that needs no store: while that takes long too,
it is not the store that is waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: seconds from which on a page, and one that needs no store, take long
LONG = 0.05


@dataclass(frozen=True)
class Span:
    """From when to when, at which machine."""

    at: int
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    def shared(self, other: Span) -> float:
        """Seconds that it has in common with another at the same machine."""
        if self.at != other.at:
            return 0.0
        return max(0.0, min(self.ended, other.ended) - max(self.began, other.began))


@dataclass
class Waits:
    """What took long since they were last asked for."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pages: list[Span] = field(default_factory=list)
    #: of the page that needs no store; one after the other at each machine
    _busy: list[Span] = field(default_factory=list)
    _asked: dict[int, float] = field(default_factory=dict)

    def page(self, at: int, began: float, ended: float) -> None:
        """A page has been answered."""
        if ended - began > LONG:
            with self._lock:
                self._pages.append(Span(at, began, ended))

    @contextmanager
    def yardstick(self, at: int) -> Iterator[None]:
        """Around asking for the page that needs no store."""
        with self._lock:
            began = self._asked[at] = time.monotonic()
        yield
        with self._lock:
            del self._asked[at]
            self._busy.append(Span(at, began, time.monotonic()))

    def slowest(self) -> tuple[float, float]:
        """Seconds for which the slowest page was waited for, and for the store by any page."""
        with self._lock:
            now = time.monotonic()
            busy = self._busy + [Span(at, began, now) for at, began in self._asked.items()]
            pages, self._pages, self._busy = self._pages, [], []
        busy = [each for each in busy if each.seconds > LONG]
        own = [page.seconds - sum(page.shared(each) for each in busy) for page in pages]
        return max((page.seconds for page in pages), default=0.0), max(own, default=0.0)

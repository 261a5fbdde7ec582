"""A breaker: a server that does not answer is left alone for a moment, and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import StoreUnavailable

#: failures in a row after which it is left alone, and for how many seconds
FAILURES = 5
REST_SECONDS = 1.0


class Breaker:
    """Counts failures in a row.

    :param clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = float("-inf")

    def enter(self) -> None:
        """Return if the server may be asked.

        After a rest one caller tries it; until that has ended well, the others go on resting.

        :raises StoreUnavailable: while it rests.
        """
        if self._failures < FAILURES:
            return
        with self._lock:
            now = self._clock()
            if self._failures >= FAILURES:
                if now < self._rests_until:
                    raise StoreUnavailable("the server did not answer; not asked for a moment")
                self._rests_until = now + REST_SECONDS

    def answered(self) -> None:
        """The server has answered, whatever it said."""
        if self._failures:
            self._failures = 0

    def failed(self) -> None:
        """The server has not answered."""
        with self._lock:
            self._failures += 1
            self._rests_until = self._clock() + REST_SECONDS

"""What a process goes on with while its store does not answer, and how much of it.

Each process counts for itself, since what they would count in together is what is away.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..config import Settings
from ..core.baselines import Alarm
from ..errors import StoreUnavailable

log = logging.getLogger("challenge")

#: challenges that a process signs a minute while nothing can be redeemed
ASKS_MAX = 600
MINUTE = 60


class Outage:
    """Safe to share between threads.

    :param ring: called with an alarm for each minute in which pages open uncounted.
    """

    def __init__(
        self, settings: Settings, ring: Callable[[Alarm], None], clock: Callable[[], float]
    ) -> None:
        self._refuses_asks = settings.fail_ask == "refuse"
        self._views_max = settings.fail_open
        self._ring = ring
        self._clock = clock
        self._asks = _Minute()
        self._views = _Minute()

    def ask(self) -> None:
        """Count an ask.

        :raises StoreUnavailable: if asking is refused meanwhile, or there were too many.
        """
        if self._refuses_asks or self._asks.count(self._clock()) > ASKS_MAX:
            raise StoreUnavailable("no challenges while nothing can be redeemed")

    def opens(self, error: StoreUnavailable) -> bool:
        """Whether a page opens to a clearance that could not be charged.

        :param error: why not. A store that is full answers, and whoever fills it must gain nothing.
        """
        if not self._views_max or error.code != StoreUnavailable.default_code:
            return False
        count = self._views.count(self._clock())
        if count == 1:
            log.error(
                "the store does not answer: this process opens %d pages a minute uncounted",
                self._views_max,
            )
            self._ring(Alarm("store", count, self._views_max))
        return count <= self._views_max


class _Minute:
    """Counts, each minute anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute, self._counted = 0, 0

    def count(self, now: float) -> int:
        """How many there are in this minute, with this one."""
        with self._lock:
            # A clock that is set back begins no minute again.
            minute = max(self._minute, int(now // MINUTE))
            self._counted = self._counted + 1 if minute == self._minute else 1
            self._minute = minute
            return self._counted

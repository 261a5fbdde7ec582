"""Failing: a network that keeps sending wrong redemptions waits, before they are looked at.

Kept in the process and not in the store, where a count costs more than the check that it saves
(docs/decisions/0015-failed-redemptions.md).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from ..core.bands import UNTOUCHED, Band, Levels, Wanted, reserve
from ..core.models import Client
from ..core.networks import network_hash
from ..errors import (
    Expired,
    InteractionRefused,
    InteractionRequired,
    KeyRequired,
    Malformed,
    Queued,
    Spent,
    TokenRefused,
    TooEarly,
    Unsolved,
)

#: a whole burst comes back in six minutes
REFILLS_PER_HOUR = 10
#: networks that a process remembers, about 2 MB of them
NETWORKS_MAX = 10_000
ONE = Wanted(1, 1, max_wait_ms=0)
#: refusals that are the sender's own doing, and those among them that an honest one meets:
#: a laptop wakes up, a store was restored, a clock runs ahead
FAULTS = (
    *(Malformed, TokenRefused, Unsolved, InteractionRequired, InteractionRefused),
    *(KeyRequired, Spent),
)
NO_FAULTS = (Expired, TooEarly)


class Failures:
    """What each network may still do wrong. Safe to share between threads.

    :param burst: wrong redemptions that a network may send at once.
    :param key: networks are known by hashes under it.
    :param exceeded: called with who sends more.
    :param limit: networks that are remembered; the one that failed longest ago falls out.
    """

    def __init__(
        self,
        burst: int,
        key: bytes,
        exceeded: Callable[[Client], None],
        *,
        limit: int = NETWORKS_MAX,
    ) -> None:
        self._band = Band(burst, burst * REFILLS_PER_HOUR)
        self._key = key
        self._exceeded = exceeded
        self._limit = limit
        self._lock = threading.Lock()
        # The levels of each network's band, the one that failed last at the end.
        self._levels: OrderedDict[bytes, Levels] = OrderedDict()

    @contextmanager
    def counted(self, client: Client, now: float) -> Iterator[None]:
        """Let a redemption be looked at inside, and count it if it is refused for a fault.

        :raises Queued: `too_many_failures`, before anything is looked at.
        """
        network = network_hash(self._key, client.network.home(client.address))
        band = self._band.times(client.network.multiplier * client.multiplier)
        retry_ms = self._retry_ms(network, band, int(now * 1000))
        if retry_ms:
            self._exceeded(client)
            retry = ceil(retry_ms / 1000)
            raise Queued("wrong redemptions", code="too_many_failures", retry_after=retry)
        try:
            yield
        except NO_FAULTS:
            raise
        except FAULTS:
            self._count(network, band, int(now * 1000))
            raise

    def _retry_ms(self, network: bytes, band: Band, now_ms: int) -> int:
        return reserve(self._levels.get(network, UNTOUCHED), band, ONE, now_ms)[1].retry_ms

    def _count(self, network: bytes, band: Band, now_ms: int) -> None:
        with self._lock:
            self._levels[network] = reserve(
                self._levels.get(network, UNTOUCHED), band, ONE, now_ms
            )[0]
            self._levels.move_to_end(network)
            # A band that is full again is that of a network never heard of.
            while len(self._levels) > self._limit or self._oldest() <= now_ms:
                self._levels.popitem(last=False)

    def _oldest(self) -> int:
        return next(iter(self._levels.values())).band

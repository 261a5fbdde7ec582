"""Alarms: a network or an account has bought much more in an hour than is usual.

Nothing is refused for it. Kept in the process, as wrong redemptions are: each process compares
what it sells with what it has sold, so several see the same proportions; after a restart only the
least counts, until an hour has passed (docs/decisions/0021-alarms.md).
"""

from __future__ import annotations

import hmac
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from ..core.baselines import Alarm, Hours, limit
from ..core.canonical import canonical
from ..core.models import Client

log = logging.getLogger("challenge")

#: networks and accounts that a process remembers, some 3 MB of each
BUYERS_MAX = 10_000
#: units in an hour that are never alarming: a third of what a network may buy at once, and half of
#: what an account may in an hour
LEAST_NETWORK = 100
LEAST_ACCOUNT = 30


class Alarms:
    """Watches what is sold. Safe to share between threads.

    :param key: buyers are known by hashes under it.
    :param ring: called with each alarm; at most one an hour for each buyer. What it raises is
        logged, and no sale fails for it.
    """

    def __init__(self, key: bytes, ring: Callable[[Alarm], None]) -> None:
        self._key = key
        self._ring = ring
        self._lock = threading.Lock()
        self._networks = _Buyers()
        self._accounts = _Buyers()

    def sold(self, client: Client, units: int, now: float) -> None:
        """Note what a client's bands were charged for."""
        wide = client.network.multiplier * client.multiplier
        network = str(client.network.home(client.address))
        alarms = []
        with self._lock:
            units_limit = self._networks.sold(self._hash(network), units, LEAST_NETWORK * wide, now)
            if units_limit:
                alarms.append(Alarm("network", *units_limit))
            if client.account:
                account = self._hash(client.account)
                units_limit = self._accounts.sold(account, units, LEAST_ACCOUNT, now)
                if units_limit:
                    alarms.append(Alarm("account", *units_limit))
        for alarm in alarms:
            self._sound(alarm)

    def _sound(self, alarm: Alarm) -> None:
        log.warning(
            "alarm: one %s has bought %d units this hour; %d would be much",
            *(alarm.who, alarm.units, alarm.limit),
        )
        self.ring(alarm)

    def ring(self, alarm: Alarm) -> None:
        """Tell who listens, whatever becomes of that."""
        try:
            self._ring(alarm)
        except Exception:  # the site's own code, whatever it does
            log.exception("a receiver of alarms failed")

    def _hash(self, name: str) -> bytes:
        return hmac.digest(self._key, canonical("challenge/v1/alarm", name), "sha256")[:16]


class _Buyers:
    """All networks, or all accounts, and what one of them buys on the average."""

    def __init__(self) -> None:
        self._site = Hours()
        # The one that bought last at the end.
        self._own: OrderedDict[bytes, Hours] = OrderedDict()

    def sold(self, buyer: bytes, units: int, least: int, now: float) -> tuple[int, int] | None:
        """What the buyer has bought, and the limit, if this sale has taken it beyond."""
        before = self._own.get(buyer, Hours()).at(now)
        site = self._site.at(now)
        fresh = 0 if before.buyers else 1
        after = before.plus(units, fresh)
        self._site = site.plus(units, fresh)
        self._own[buyer] = after
        self._own.move_to_end(buyer)
        if len(self._own) > BUYERS_MAX:
            self._own.popitem(last=False)
        most = limit(before, site, least)
        return (after.units, most) if before.units <= most < after.units else None

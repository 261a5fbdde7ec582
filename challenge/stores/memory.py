"""`memory://`: a store for one process; what it holds ends with it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from ..core import visitors
from ..core.models import Charge
from ..core.visitors import Visitor
from ..errors import StoreUnavailable
from .base import TAKEOVER_AFTER, Settled, Spending, day_is_open

#: seconds between two sweeps of ended rows
SWEEP_EVERY = 60


@dataclass(frozen=True, slots=True)
class _Row:
    digest: bytes
    claims: bytes
    state: str
    since: float
    expires: int


class MemoryStore:
    """The protocol over dictionaries and one lock.

    :param rows_max: how many rows each table may hold; when it is full of live rows, new
        ones are refused, since dropping a live one would let a challenge be spent twice.
    """

    shared_between_processes = False

    def __init__(self, *, rows_max: int = 100_000) -> None:
        self._rows_max = rows_max
        self._lock = threading.Lock()
        self._spent: dict[bytes, _Row] = {}
        self._visitors: dict[bytes, Visitor] = {}
        self._day_keys: dict[int, bytes] = {}
        self._swept = 0.0

    def spend(
        self, challenge: bytes, digest: bytes, claims: bytes, *, now: float, expires: int
    ) -> Spending:
        with self._lock:
            row = self._spent.get(challenge)
            if row is None or row.expires <= now:
                self._make_room(now)
                self._spent[challenge] = _Row(digest, claims, "pending", now, expires)
                return Spending("won", claims)
            if row.digest != digest:
                return Spending("other", b"")
            if row.state == "pending" and row.since <= now - TAKEOVER_AFTER:
                self._spent[challenge] = replace(row, since=now)
                return Spending("won", row.claims)
            return Spending(row.state, row.claims)  # type: ignore[arg-type]

    def settle(self, challenge: bytes, state: Settled) -> None:
        with self._lock:
            row = self._spent.get(challenge)
            if row is not None and row.state == "pending":
                self._spent[challenge] = replace(row, state=state)

    def open(self, key: bytes, visitor: Visitor) -> None:
        with self._lock:
            self._visitors.setdefault(key, visitor)

    def read(self, key: bytes, *, now: float) -> Visitor | None:
        with self._lock:
            visitor = self._visitors.get(key)
        return visitor if visitor is not None and visitor.expires > now else None

    def charge(self, key: bytes, *, jti: str, profile: bytes, now: float) -> tuple[Charge, int]:
        with self._lock:
            visitor, answer = visitors.charge(
                self._visitors.get(key), jti=jti, profile=profile, now=now
            )
            if visitor is None:
                return answer, 0
            self._visitors[key] = visitor
            return answer, visitor.left

    def day_key(self, day: int, fresh: bytes, *, now: float) -> bytes | None:
        with self._lock:
            for past in [past for past in self._day_keys if not day_is_open(past, now)]:
                del self._day_keys[past]
            return self._day_keys.setdefault(day, fresh) if day_is_open(day, now) else None

    def ping(self) -> None:
        return

    def close(self) -> None:
        return

    def _make_room(self, now: float) -> None:
        full = max(len(self._spent), len(self._visitors)) >= self._rows_max
        # A full store is swept at most once a second: a sweep reads every row.
        if now - self._swept >= (1 if full else SWEEP_EVERY):
            self._swept = now
            self._spent = {k: row for k, row in self._spent.items() if row.expires > now}
            self._visitors = {k: v for k, v in self._visitors.items() if v.expires > now}
            full = max(len(self._spent), len(self._visitors)) >= self._rows_max
        if full:
            raise StoreUnavailable("memory:// is full", code="store_full")

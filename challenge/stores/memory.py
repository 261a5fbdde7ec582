"""`memory://`: a store for one process; what it holds ends with it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..core import bands, sketches
from ..core.bands import UNTOUCHED, Band, Granted, Levels, Wanted
from ..core.models import Lane
from ..core.sketches import Senders
from ..core.visitors import Visitor
from ..errors import StoreUnavailable
from .base import (
    RESERVATION_SECONDS,
    TAKEOVER_AFTER,
    Ban,
    Settled,
    Spending,
    day_is_open,
    demand_epoch,
)
from .record_verbs import RecordVerbs

#: seconds between two sweeps of ended rows
SWEEP_EVERY = 60
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Row:
    digest: bytes
    claims: bytes
    state: str
    since: float
    expires: float


@dataclass(frozen=True, slots=True)
class _Reservation:
    granted: Granted
    #: None once there were two
    holder: bytes | None
    expires: float


@dataclass(frozen=True, slots=True)
class _Band:
    levels: Levels

    @property
    def expires(self) -> float:
        return self.levels.latest / 1000


class MemoryStore(RecordVerbs[Visitor | None]):
    """The protocol over dictionaries and one lock.

    :param rows_max: how many rows each table may hold; when it is full of live rows, new
        ones are refused, since dropping a live one would let a challenge be spent twice.
    """

    shared_between_processes = False

    def __init__(self, *, rows_max: int = 100_000) -> None:
        self._epoch = secrets.token_hex(4)
        self._rows_max = rows_max
        self._lock = threading.Lock()
        self._spent: dict[bytes, _Row] = {}
        self._visitors: dict[bytes, Visitor] = {}
        self._bands: dict[bytes, _Band] = {}
        self._reservations: dict[tuple[bytes, bytes], _Reservation] = {}
        self._day_keys: dict[int, bytes] = {}
        self._bans: dict[bytes, Ban] = {}
        self._sketches: dict[bytes, Senders] = {}
        self._swept = 0.0

    def spend(
        self,
        challenge: bytes,
        digest: bytes,
        claims: bytes,
        *,
        epoch: str,
        now: float,
        expires: int,
    ) -> Spending:
        demand_epoch(epoch, self.epoch)
        with self._lock:
            row = self._spent.get(challenge)
            if row is None or row.expires <= now:
                self._make_room(now)
                self._spent[challenge] = _Row(digest, claims, "pending", now, expires)
                return Spending("won", claims, now)
            if row.digest != digest:
                return Spending("other", b"")
            if row.state == "pending" and row.since <= now - TAKEOVER_AFTER:
                self._spent[challenge] = replace(row, since=now)
                return Spending("won", row.claims, now)
            return Spending(row.state, row.claims)  # type: ignore[arg-type]

    def settle(self, challenge: bytes, state: Settled, claims: bytes, *, since: float) -> bool:
        with self._lock:
            row = self._spent.get(challenge)
            if row is None or row.state != "pending" or row.since != since:
                return False
            self._spent[challenge] = replace(row, state=state, claims=claims)
            return True

    def unspend(self, challenge: bytes, *, since: float) -> None:
        with self._lock:
            row = self._spent.get(challenge)
            if row is not None and row.state == "pending" and row.since == since:
                del self._spent[challenge]

    def open(self, key: bytes, visitor: Visitor) -> None:
        with self._lock:
            self._visitors.setdefault(key, visitor)

    def read(self, key: bytes, *, now: float) -> Visitor | None:
        with self._lock:
            visitor = self._visitors.get(key)
        return visitor if visitor is not None and visitor.expires > now else None

    def _update(self, key: bytes, step: Callable[[Visitor | None], tuple[Visitor | None, T]]) -> T:
        with self._lock:
            visitor, answer = step(self._visitors.get(key))
            if visitor is not None:
                self._visitors[key] = visitor
            return answer

    def _look(self, key: bytes, now: float) -> tuple[Visitor | None, Visitor | None]:
        visitor = self.read(key, now=now)
        return visitor, visitor

    def _swap(self, key: bytes, seen: Visitor | None, after: Visitor) -> bool:
        with self._lock:
            unchanged = self._visitors.get(key) is seen
            if unchanged:
                self._visitors[key] = after
            return unchanged

    def reserve(
        self,
        key: bytes,
        reservation: bytes,
        band: Band,
        wanted: Wanted,
        *,
        holder: bytes,
        now: float,
        carry: Levels = UNTOUCHED,
    ) -> Granted:
        with self._lock:
            made = self._reservations.get((key, reservation))
            if made is not None and made.expires > now:
                if made.holder != holder:
                    self._reservations[key, reservation] = replace(made, holder=None)
                return made.granted
            self._make_room(now)
            before = self._bands.get(key, _Band(carry)).levels
            levels, granted = bands.reserve(before, band, wanted, int(now * 1000))
            if granted.units:
                self._bands[key] = _Band(levels)
                kept = _Reservation(granted, holder, now + RESERVATION_SECONDS)
                self._reservations[key, reservation] = kept
            return granted

    def release(
        self, key: bytes, reservation: bytes, band: Band, *, lane: Lane, holder: bytes, keep: int
    ) -> None:
        with self._lock:
            made = self._reservations.get((key, reservation))
            if made is None or made.holder != holder or made.granted.units <= keep:
                return
            surplus = made.granted.units - keep
            # A band that was full again has been forgotten: nothing is to be put back.
            if key in self._bands:
                before = self._bands[key].levels
                self._bands[key] = _Band(bands.release(before, band, surplus, lane))
            if keep:
                granted = replace(made.granted, units=keep)
                self._reservations[key, reservation] = replace(made, granted=granted)
            else:
                del self._reservations[key, reservation]

    def levels(self, key: bytes) -> Levels:
        with self._lock:
            return self._bands.get(key, _Band(UNTOUCHED)).levels

    def ban(self, ban: Ban, *, limit: int, now: float) -> None:
        with self._lock:
            self._bans = {k: b for k, b in self._bans.items() if b.expires > now}
            if len(self._bans.keys() - {ban.key}) >= limit:
                raise StoreUnavailable("too many bans", code="bans_full")
            self._bans[ban.key] = ban

    def lift(self, key: bytes) -> bool:
        with self._lock:
            return self._bans.pop(key, None) is not None

    def bans(self, *, now: float) -> list[Ban]:
        with self._lock:
            return [ban for ban in self._bans.values() if ban.expires > now]

    def note_sender(
        self, key: bytes, half: bytes, visitor: bytes, *, now: float, expires: int
    ) -> int:
        with self._lock:
            row, others = sketches.note(self._sketches.get(key), half, visitor, now, expires)
            self._sketches[key] = row
            return others

    def other_senders(self, key: bytes, half: bytes, visitor: bytes, *, now: float) -> int:
        with self._lock:
            return sketches.others(self._sketches.get(key), half, visitor, now)

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
        full = self._rows() >= self._rows_max
        # A full store is swept at most once a second: a sweep reads every row.
        if now - self._swept >= (1 if full else SWEEP_EVERY):
            self._swept = now
            for table in self._tables():
                for key in [key for key, row in table.items() if row.expires <= now]:
                    del table[key]
            full = self._rows() >= self._rows_max
        if full:
            raise StoreUnavailable("memory:// is full", code="store_full")

    def _rows(self) -> int:
        return max(len(table) for table in self._tables())

    def _tables(self) -> tuple[dict[Any, Any], ...]:
        return (self._spent, self._visitors, self._bands, self._reservations, self._sketches)

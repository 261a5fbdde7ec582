"""`redis://`: a store on a Redis or Valkey server, for workers on several machines.

Each verb is one script, or one command, on keys of one hash tag. Times come from the callers; what
a server knows is only how long a row lives from its last writing on, so no clock of a server's and
none of a neighbour's decides anything.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..core import purchases
from ..core.bands import UNTOUCHED, Band, Granted, Levels, Wanted
from ..core.models import Charge, Lane
from ..core.purchases import Purchase
from ..core.visitors import Charged, View, Visitor
from ..errors import StoreUnavailable
from . import redis_scripts as scripts
from .base import (
    RESERVATION_SECONDS,
    TAKEOVER_AFTER,
    Ban,
    Settled,
    Spending,
    day_is_open,
    demand_epoch,
)
from .compact import pack, text, unpack
from .record_verbs import RecordVerbs
from .redis_pool import Lease
from .redis_served import SWAPS_MAX, done, life_ms, reading
from .redis_sketches import RedisSketches

_MOMENT = struct.Struct("<d")
_LEVELS = struct.Struct("<dddd")
T = TypeVar("T")


class RedisStore(RedisSketches, RecordVerbs[bytes | None]):
    """The protocol over one Redis or Valkey server, or what takes its place.

    A server that does not answer is no error yet: the verbs fail until it does.

    :raises ConfigError: if the server answers, and cannot be used: it evicts, is too old, refuses
        the password or a command.
    """

    shared_between_processes = True

    # -- challenges

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
        self._demand_room()
        arguments = (
            digest,
            claims,
            _MOMENT.pack(now),
            _MOMENT.pack(expires),
            life_ms(expires - now),
            TAKEOVER_AFTER,
        )
        row, mark = self._spent_keys(challenge)
        # That a challenge was not spent is seen by a row that is not there. So it is only believed
        # if the epoch, read after it, is there.
        told_of, found = self._spend(row, arguments, mark)
        with reading():
            is_found = (found or b"").partition(b" ")[0] == epoch.encode()
        if not is_found:
            raise self._lost(epoch, found or b"")
        with reading():
            state, kept = told_of
            return Spending(state.decode(), kept, now if state == b"won" else 0)

    def _spend(
        self, row: bytes, arguments: Sequence[bytes | str | int | float], mark: bytes
    ) -> list[Any]:
        """What the script says of the row, and then the epoch."""
        return self._on(
            row, lambda lease: scripts.SPEND.run_with(lease, [row], arguments, (b"GET", mark))
        )

    def settle(self, challenge: bytes, state: Settled, claims: bytes, *, since: float) -> bool:
        row, _ = self._spent_keys(challenge)
        told = self._run(scripts.SETTLE, [row], _MOMENT.pack(since), state[0], claims, sale=True)
        return done(told)

    def unspend(self, challenge: bytes, *, since: float) -> None:
        row, _ = self._spent_keys(challenge)
        done(self._run(scripts.UNSPEND, [row], _MOMENT.pack(since)))

    # -- visitors

    def open(self, key: bytes, visitor: Visitor) -> None:
        life = life_ms(visitor.expires - visitor.since)
        record = self._key(b"v", key)
        told = self._call(record, "SET", record, pack(visitor), "NX", "PX", life, sale=True)
        done({b"OK": 1, None: 0}.get(told))

    def read(self, key: bytes, *, now: float) -> Visitor | None:
        return self._look(key, now)[0]

    def charge(self, key: bytes, view: View, *, epoch: str, now: float) -> Charged:
        """See :class:`Store`: `lua/charge.lua` does it, in one trip."""
        digests = [part for pair in view.digests for part in pair]
        record = self._key(b"v", key)
        about_view = (text(view.jti), view.network, view.place, view.version, view.budget)

        def charge(lease: Lease) -> Any:
            # A connection that had to be made anew may lead to where the last charges are lost.
            demand_epoch(epoch, self._epoch)
            return scripts.CHARGE.run(lease, [record], repr(float(now)), *about_view, *digests)

        told_of = self._on(record, charge)
        with reading():
            name, *rest = told_of
            return Charged(Charge[name.decode()], *rest)

    def top_up(self, key: bytes, sale: Purchase, *, now: float) -> bool:
        """See :class:`Store`."""
        return self._replace(
            key, lambda visitor: purchases.top_up(visitor, sale, now), life_ms(sale.expires - now)
        )

    def _look(self, key: bytes, now: float) -> tuple[Visitor | None, bytes | None]:
        record = self._key(b"v", key)
        data = self._call(record, "GET", record)
        visitor = _visitor(data)
        return (visitor, data) if visitor is not None and visitor.expires > now else (None, None)

    def _update(self, key: bytes, step: Callable[[Visitor | None], tuple[Visitor | None, T]]) -> T:
        return self._replace(key, step)

    def _replace(
        self,
        key: bytes,
        step: Callable[[Visitor | None], tuple[Visitor | None, T]],
        life: int = 0,
    ) -> T:
        """Look, decide, and write if the record is as it was seen; else look again."""
        record = self._key(b"v", key)
        for _ in range(SWAPS_MAX):
            seen = self._call(record, "GET", record)
            before = _visitor(seen)
            after, answer = step(before)
            if after is None or after == before or self._put(key, seen, after, life):
                return answer
        raise StoreUnavailable("a record changes too often")

    def _swap(self, key: bytes, seen: bytes | None, after: Visitor) -> bool:
        return self._put(key, seen, after, 0)

    def _put(self, key: bytes, seen: bytes | None, after: Visitor, life: int) -> bool:
        record = self._key(b"v", key)
        arguments = (seen or b"", pack(after), life)
        # Only a sale lengthens a life.
        return done(self._run(scripts.SWAP, [record], *arguments, sale=life > 0))

    # -- bands

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
        granted = self._run(
            scripts.RESERVE,
            self._band_keys(key, reservation),
            *(repr(float(now)), holder, band.burst, band.unit_ms),
            *(wanted.most, wanted.least, wanted.max_wait_ms, int(wanted.lane)),
            *(carry.band, carry.known, carry.new, carry.flagged),
            *(RESERVATION_SECONDS, *band.shares),
        )
        with reading():
            return Granted(*granted)

    def release(
        self, key: bytes, reservation: bytes, band: Band, *, lane: Lane, holder: bytes, keep: int
    ) -> None:
        share = band.shares[lane] if band.shares else 0
        keys = self._band_keys(key, reservation)
        arguments = (holder, band.unit_ms, keep, int(lane), share)
        done(self._run(scripts.RELEASE, keys, *arguments))

    def levels(self, key: bytes) -> Levels:
        row = self._band_keys(key)[0]
        kept = self._call(row, "GET", row)
        if kept is None:
            return UNTOUCHED
        with reading():
            return Levels(*map(int, _LEVELS.unpack(kept)))

    # -- bans

    def ban(self, ban: Ban, *, limit: int, now: float) -> None:
        ends = _MOMENT.pack(ban.expires)
        kept = [ban.version, ban.length, ban.effect, ban.reason, ban.origin, ban.since, ban.expires]
        told = ends + json.dumps(kept).encode()
        all_bans = self._key(b"n")
        arguments = (ban.key, told, ban.expires, repr(float(now)), limit)
        if not done(self._run(scripts.BAN, [all_bans], *arguments)):
            raise StoreUnavailable("too many bans", code="bans_full")

    def lift(self, key: bytes) -> bool:
        all_bans = self._key(b"n")
        return done(self._call(all_bans, "HDEL", all_bans, key))

    def bans(self, *, now: float) -> list[Ban]:
        all_bans = self._key(b"n")
        told = self._call(all_bans, "HGETALL", all_bans)
        with reading():
            bans = [
                Ban(key, *json.loads(kept[_MOMENT.size :]))
                for key, kept in zip(told[::2], told[1::2], strict=True)
            ]
            return [ban for ban in bans if ban.expires > now]

    # -- the rest

    def day_key(self, day: int, fresh: bytes, *, now: float) -> bytes | None:
        if now < day * 86400:
            return None
        left = (day + 2) * 86400 - now
        life = max(1, int(left * 1000)) if day_is_open(day, now) else 0
        key = self._run(scripts.DAY_KEY, [self._key(b"d", b"%d" % day)], fresh, life)
        if key is not None and (not isinstance(key, bytes) or len(key) != len(fresh)):
            raise StoreUnavailable("a day's key that is none")
        return key

    def _band_keys(self, key: bytes, reservation: bytes = b"") -> list[bytes]:
        # Where keys are spread over servers, both are found on one: they share what is in braces.
        tag = b"{" + base64.urlsafe_b64encode(key).rstrip(b"=") + b"}"
        return [self._key(b"b", tag), self._key(b"r", tag + reservation)]


def _visitor(data: bytes | None) -> Visitor | None:
    with reading():
        return unpack(data) if data is not None else None

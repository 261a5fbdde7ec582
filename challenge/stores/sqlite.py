"""`sqlite:///file`: the default store, for all workers on one machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import apsw

from ..core.visitors import Visitor
from ..errors import ConfigError, StoreUnavailable
from .base import (
    TAKEOVER_AFTER,
    Settled,
    Spending,
    day_is_open,
    demand_epoch,
)
from .connections import SQLiteFile
from .epoch import boot_id, log_is_left, settle_epoch
from .record_verbs import RecordVerbs
from .records import pack, unpack
from .schema import settle_schema
from .sqlite_bands import SQLiteBands
from .sqlite_lists import SQLiteLists
from .sweeping import EVERY, ROWS, ROWS_FULL, sweep

#: Share of the allowed size at which nothing more is sold: what was sold needs room to be spent.
FULL = 0.9
T = TypeVar("T")

# One statement decides who wins: the row is new, has ended, or its winner has died.
_SPEND = """
INSERT INTO spent (challenge, digest, claims, state, since, expires)
VALUES (:challenge, :digest, :claims, 'pending', :now, :expires)
ON CONFLICT (challenge) DO UPDATE SET
    digest = excluded.digest, state = 'pending', since = excluded.since,
    claims = iif(expires <= :now, excluded.claims, claims),
    expires = iif(expires <= :now, excluded.expires, expires)
WHERE expires <= :now
   OR (state = 'pending' AND digest = excluded.digest AND since <= :now - :takeover)
RETURNING claims
"""


_SPENT = "SELECT state, digest, claims FROM spent WHERE challenge = ? AND expires > ?"
_END_DAY_KEYS = "DELETE FROM day_keys WHERE day * 86400 + 172800 <= ?"
_OPEN = "INSERT INTO visitors VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
_RECORD = "SELECT record FROM visitors WHERE id = ? AND key = ?"
_PUT_RECORD = "UPDATE visitors SET record = ? WHERE id = ?"
_PUT_EXPIRES = "UPDATE visitors SET expires = ? WHERE id = ?"
_SWAP_RECORD = "UPDATE visitors SET record = ? WHERE id = ? AND record = ?"


class SQLiteStore(SQLiteLists, SQLiteBands, RecordVerbs[bytes | None]):
    """The protocol over one SQLite file in WAL mode; a connection a thread.

    :param path: the file; it is made if missing.
    :param max_bytes: the file grows no further; beyond, sales are refused.
    :raises ConfigError: if the file is no store of this version.
    """

    shared_between_processes = True

    def __init__(self, path: Path, *, max_bytes: int = 2**30) -> None:
        self._path = path
        self._file = SQLiteFile(path, max_bytes=max_bytes)
        self._swept = 0.0
        self._key_ended = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite gives its -wal and -shm files the mode of the main file.
            path.touch(mode=0o600)
            unclean = log_is_left(path)
            with self._file.transaction() as connection:
                settle_schema(connection, path)
                self._epoch = settle_epoch(
                    connection, boot=boot_id(), file=path.stat().st_ino % 2**63, unclean=unclean
                )
        except OSError as error:
            raise ConfigError(f"store {path}: {error.strerror}", code="store_unusable") from error
        except StoreUnavailable as error:
            raise ConfigError(f"store {path}: {error.detail}", code="store_unusable") from error
        self._file.created()
        # No connection is left for a server to take across its fork.
        self._file.close()

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
        values = {
            "challenge": challenge,
            "digest": digest,
            "claims": claims,
            "now": now,
            "expires": expires,
            "takeover": TAKEOVER_AFTER,
        }
        with self._file.connection() as connection:
            row = connection.execute(_SPENT, (challenge, now)).fetchone()
        # What is settled stays so: who repeats it, however often, takes no lock from buyers.
        if row is not None and row[0] != "pending":
            return _told(row, digest)
        room = self._has_room(now)
        with self._file.transaction() as connection:
            won = connection.execute(_SPEND, values).fetchone() if room else None
            if won is not None:
                # What is won may open a visitor's record.
                sweep(connection, now, ROWS, ("spent", "visitors"))
                return Spending("won", won[0], now)
            row = connection.execute(_SPENT, (challenge, now)).fetchone()
        if row is None:
            raise StoreUnavailable("the file has its full size", code="store_full")
        return _told(row, digest)

    def settle(self, challenge: bytes, state: Settled, claims: bytes, *, since: float) -> bool:
        with self._file.transaction() as connection:
            connection.execute(
                "UPDATE spent SET state = ?, claims = ?"
                " WHERE challenge = ? AND state = 'pending' AND since = ?",
                (state, claims, challenge, since),
            )
            return bool(connection.changes())

    def unspend(self, challenge: bytes, *, since: float) -> None:
        with self._file.transaction() as connection:
            connection.execute(
                "DELETE FROM spent WHERE challenge = ? AND state = 'pending' AND since = ?",
                (challenge, since),
            )

    def open(self, key: bytes, visitor: Visitor) -> None:
        with self._file.transaction() as connection:
            connection.execute(_OPEN, _row(key, visitor))

    def read(self, key: bytes, *, now: float) -> Visitor | None:
        return self._look(key, now)[0]

    def _look(self, key: bytes, now: float) -> tuple[Visitor | None, bytes | None]:
        if now - self._swept >= EVERY:
            # Whoever reads does not wait for the cleaning.
            with suppress(StoreUnavailable):
                self._sweep_all(now)
        with self._file.connection() as connection:
            row = connection.execute(_RECORD, (row_id(key), key)).fetchone()
        if row is None:
            return None, None
        visitor = unpack(row[0])
        return (visitor, row[0]) if visitor.expires > now else (None, None)

    def _update(self, key: bytes, step: Callable[[Visitor | None], tuple[Visitor | None, T]]) -> T:
        with self._file.transaction() as connection:
            row = connection.execute(_RECORD, (row_id(key), key)).fetchone()
            before = unpack(row[0]) if row is not None else None
            after, answer = step(before)
            if after is not None and after != before:
                connection.execute(_PUT_RECORD, (pack(after), row_id(key)))
                # A row of the index is written only where it changes.
                if before is None or after.expires != before.expires:
                    connection.execute(_PUT_EXPIRES, (after.expires, row_id(key)))
        return answer

    def _swap(self, key: bytes, seen: bytes | None, after: Visitor) -> bool:
        with self._file.connection() as connection:
            # One statement: it waits for its turn, then looks and writes.
            connection.execute(_SWAP_RECORD, (pack(after), row_id(key), seen))
            return bool(connection.changes())

    def day_key(self, day: int, fresh: bytes, *, now: float) -> bytes | None:
        with self._file.transaction() as connection:
            connection.execute(_END_DAY_KEYS, (now,))
            self._key_ended |= connection.changes() > 0
            if not day_is_open(day, now):
                return None
            connection.execute(
                "INSERT INTO day_keys VALUES (?, ?) ON CONFLICT DO NOTHING", (day, fresh)
            )
            [(key,)] = connection.execute("SELECT key FROM day_keys WHERE day = ?", (day,))
        return bytes(key)

    def ping(self) -> None:
        # A write lock, since that is what a busy or broken file refuses first.
        with self._file.transaction() as connection:
            if self._file.fill(connection) >= FULL:
                raise StoreUnavailable("the file has its full size", code="store_full")

    def close(self) -> None:
        self._file.close()

    def _has_room(self, now: float) -> bool:
        """Whether anything may be sold, or only what was sold already may still grow."""
        with self._file.connection() as connection:
            if self._file.fill(connection) < FULL:
                return True
        with self._file.transaction() as connection:
            sweep(connection, now, ROWS_FULL)
            return self._file.fill(connection) < FULL

    def _sweep_all(self, now: float) -> None:
        """Let go of what has ended, also where nothing is sold any more."""
        self._swept = now
        with self._file.transaction() as connection:
            sweep(connection, now, ROWS_FULL)
            connection.execute(_END_DAY_KEYS, (now,))
            self._key_ended |= connection.changes() > 0
        if self._key_ended:
            # The key is to be gone from the log too.
            with self._file.connection() as connection:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            self._key_ended = False


def _row(key: bytes, visitor: Visitor) -> tuple[int, bytes, bytes, int]:
    return row_id(key), key, pack(visitor), visitor.expires


def row_id(key: bytes) -> int:
    """The number under which a visitor's row is found; the first half of its key.

    Of a million visitors, one in twenty million million has the number of another: such a one is
    not kept, and asked once more.
    """
    return int.from_bytes(key[:8], signed=True)


def _told(row: tuple[Any, bytes, bytes], digest: bytes) -> Spending:
    """What the owner of a spent row is told, and what all others are."""
    state, owner, kept = row
    return Spending(state, kept) if owner == digest else Spending("other", b"")

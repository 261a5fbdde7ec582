"""`sqlite:///file`: the default store, for all workers on one machine.

apsw rather than the standard library's driver: its wheel carries a current SQLite, while a
system's is often one with the WAL-reset race that 3.51.3 fixed (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from ..core import visitors
from ..core.models import Charge
from ..core.visitors import Visitor
from ..errors import ConfigError, StoreUnavailable
from .base import TAKEOVER_AFTER, Settled, Spending, day_is_open

SCHEMA_VERSION = 1
#: SQLite's `application_id` of our files: "tgte"
APPLICATION_ID = 0x74677465
BUSY_MS = 2_000
#: Ended rows deleted from each table at each sale. A sale adds two rows, so the file shrinks
#: back to what is live however long nothing was sold.
SWEEP_ROWS = 16
PAGE_BYTES = 4096

_SCHEMA = """
CREATE TABLE spent (
    challenge BLOB PRIMARY KEY, digest BLOB NOT NULL, claims BLOB NOT NULL,
    state TEXT NOT NULL, since REAL NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX spent_expires ON spent (expires);
CREATE TABLE visitors (
    key BLOB PRIMARY KEY, record BLOB NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX visitors_expires ON visitors (expires);
CREATE TABLE day_keys (day INTEGER PRIMARY KEY, key BLOB NOT NULL);
"""

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

_RECORD = struct.Struct("<II8sB")


class SQLiteStore:
    """The protocol over one SQLite file in WAL mode; a connection a thread.

    :param path: the file; it is made if missing.
    :param max_bytes: the file grows no further; beyond, sales are refused.
    :raises ConfigError: if the file is no store of this version.
    """

    shared_between_processes = True

    def __init__(self, path: Path, *, max_bytes: int = 2**30) -> None:
        self._path = path
        self._max_pages = max(64, max_bytes // PAGE_BYTES)
        self._local = threading.local()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite gives its -wal and -shm files the mode of the main file.
            path.touch(mode=0o600)
            with self._transaction() as connection:
                self._migrate(connection)
        except OSError as error:
            raise ConfigError(f"store {path}: {error.strerror}", code="store_unusable") from error
        except StoreUnavailable as error:
            raise ConfigError(f"store {path}: {error.detail}", code="store_unusable") from error

    def spend(
        self, challenge: bytes, digest: bytes, claims: bytes, *, now: float, expires: int
    ) -> Spending:
        values = {
            "challenge": challenge,
            "digest": digest,
            "claims": claims,
            "now": now,
            "expires": expires,
            "takeover": TAKEOVER_AFTER,
        }
        with self._transaction() as connection:
            won = connection.execute(_SPEND, values).fetchone()
            if won is not None:
                _sweep(connection, now)
                return Spending("won", won[0])
            [(state, owner, kept)] = connection.execute(
                "SELECT state, digest, claims FROM spent WHERE challenge = ?", (challenge,)
            )
        return Spending(state, kept) if owner == digest else Spending("other", b"")

    def settle(self, challenge: bytes, state: Settled) -> None:
        with self._transaction() as connection:
            connection.execute(
                "UPDATE spent SET state = ? WHERE challenge = ? AND state = 'pending'",
                (state, challenge),
            )

    def open(self, key: bytes, visitor: Visitor) -> None:
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO visitors (key, record, expires) VALUES (?, ?, ?)"
                " ON CONFLICT (key) DO NOTHING",
                (key, _pack(visitor), visitor.expires),
            )

    def read(self, key: bytes, *, now: float) -> Visitor | None:
        with self._connection() as connection:
            visitor = _read(connection, key)
        return visitor if visitor is not None and visitor.expires > now else None

    def charge(self, key: bytes, *, jti: str, profile: bytes, now: float) -> tuple[Charge, int]:
        # Most requests are revisits or refusals: those take no write lock.
        with self._connection() as connection:
            visitor, answer = visitors.charge(
                _read(connection, key), jti=jti, profile=profile, now=now
            )
        if answer is Charge.CHARGED:
            with self._transaction() as connection:
                visitor, answer = visitors.charge(
                    _read(connection, key), jti=jti, profile=profile, now=now
                )
                if visitor is not None and answer is Charge.CHARGED:
                    connection.execute(
                        "UPDATE visitors SET record = ? WHERE key = ?", (_pack(visitor), key)
                    )
        return answer, visitor.left if visitor is not None else 0

    def day_key(self, day: int, fresh: bytes, *, now: float) -> bytes | None:
        with self._transaction() as connection:
            connection.execute("DELETE FROM day_keys WHERE day * 86400 + 172800 <= ?", (now,))
            if not day_is_open(day, now):
                return None
            connection.execute(
                "INSERT INTO day_keys VALUES (?, ?) ON CONFLICT DO NOTHING", (day, fresh)
            )
            [(key,)] = connection.execute("SELECT key FROM day_keys WHERE day = ?", (day,))
        return bytes(key)

    def ping(self) -> None:
        with self._connection() as connection:
            connection.execute("SELECT count(*) FROM day_keys").fetchone()

    def close(self) -> None:
        """Close this thread's connection; the others close when their threads end."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    @contextmanager
    def _connection(self) -> Iterator[apsw.Connection]:
        try:
            # A connection must not cross a fork (https://sqlite.org/howtocorrupt.html, 2.6).
            if getattr(self._local, "pid", None) != os.getpid():
                self._local.connection, self._local.pid = None, os.getpid()
            if self._local.connection is None:
                self._local.connection = self._connect()
            yield self._local.connection
        except apsw.Error as error:
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[apsw.Connection]:
        with self._connection() as connection:
            # Immediate: a read that turns into a write cannot wait for its turn.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _connect(self) -> apsw.Connection:
        connection = apsw.Connection(str(self._path))
        connection.set_busy_timeout(BUSY_MS)
        _enter_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        # What has ended is to be gone from the file too, not just from its index.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA max_page_count = {self._max_pages}")
        return connection

    def _migrate(self, connection: apsw.Connection) -> None:
        version = connection.pragma("user_version")
        if version == 0 and connection.pragma("application_id") == 0:
            if connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
                raise ConfigError(f"store {self._path} is another program's", code="store_foreign")
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION or connection.pragma("application_id") != APPLICATION_ID:
            raise ConfigError(
                f"store {self._path} has schema {version}, this release knows {SCHEMA_VERSION};"
                " it holds nothing older than two days, so it may be deleted",
                code="store_version",
            )


def _enter_wal(connection: apsw.Connection) -> None:
    # Changing the journal mode does not wait on the busy timeout while another worker does it.
    for attempt in range(50):
        try:
            connection.pragma("journal_mode", "wal")
            return
        except apsw.BusyError:
            if attempt == 49:
                raise
            time.sleep(0.02)


def _sweep(connection: apsw.Connection, now: float) -> None:
    for table, key in (("spent", "challenge"), ("visitors", "key")):
        connection.execute(
            f"DELETE FROM {table} WHERE {key} IN"  # noqa: S608 - names from the line above
            f" (SELECT {key} FROM {table} WHERE expires <= ? LIMIT {SWEEP_ROWS})",
            (now,),
        )


def _read(connection: apsw.Connection, key: bytes) -> Visitor | None:
    row = connection.execute(
        "SELECT record, expires FROM visitors WHERE key = ?", (key,)
    ).fetchone()
    return _unpack(*row) if row is not None else None


def _pack(visitor: Visitor) -> bytes:
    jti = visitor.jti.encode()
    head = _RECORD.pack(visitor.left, visitor.bought, visitor.home, len(jti))
    return head + jti + visitor.charged


def _unpack(record: bytes, expires: int) -> Visitor:
    left, bought, home, length = _RECORD.unpack_from(record)
    jti_end = _RECORD.size + length
    return Visitor(
        jti=record[_RECORD.size : jti_end].decode(),
        left=left,
        bought=bought,
        home=home,
        charged=record[jti_end:],
        expires=expires,
    )

"""One SQLite file in WAL mode, and a process's connections to it.

apsw rather than the standard library's driver: its wheel carries a current SQLite, while a
system's is often one with the WAL-reset race that 3.51.3 fixed (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from ..errors import StoreUnavailable

BUSY_MS = 2_000
PAGE_BYTES = 4096


class SQLiteFile:
    """Connections to a file. Every failure of the driver is a StoreUnavailable.

    :param max_bytes: the file grows no further; writes beyond fail.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self._path = path
        self._max_pages = max(64, max_bytes // PAGE_BYTES)
        self._lock = threading.Lock()
        self._idle: list[apsw.Connection] = []
        self._may_create = True
        self._inherited: list[apsw.Connection] = []
        self._pid = os.getpid()

    def close(self) -> None:
        """Close the connections at rest. The last one to go leaves no log behind."""
        while self._idle and self._pid == os.getpid():
            self._idle.pop().close()

    def created(self) -> None:
        """From now on the file has to be there; one that is gone is not made anew, and empty."""
        self._may_create = False

    def fill(self, connection: apsw.Connection) -> float:
        """How much of the allowed size is in use, from 0 to 1."""
        pages = connection.pragma("page_count") - connection.pragma("freelist_count")
        return float(pages / self._max_pages)

    def connection(self) -> _Lease:
        """A connection of one's own while the block runs."""
        return _Lease(self)

    def put_back(self, connection: apsw.Connection) -> None:
        """Let somebody else have a connection; one that has failed is not used again."""
        self._idle.append(connection)

    def take(self) -> apsw.Connection:
        """A connection that nobody else has."""
        with self._lock:
            if self._pid != os.getpid():
                # A connection must not be used, nor closed, across a fork
                # (https://sqlite.org/howtocorrupt.html, 2.6).
                self._inherited += self._idle
                self._idle, self._pid = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return self._connect()

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """A connection of one's own inside of a write transaction."""
        with self.connection() as connection:
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
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if self._may_create else 0)
        connection = apsw.Connection(str(self._path), flags=flags)
        connection.set_busy_timeout(BUSY_MS)
        _enter_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        # What has ended is to be gone from the file too, not just from its index.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA max_page_count = {self._max_pages}")
        return connection


class _Lease:
    # Not a generator: each view that is gated comes here twice.
    __slots__ = ("_connection", "_file")

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def __enter__(self) -> apsw.Connection:
        try:
            self._connection = self._file.take()
        except apsw.Error as error:
            raise _unavailable(error) from error
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, apsw.Error):
            raise _unavailable(error) from error
        if error is None:
            self._file.put_back(self._connection)


def _unavailable(error: apsw.Error) -> StoreUnavailable:
    return StoreUnavailable(f"{type(error).__name__}: {error}")


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

"""What a SQLite file lists: bans, and who has sent which movement."""

from __future__ import annotations

from dataclasses import astuple

import apsw

from ..core import sketches
from ..core.sketches import Senders
from ..errors import StoreUnavailable
from .base import Ban
from .connections import SQLiteFile
from .sweeping import ROWS, sweep

_SENDERS = "SELECT half, visitors, expires FROM sketches WHERE key = ?"
_PUT_SENDERS = "INSERT OR REPLACE INTO sketches VALUES (?, ?, ?, ?)"


class SQLiteLists:
    """Verbs of :class:`challenge.stores.base.Store` over one file."""

    _file: SQLiteFile

    def ban(self, ban: Ban, *, limit: int, now: float) -> None:
        with self._file.transaction() as connection:
            connection.execute("DELETE FROM bans WHERE expires <= ? OR key = ?", (now, ban.key))
            [(others,)] = connection.execute("SELECT count(*) FROM bans")
            if others >= limit:
                raise StoreUnavailable("too many bans", code="bans_full")
            connection.execute("INSERT INTO bans VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(ban))

    def lift(self, key: bytes) -> bool:
        with self._file.transaction() as connection:
            connection.execute("DELETE FROM bans WHERE key = ?", (key,))
            return bool(connection.changes())

    def bans(self, *, now: float) -> list[Ban]:
        with self._file.connection() as connection:
            rows = connection.execute("SELECT * FROM bans WHERE expires > ?", (now,))
            return [Ban(*row) for row in rows]

    def note_sender(
        self, key: bytes, half: bytes, visitor: bytes, *, now: float, expires: int
    ) -> int:
        with self._file.transaction() as connection:
            before = _senders(connection, key)
            after, others = sketches.note(before, half, visitor, now, expires)
            if after != before:
                connection.execute(_PUT_SENDERS, (key, *astuple(after)))
                sweep(connection, now, ROWS, ("sketches",))
        return others

    def other_senders(self, key: bytes, half: bytes, visitor: bytes, *, now: float) -> int:
        with self._file.connection() as connection:
            return sketches.others(_senders(connection, key), half, visitor, now)


def _senders(connection: apsw.Connection, key: bytes) -> Senders | None:
    row = connection.execute(_SENDERS, (key,)).fetchone()
    return Senders(*row) if row is not None else None

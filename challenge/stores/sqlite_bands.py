"""The bands of a SQLite store, and what is reserved of them."""

from __future__ import annotations

from dataclasses import astuple

import apsw

from ..core import bands
from ..core.bands import UNTOUCHED, Band, Granted, Levels, Wanted
from ..core.models import Lane
from .base import RESERVATION_SECONDS
from .connections import SQLiteFile
from .sweeping import ROWS, sweep

# The holder becomes null once there were two.
_RESERVED = """
UPDATE reservations SET holder = iif(holder = :holder, holder, NULL)
WHERE key = :key AND reservation = :reservation AND expires > :now
RETURNING units, start_ms
"""
_HELD = "SELECT units FROM reservations WHERE key = ? AND reservation = ? AND holder = ?"
_LEVELS = "SELECT level_ms, known_ms, new_ms, flagged_ms FROM bands WHERE key = ?"


class SQLiteBands:
    """Verbs of :class:`challenge.stores.base.Store` over one file."""

    _file: SQLiteFile

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
        with self._file.transaction() as connection:
            made = connection.execute(
                _RESERVED,
                {"key": key, "reservation": reservation, "holder": holder, "now": now},
            ).fetchone()
            if made is not None:
                return Granted(*made)
            before = _levels(connection, key) or carry
            levels, granted = bands.reserve(before, band, wanted, int(now * 1000))
            if granted.units:
                _put_levels(connection, key, levels)
                connection.execute(
                    "INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?, ?, ?)",
                    (key, reservation, holder, granted.units, granted.start_ms,
                     int(now) + RESERVATION_SECONDS),
                )  # fmt: skip
                sweep(connection, now, ROWS, ("bands", "reservations"))
        return granted

    def release(
        self, key: bytes, reservation: bytes, band: Band, *, lane: Lane, holder: bytes, keep: int
    ) -> None:
        with self._file.transaction() as connection:
            made = connection.execute(_HELD, (key, reservation, holder)).fetchone()
            if made is None or made[0] <= keep:
                return
            before = _levels(connection, key)
            # A band that was full again has been forgotten: nothing is to be put back.
            if before is not None:
                _put_levels(connection, key, bands.release(before, band, made[0] - keep, lane))
            connection.execute(
                "UPDATE reservations SET units = ? WHERE key = ? AND reservation = ?",
                (keep, key, reservation),
            )
            connection.execute(
                "DELETE FROM reservations WHERE key = ? AND reservation = ? AND units = 0",
                (key, reservation),
            )

    def levels(self, key: bytes) -> Levels:
        with self._file.connection() as connection:
            return _levels(connection, key) or UNTOUCHED


def _levels(connection: apsw.Connection, key: bytes) -> Levels | None:
    row = connection.execute(_LEVELS, (key,)).fetchone()
    return Levels(*row) if row is not None else None


def _put_levels(connection: apsw.Connection, key: bytes, levels: Levels) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO bands VALUES (?, ?, ?, ?, ?, ?)",
        (key, *astuple(levels), levels.latest // 1000 + 1),
    )

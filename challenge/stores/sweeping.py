"""Letting go of what has ended."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

#: Ended rows deleted from a table whenever one is added. So the file shrinks back to what is live
#: however long nothing was sold.
ROWS = 16
#: and when the file is full, or none was deleted for a minute
ROWS_FULL = 2_000
EVERY = 60
_KEYS = {
    "spent": "challenge",
    "visitors": "id",
    "bands": "key",
    "reservations": "key, reservation",
    "sketches": "key",
}


def sweep(
    connection: apsw.Connection, now: float, rows: int, tables: Iterable[str] = tuple(_KEYS)
) -> None:
    """Delete at most so many ended rows of each table, inside of the caller's transaction."""
    for table in tables:
        key = _KEYS[table]
        connection.execute(
            f"DELETE FROM {table} WHERE ({key}) IN"  # noqa: S608 - names from this file
            f" (SELECT {key} FROM {table} WHERE expires <= ? LIMIT {rows})",
            (now,),
        )

"""A crowd's records and bands put into a store in bulk: the rows that the verbs write."""

from __future__ import annotations

from dataclasses import astuple

from challenge.stores import Store
from challenge.stores.memory import MemoryStore, _Band
from challenge.stores.records import pack
from challenge.stores.sqlite import SQLiteStore

from ._crowd import Crowd

#: KiB of pages that are held while rows come in the order of their hashes, which is none
CACHE_KIB = 1_000_000


def fill(store: Store, crowd: Crowd) -> None:
    """Put everybody in."""
    if isinstance(store, SQLiteStore):
        _fill_sqlite(store, crowd)
    if isinstance(store, MemoryStore):
        for index in range(crowd.number):
            store.open(*crowd.record(index))
        store._bands.update((key, _Band(levels)) for key, levels in crowd.bands())


def _fill_sqlite(store: SQLiteStore, crowd: Crowd) -> None:
    with store._file.connection() as connection:
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    with store._file.transaction() as connection:
        connection.executemany(
            "INSERT INTO visitors (key, record, expires) VALUES (?, ?, ?)",
            (
                (key, pack(record), record.expires)
                for key, record in map(crowd.record, range(crowd.number))
            ),
        )
        connection.executemany(
            "INSERT INTO bands VALUES (?, ?, ?, ?, ?, ?)",
            ((key, *astuple(levels), levels.latest // 1000 + 1) for key, levels in crowd.bands()),
        )
    # The connection goes, and with it the cache.
    store.close()

"""A crowd's records and bands put into a store in bulk: the rows that the verbs write."""

from __future__ import annotations

from itertools import starmap

from challenge.stores import Store, sqlite, sqlite_bands
from challenge.stores.memory import MemoryStore, _Band
from challenge.stores.sqlite import SQLiteStore

from ._crowd import Crowd

#: KiB of pages that are held while rows come in the order of their hashes, which is none
CACHE_KIB = 1_000_000


def fill(store: Store, crowd: Crowd) -> None:
    """Put everybody in."""
    if isinstance(store, SQLiteStore):
        _fill_sqlite(store, crowd)
    if isinstance(store, MemoryStore):
        for key, record in crowd.records():
            store.open(key, record)
        store._bands.update((key, _Band(levels)) for key, levels in crowd.bands())


def _fill_sqlite(store: SQLiteStore, crowd: Crowd) -> None:
    """What a transaction for each row would do, in one."""
    with store._file.connection() as connection:
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    with store._file.transaction() as connection:
        connection.executemany(sqlite._OPEN, starmap(sqlite._row, crowd.records()))
        for key, levels in crowd.bands():
            sqlite_bands._put_levels(connection, key, levels)
    # The connection goes, and with it the cache.
    store.close()

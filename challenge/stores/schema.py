"""The tables of a SQLite store, and which version of them a file has."""

from __future__ import annotations

from pathlib import Path

import apsw

from ..errors import ConfigError

SCHEMA_VERSION = 7
#: SQLite's `application_id` of our files: "tgte"
APPLICATION_ID = 0x74677465

_SCHEMA = """
CREATE TABLE spent (
    challenge BLOB PRIMARY KEY, digest BLOB NOT NULL, claims BLOB NOT NULL,
    state TEXT NOT NULL, since REAL NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX spent_expires ON spent (expires);
-- Many and large, so a row is found by a number: half as many pages on the way as by its key.
CREATE TABLE visitors (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, record BLOB NOT NULL, expires INTEGER NOT NULL
);
CREATE INDEX visitors_expires ON visitors (expires);
CREATE TABLE bands (
    key BLOB PRIMARY KEY, level_ms INTEGER NOT NULL, known_ms INTEGER NOT NULL,
    new_ms INTEGER NOT NULL, flagged_ms INTEGER NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX bands_expires ON bands (expires);
CREATE TABLE reservations (
    key BLOB NOT NULL, reservation BLOB NOT NULL, holder BLOB, units INTEGER NOT NULL,
    start_ms INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (key, reservation)
) WITHOUT ROWID;
CREATE INDEX reservations_expires ON reservations (expires);
CREATE TABLE bans (
    key BLOB PRIMARY KEY, version INTEGER NOT NULL, length INTEGER NOT NULL, effect TEXT NOT NULL,
    reason TEXT NOT NULL, origin TEXT NOT NULL, since INTEGER NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE sketches (
    key BLOB PRIMARY KEY, half BLOB NOT NULL, visitors BLOB NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sketches_expires ON sketches (expires);
CREATE TABLE day_keys (day INTEGER PRIMARY KEY, key BLOB NOT NULL);
CREATE TABLE epoch (epoch TEXT NOT NULL, boot TEXT NOT NULL, file INTEGER NOT NULL);
"""


def settle_schema(connection: apsw.Connection, path: Path) -> None:
    """Make the tables in a new file, inside of the caller's transaction.

    :raises ConfigError: for a file of another version, or of another program.
    """
    version = connection.pragma("user_version")
    if version == 0 and connection.pragma("application_id") == 0:
        if connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
            raise ConfigError(f"store {path} is another program's", code="store_foreign")
        connection.execute(_SCHEMA)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif version != SCHEMA_VERSION or connection.pragma("application_id") != APPLICATION_ID:
        raise ConfigError(
            f"store {path} has schema {version}, this release knows {SCHEMA_VERSION};"
            " it holds nothing older than two days, so it may be deleted",
            code="store_version",
        )

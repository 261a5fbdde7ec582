"""When a SQLite file may have lost its last writes, its epoch changes.

With `synchronous=NORMAL` a commit survives a killed process but not a power cut, and a restored
file has forgotten what came after the copy. A lost row could let a challenge be spent again; so
whatever names the old epoch is asked for once more.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import apsw

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """This start of the machine; empty where the system does not tell."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def log_is_left(path: Path) -> bool:
    """Whether a write-ahead log lies beside the file: the last connection to close removes it."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def settle_epoch(connection: apsw.Connection, *, boot: str, file: int, unclean: bool) -> str:
    """The epoch in force, inside of the caller's transaction.

    A new one if the machine has started again since the file was last opened and the file was
    not closed before, or if it is another file than it was (its inode has changed).

    :param unclean: whether a log was left, seen before the first connection.
    """
    row = connection.execute("SELECT epoch, boot, file FROM epoch").fetchone()
    if row is not None:
        epoch, last_boot, last_file = row
        restarted = boot != last_boot
        if last_file == file and not (restarted and unclean):
            if restarted:
                connection.execute("UPDATE epoch SET boot = ?", (boot,))
            return str(epoch)
    epoch = secrets.token_hex(4)
    connection.execute("DELETE FROM epoch")
    connection.execute("INSERT INTO epoch VALUES (?, ?, ?)", (epoch, boot, file))
    return epoch
